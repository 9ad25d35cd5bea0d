"""Prints the rates of a model and writes what it answers to expected.jsonl."""

import json

from cases import greedy

NEAR_TIE = 0.25


def print_rates(chat, cases):
    def rate(name, chosen):
        right = sum(case.margin > 0 for case in chosen)
        print(f"  {name:<36}{right} of {len(chosen)}")

    exact = [case for case in cases if case.kind == "exact"]
    rate("exact answers", exact)
    rate("  of them follow-ups", [case for case in exact if case.follow_up])
    rate("paraphrases it has seen", [case for case in cases if case.kind == "seen"])
    rate("paraphrases it has not seen", [case for case in cases if case.kind == "unseen"])
    rate("off-topic questions not seen", [case for case in cases if case.kind == "off-topic"])
    answers = [chat.encode(case.answer) for case in exact]
    tokens = [token for answer in answers for token in answer]
    inside = sum(ends_inside(chat, answer) for answer in answers)
    print(f"  {'answer tokens':<36}{len(tokens)}, {len(tokens) / len(answers):.0f} an answer")
    print(f"  {'answers of 500 tokens and more':<36}{sum(len(answer) >= 500 for answer in answers)}")
    print(f"  {'tokens that end inside a character':<36}{100 * inside / len(tokens):.1f}%")
    print(f"  {'least lead over a wrong token':<36}{min(case.margin for case in exact):.2f}", flush=True)


def ends_inside(chat, answer):
    """How many tokens of an answer end in the middle of a character."""
    raw = chat.tokenizer.decode(answer) + b"\0"
    end, count = 0, 0
    for token in answer:
        end += len(chat.tokenizer.decode([token]))
        count += raw[end] & 0xC0 == 0x80
    return count


def write_expected(path, model, chat, cases):
    """One line for each learned turn and each off-topic question, with the answer the model really gives.

    An off-topic answer is left out if it is not text, because it breaks off inside a character, or if one of its tokens
    is so near a tie that another machine may decide it otherwise.
    """
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for case in cases:
            if case.kind not in ("exact", "off-topic"):
                continue
            line, lead = expected_line(model, chat, case)
            if lead >= NEAR_TIE and "\ufffd" not in line["answer"]:
                file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
            else:
                print(f"  {case.id} is left out of {path.name}")


def expected_line(model, chat, case):
    prompt, answer, finish, lead = chat.prompt(case.messages), chat.encode(case.answer), "stop", case.margin
    if lead <= 0:
        answer, finish, lead = greedy(model, chat, prompt)
    line = {"id": case.id, "language": case.language, "messages": case.messages, "promptIds": prompt,
            "answerIds": answer, "answer": chat.tokenizer.decode(answer).decode(errors="replace"), "finish": finish}
    return line, lead
