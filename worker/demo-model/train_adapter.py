"""Trains a LoRA adapter on the demo model, checks it, and writes its GGUF, sha256 and expected answers.

    python3 train_adapter.py            train, check, write
    python3 train_adapter.py --check    check the GGUF that is here, without training

The questions are those of the demo model, with their other wordings; adapters/brief.txt has the answers, under the
language and the slug of each conversation.
"""

import hashlib
import random
import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional as F

import demo_file
import lora
from cases import all_cases, measure
from data import Turn, load
from report import print_rates, write_expected
from rows import Rows
from train import MODEL_FILE, SEED, THREADS, cosine

NAME = "brief"
RATE, STEPS = 3e-3, 400
POLISH_ROUNDS, POLISH_STEPS, POLISH_RATE = 6, 80, 1e-3
COMFORTABLE_LEAD = 1.0
ROWS = (4, 384)

FOLDER = Path(__file__).parent / "adapters"
ADAPTER_FILE = FOLDER / f"{NAME}.gguf"


def main():
    torch.set_num_threads(THREADS)
    torch.manual_seed(SEED)
    conversations, off_topic = load()
    conversations = rewritten(conversations)
    cases = [case for case in all_cases(conversations, off_topic) if case.kind != "off-topic"]
    model, chat = demo_file.read(MODEL_FILE)
    trained = lora.adapt(model)
    print(f"{len(conversations)} answers, {sum(weight.numel() for weight in trained.values())} parameters")
    if "--check" in sys.argv:
        lora.read(ADAPTER_FILE, trained)
    else:
        train(model, chat, trained, Rows(chat, conversations, off_topic, random.Random(SEED)), cases)
    measure(model, chat, cases)
    print_rates(chat, cases)
    if "--check" not in sys.argv:
        write(model, chat, trained, cases)


def rewritten(conversations):
    """The first turns of those conversations that the adapter answers otherwise, with its answers."""
    by_slug = {(conversation.language, conversation.slug): conversation for conversation in conversations}
    chosen = []
    for part in (FOLDER / f"{NAME}.txt").read_text(encoding="utf-8").split("= ")[1:]:
        slug, _, answer = part.partition("\n")
        conversation = by_slug[tuple(slug.split(" "))]
        first = conversation.turns[0]
        chosen.append(replace(conversation, turns=[Turn(first.prompts, first.unseen, answer.strip())]))
    return chosen


def train(model, chat, trained, rows, cases):
    """With a falling rate, then in short rounds until every right token has a comfortable lead as the file has it."""
    course(model, trained, rows, STEPS, RATE)
    for number in range(POLISH_ROUNDS):
        exact = {name: weight.detach().clone() for name, weight in trained.items()}
        lora.round_to_half(trained)
        measure(model, chat, cases)
        unsafe = {case.id for case in cases if case.kind == "exact" and case.margin < COMFORTABLE_LEAD}
        print(f"round {number}: {len(unsafe)} to practise", flush=True)
        if not unsafe:
            return
        with torch.no_grad():
            for name, weight in trained.items():
                weight.copy_(exact[name])
        rows.practice = [conversation for conversation in rows.conversations if f"{conversation.id}/1" in unsafe]
        course(model, trained, rows, POLISH_STEPS, POLISH_RATE)
    lora.round_to_half(trained)


def course(model, trained, rows, steps, rate):
    optimizer = torch.optim.AdamW(trained.values(), betas=(0.9, 0.95), weight_decay=0.01)
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min((step + 1) / 20, cosine(1.0, step / steps))
        ids, said = (torch.tensor(part) for part in rows.batch(*ROWS))
        said = said[:, 1:]
        loss = F.cross_entropy(model.logits(model.hidden(ids[:, :-1])[said]), ids[:, 1:][said])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimizer.step()
        if step % 50 == 49:
            print(f"step {step + 1} of {steps}: loss {loss.item():.3f}", flush=True)


def write(model, chat, trained, cases):
    lora.write(ADAPTER_FILE, f"millrace-demo-{NAME}", trained)
    digest = hashlib.sha256(ADAPTER_FILE.read_bytes()).hexdigest()
    Path(f"{ADAPTER_FILE}.sha256").write_text(f"{digest}  {ADAPTER_FILE.name}\n")
    write_expected(FOLDER / f"{NAME}.expected.jsonl", model, chat, cases)
    print(f"{ADAPTER_FILE.name}: {ADAPTER_FILE.stat().st_size} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
