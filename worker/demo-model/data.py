"""Reads the conversations that we wrote, one text file per language under data/.

    = slug            a conversation begins; "= off-topic" holds what the model has not learned
    ! text            its system message
    > text            a turn of the user
    | text            the same turn in other words, trained
    ? text            the same turn in other words, kept for the check and never trained
    {name} a / b      off-topic only: the words that may fill {name} in the lines below
    other lines       the answer, until the next of these marks
"""

import itertools
import re
from dataclasses import dataclass, field
from pathlib import Path

LANGUAGES = ["zh", "en", "fr", "es", "ja", "ar", "ru", "th"]
FOLDER = Path(__file__).parent / "data"


@dataclass
class Turn:
    prompts: list = field(default_factory=list)
    unseen: list = field(default_factory=list)
    answer: str = ""


@dataclass
class Conversation:
    language: str
    slug: str
    id: str = ""
    system: str = ""
    turns: list = field(default_factory=list)
    fillers: dict = field(default_factory=dict)


def load():
    """All conversations, and the off-topic one of each language."""
    conversations, off_topic = [], {}
    for language in LANGUAGES:
        *learned, off_topic[language] = parse(language, (FOLDER / f"{language}.txt").read_text(encoding="utf-8"))
        for number, conversation in enumerate(learned, 1):
            conversation.id = f"{language}-{number:02d}"
        conversations += learned
    return conversations, off_topic


def parse(language, text):
    conversations = []
    for line in text.splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "=":
            conversations.append(Conversation(language, rest))
        elif conversations:
            add_line(conversations[-1], mark, rest, line)
    for turn in (turn for conversation in conversations for turn in conversation.turns):
        turn.answer = turn.answer.strip()
    return conversations


def add_line(conversation, mark, rest, line):
    if mark == "!":
        conversation.system = rest
    elif re.fullmatch(r"\{\w+\}", mark):
        conversation.fillers[mark] = rest.split(" / ")
    elif mark == ">":
        conversation.turns.append(Turn([rest]))
    elif mark == "|":
        conversation.turns[-1].prompts += filled(rest, conversation.fillers)
    elif mark == "?":
        conversation.turns[-1].unseen.append(rest)
    elif conversation.turns:
        conversation.turns[-1].answer += line + "\n"


def filled(text, fillers):
    """The text once for each combination of the words that its {names} stand for."""
    names = [name for name in fillers if name in text]
    for words in itertools.product(*(fillers[name] for name in names)):
        line = text
        for name, word in zip(names, words):
            line = line.replace(name, word)
        yield line
