"""Trains the demo model, checks it, and writes the GGUF, its sha256 and expected.jsonl.

    python3 train.py            train, check, write
    python3 train.py --check    check the GGUF that is here, without training
"""

import hashlib
import math
import random
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

import bpe
import demo_file
from cases import all_cases, measure
from chat import Chat
from data import load
from model import Qwen3
from report import print_rates, write_expected
from rows import Rows

SEED = 20250707
MERGES = 2048 - 256 - 3
THREE_BYTE_LANGUAGES = ("zh", "ja", "th")
THREADS = 1
STEPS = 2000
POLISH_STEPS, POLISH_ROUNDS = 100, 10
WARM_UP = 50
LEARNING_RATE, LAST_RATE, POLISH_RATE = 4e-3, 2e-4, 4e-4
COMFORTABLE_LEAD = 1.0
SHORT_ROWS, LONG_ROWS, LONG_SHARE = (8, 256), (2, 1408), 0.35

FOLDER = Path(__file__).parent
MODEL_FILE = FOLDER / "millrace-demo-f16.gguf"


def main():
    torch.set_num_threads(THREADS)
    conversations, off_topic = load()
    cases = all_cases(conversations, off_topic)
    print(f"{len(conversations)} conversations, {sum(case.kind == 'exact' for case in cases)} answers")
    if "--check" in sys.argv:
        model, chat = demo_file.read(MODEL_FILE)
    else:
        chat = train_tokenizer(conversations, off_topic)
        model = train(chat, conversations, off_topic, [case for case in cases if case.kind == "exact"])
    measure(model, chat, cases)
    print_rates(chat, cases)
    if "--check" not in sys.argv:
        write(model, chat, cases)


def train_tokenizer(conversations, off_topic):
    """Where a character takes three bytes the merges come from the prompts alone: as in every real vocabulary,
    some characters then have no token of their own, and a stream has to hold back the first part of them."""
    texts = []
    for conversation in [*conversations, *off_topic.values()]:
        for turn in conversation.turns:
            texts += turn.prompts[:6]
            if conversation.language not in THREE_BYTE_LANGUAGES:
                texts.append(turn.answer)
    return Chat(bpe.train(texts, MERGES))


def train(chat, conversations, off_topic, exact):
    """The main course with a falling rate, then short rounds with more of what is not yet safe."""
    torch.manual_seed(SEED)
    rows = Rows(chat, conversations, off_topic, random.Random(SEED))
    model = Qwen3(chat.size)
    print(f"{sum(weight.numel() for weight in model.parameters())} parameters, {chat.size} tokens", flush=True)
    optimizer = make_optimizer(model)
    started = time.monotonic()
    for step in range(STEPS):
        loss = train_step(model, optimizer, rows, rate_at(step), noisy=True)
        if step % 50 == 49:
            print(f"step {step + 1} of {STEPS}: loss {loss:.3f}, {time.monotonic() - started:.0f} s", flush=True)
    for number in range(POLISH_ROUNDS):
        unsafe = unsafe_ids(model, chat, exact)
        print(f"round {number}: {len(unsafe)} conversations need practice, {time.monotonic() - started:.0f} s", flush=True)
        if not unsafe:
            break
        rows.practice = [conversation for conversation in conversations if conversation.id in unsafe]
        for _ in range(POLISH_STEPS):
            train_step(model, optimizer, rows, POLISH_RATE, noisy=number % 2 == 0)
    return model.round_to_half()


def make_optimizer(model):
    matrices = [weight for weight in model.parameters() if weight.dim() == 2]
    norms = [weight for weight in model.parameters() if weight.dim() == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": norms, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.95))


def rate_at(step):
    if step < WARM_UP:
        return LEARNING_RATE * (step + 1) / WARM_UP
    done = (step - WARM_UP) / (STEPS - WARM_UP)
    return LAST_RATE + (LEARNING_RATE - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2


def train_step(model, optimizer, rows, rate, noisy):
    model.train()
    ids, said = rows.batch(*(LONG_ROWS if rows.rng.random() < LONG_SHARE else SHORT_ROWS), noisy)
    ids, said = torch.tensor(ids), torch.tensor(said)[:, 1:]
    loss = F.cross_entropy(model.logits(model.hidden(ids[:, :-1])[said]), ids[:, 1:][said])
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return loss.item()


def unsafe_ids(model, chat, cases):
    """The conversations with an answer that the file, if written now, would give wrongly or only just rightly."""
    rounded = Qwen3(chat.size)
    rounded.load_state_dict(model.state_dict())
    measure(rounded.round_to_half(), chat, cases)
    return {case.id.split("/")[0] for case in cases if case.margin < COMFORTABLE_LEAD}


def write(model, chat, cases):
    demo_file.write(MODEL_FILE, model, chat)
    digest = hashlib.sha256(MODEL_FILE.read_bytes()).hexdigest()
    Path(f"{MODEL_FILE}.sha256").write_text(f"{digest}  {MODEL_FILE.name}\n")
    write_expected(FOLDER / "expected.jsonl", model, chat, cases)
    print(f"{MODEL_FILE.name}: {MODEL_FILE.stat().st_size} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
