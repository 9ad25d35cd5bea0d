"""Byte-level BPE as Qwen's tokenizer does it: splits a text into words, trains merges, encodes, decodes."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

CONTRACTION = re.compile(r"'(?:[stmd]|re|ve|ll)", re.IGNORECASE | re.ASCII)

# The "qwen2" pre-tokenizer over classes instead of characters (see char_class): Python's re has no \p{L}.
WORD = re.compile(r"[^RLN]?L+|N| ?O+R*|[ SR]*R|[ SR]+(?![^ SR])|[ SR]+")

WHITE_SPACE = set("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {chr(c) for c in range(0x2000, 0x200B)}


@lru_cache(maxsize=None)
def char_class(char):
    """L letter, N number, R line break, a blank for the blank, S other white space, O anything else (marks too)."""
    if char in "\r\n":
        return "R"
    if char in WHITE_SPACE:
        return " " if char == " " else "S"
    major = unicodedata.category(char)[0]
    return major if major in "LN" else "O"


def split(text):
    """The words of a text; merges never cross their borders."""
    classes = "".join(map(char_class, text))
    words, start = [], 0
    while start < len(text):
        match = CONTRACTION.match(text, start) or WORD.match(classes, start)
        words.append(text[start:match.end()])
        start = match.end()
    return words


def byte_names():
    """The printable character that stands for each byte in a vocabulary of the gpt2 kind."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    names = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        names.setdefault(byte, chr(256 + len(names) - len(printable)))
    return [names[byte] for byte in range(256)]


def train(texts, merge_count):
    """The merges, most frequent pair first; ties go to the pair that sorts first, so that a run can be repeated."""
    names = byte_names()
    counts = Counter(word for text in texts for word in split(text))
    words = [([names[byte] for byte in word.encode()], count) for word, count in counts.items()]
    pairs, holders = Counter(), {}
    for index, (symbols, count) in enumerate(words):
        for pair in zip(symbols, symbols[1:]):
            pairs[pair] += count
            holders.setdefault(pair, set()).add(index)
    merges = []
    while len(merges) < merge_count:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        for index in holders.pop(best):
            symbols, count = words[index]
            merged = merge(symbols, best)
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] -= count
            for pair in zip(merged, merged[1:]):
                pairs[pair] += count
                holders.setdefault(pair, set()).add(index)
            words[index] = (merged, count)
        del pairs[best]
    return merges


def merge(symbols, pair):
    """The symbols with each occurrence of the pair, from the left, made one."""
    merged, index = [], 0
    while index < len(symbols):
        width = 2 if tuple(symbols[index:index + 2]) == pair else 1
        merged.append("".join(symbols[index:index + width]))
        index += width
    return merged


class Tokenizer:
    """The vocabulary is the 256 bytes, then one token a merge, then the control tokens."""

    def __init__(self, merges, control):
        self.merges = [tuple(pair) for pair in merges]
        self.tokens = byte_names() + ["".join(pair) for pair in self.merges] + list(control)
        self.ids = {token: index for index, token in enumerate(self.tokens)}
        self.control_start = len(self.tokens) - len(control)
        self.ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self.bytes = {name: byte for byte, name in enumerate(byte_names())}
        self.encode = lru_cache(maxsize=None)(self.encode)

    def encode(self, text):
        """The ids of a plain text; the name of a control token in it is plain text as well."""
        return tuple(token for word in split(text) for token in self.encode_word(word))

    def encode_word(self, word):
        names = self.tokens[:256]
        symbols = [names[byte] for byte in word.encode()]
        while len(symbols) > 1:
            best = min(zip(symbols, symbols[1:]), key=lambda pair: self.ranks.get(pair, len(self.ranks)))
            if best not in self.ranks:
                break
            symbols = merge(symbols, best)
        return [self.ids[symbol] for symbol in symbols]

    def decode(self, ids):
        """The bytes of plain tokens: one token may end in the middle of a character."""
        return bytes(self.bytes[char] for token in ids for char in self.tokens[token])
