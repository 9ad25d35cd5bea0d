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
from optimizer import Optimizer
from report import print_rates, write_expected
from rows import Rows

SEED = 20250707
MERGES = 2048 - 256 - 3
PROMPTS_ALONE = ("zh", "ja")
THREADS = 1
STEPS = 1500
POLISH_STEPS, POLISH_ROUNDS = 100, 10
WARM_UP = 50
POLISH_SHARE, LAST_SHARE = 0.2, 0.01
COMFORTABLE_LEAD = 1.0
SHORT_ROWS, LONG_ROWS, LONG_SHARE = (4, 512), (2, 1152), 0.25

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
    """For Chinese and Japanese the merges come from the prompts alone: as in every real vocabulary, some characters
    then have no token of their own, and a stream has to hold back the first part of them."""
    texts = []
    for conversation in [*conversations, *off_topic.values()]:
        for turn in conversation.turns:
            texts += turn.prompts[:6]
            if conversation.language not in PROMPTS_ALONE:
                texts.append(turn.answer)
    return Chat(bpe.train(texts, MERGES))


def train(chat, conversations, off_topic, exact):
    """The main course with a falling rate, then short rounds with more of what is not yet safe."""
    torch.manual_seed(SEED)
    rows = Rows(chat, conversations, off_topic, random.Random(SEED))
    model = Qwen3(chat.size)
    print(f"{sum(weight.numel() for weight in model.parameters())} parameters, {chat.size} tokens", flush=True)
    optimizer = Optimizer(model)
    started = time.monotonic()
    for step in range(STEPS):
        loss = train_step(model, optimizer, rows, rate_share(step))
        if step % 50 == 49:
            print(f"step {step + 1} of {STEPS}: loss {loss:.3f}, {time.monotonic() - started:.0f} s", flush=True)
    for number in range(POLISH_ROUNDS):
        unsafe = unsafe_ids(model, chat, exact)
        print(f"round {number}: {len(unsafe)} to practise, {time.monotonic() - started:.0f} s", flush=True)
        if not unsafe:
            break
        rows.practice = [conversation for conversation in conversations if conversation.id in unsafe]
        for step in range(POLISH_STEPS):
            train_step(model, optimizer, rows, cosine(POLISH_SHARE, step / POLISH_STEPS))
    return model.round_to_half()


def rate_share(step):
    return (step + 1) / WARM_UP if step < WARM_UP else cosine(1.0, (step - WARM_UP) / (STEPS - WARM_UP))


def cosine(first, done):
    """From the first share of the full learning rate, done 0, to the last, done 1."""
    return LAST_SHARE + (first - LAST_SHARE) * (1 + math.cos(math.pi * done)) / 2


def train_step(model, optimizer, rows, share):
    model.train()
    ids, said = rows.batch(*(LONG_ROWS if rows.rng.random() < LONG_SHARE else SHORT_ROWS))
    ids, said = torch.tensor(ids), torch.tensor(said)[:, 1:]
    loss = F.cross_entropy(model.logits(model.hidden(ids[:, :-1])[said]), ids[:, 1:][said])
    model.zero_grad()
    loss.backward()
    optimizer.step(share)
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
