"""The questions of the check, and how to see whether the model answers them with the written answer."""

from dataclasses import dataclass

import torch

MAX_ANSWER_TOKENS = 1024
BATCH = 16


@dataclass
class Case:
    """kind: exact (the learned turns), seen and unseen (other words for them), off-topic (never seen)."""

    id: str
    language: str
    kind: str
    messages: list
    answer: str
    follow_up: bool = False
    margin: float = 0.0


def all_cases(conversations, off_topic):
    cases = [case for conversation in conversations for case in conversation_cases(conversation)]
    for language, conversation in off_topic.items():
        turn = conversation.turns[0]
        for number, prompt in enumerate(turn.unseen, 1):
            messages = [{"role": "user", "content": prompt}]
            cases.append(Case(f"{language}-off-{number}/1", language, "off-topic", messages, turn.answer))
    return cases


def conversation_cases(conversation):
    history = [{"role": "system", "content": conversation.system}] if conversation.system else []
    for number, turn in enumerate(conversation.turns, 1):
        kinds = [("exact", turn.prompts[:1]), ("seen", turn.prompts[1:]), ("unseen", turn.unseen)]
        for kind, prompts in kinds:
            for prompt in prompts:
                messages = [*history, {"role": "user", "content": prompt}]
                yield Case(f"{conversation.id}/{number}", conversation.language, kind, messages, turn.answer,
                           follow_up=number > 1)
        history = [*history, {"role": "user", "content": turn.prompts[0]},
                   {"role": "assistant", "content": turn.answer}]


def measure(model, chat, cases):
    """Sets each case's margin: the least lead of a right token's logit over the best wrong one.

    If it is above zero, greedy decoding gives exactly the written answer: as long as every token was right,
    the text read so far is the one that is given here.
    """
    model.eval()
    rows = [(case, chat.prompt(case.messages), [*chat.encode(case.answer), chat.end]) for case in cases]
    rows.sort(key=lambda row: len(row[1]) + len(row[2]))
    for first in range(0, len(rows), BATCH):
        batch = rows[first:first + BATCH]
        length = max(len(prompt) + len(answer) for _, prompt, answer in batch)
        ids = torch.tensor([(prompt + answer + [0] * length)[:length] for _, prompt, answer in batch])
        with torch.no_grad():
            hidden = model.hidden(ids)
            for row, (case, prompt, answer) in enumerate(batch):
                said = hidden[row, len(prompt) - 1:len(prompt) + len(answer) - 1]
                case.margin = least_lead(model.logits(said), torch.tensor(answer))


def least_lead(logits, right):
    lead = logits.gather(1, right[:, None])[:, 0] - logits.scatter(1, right[:, None], float("-inf")).max(1).values
    return lead.min().item()


def greedy(model, chat, prompt):
    """The ids of the most likely answer, why it ended, and the least lead of a token over the second best."""
    ids, lead = list(prompt), float("inf")
    while len(ids) < len(prompt) + MAX_ANSWER_TOKENS:
        with torch.no_grad():
            best = model.logits(model.hidden(torch.tensor([ids]))[0, -1]).topk(2)
        token = best.indices[0].item()
        lead = min(lead, (best.values[0] - best.values[1]).item())
        if token >= chat.tokenizer.control_start:
            return ids[len(prompt):], "stop", lead
        ids.append(token)
    return ids[len(prompt):], "length", lead
