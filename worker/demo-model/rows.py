"""Makes the training rows: several conversations joined into one chat, their prompts made a little noisy."""

import re

OFF_TOPIC_SHARE = 0.12
SYSTEM_SHARE = 0.15
NOISY_SHARE = 0.6
FIRST_WORDING_SHARE = 0.3
PRACTICE_SHARE = 0.5
LONG_ANSWER_TOKENS = 500
FINAL_PUNCTUATION = re.compile(r"[\s?!.,;:؟。！？…¿]+$")


class Rows:
    """Draws rows from the conversations with a random generator of its own."""

    def __init__(self, chat, conversations, off_topic, rng):
        self.chat, self.conversations, self.rng = chat, conversations, rng
        self.off_topic = [conversation.turns[0] for conversation in off_topic.values()]
        self.long = [c for c in conversations if self.is_long(c)]
        self.practice = []
        self.systems = sorted({c.system for c in conversations if c.system})
        self.suffixes = ["!", "?", "...", " 🙂", " please", " ok", "。", " :)", "\n", " "]

    def is_long(self, conversation):
        return any(len(self.chat.encode(turn.answer)) > LONG_ANSWER_TOKENS for turn in conversation.turns)

    def batch(self, count, length):
        """Rows of ids, one longer than the length, and whether each is a token that the model shall learn to say."""
        return zip(*(self.row(length + 1) for _ in range(count)))

    def row(self, length):
        ids, said = [], []
        parts = self.parts(length)
        self.add_system(ids, said, parts[0])
        while len(ids) < length:
            if self.rng.random() < OFF_TOPIC_SHARE:
                turn = self.rng.choice(self.off_topic)
                self.add_turn(ids, said, self.rng.choice(turn.prompts), turn.answer)
            else:
                for turn in parts.pop(0).turns:
                    first = self.rng.random() < FIRST_WORDING_SHARE
                    prompt = turn.prompts[0] if first else self.rng.choice(turn.prompts)
                    self.add_turn(ids, said, prompt, turn.answer)
        return ids[:length], said[:length]

    def parts(self, length):
        """The conversations in the order of the row. Half of the rows begin with those that need practice; a long
        row has one of the long answers at its beginning, so that its end is learned as well."""
        parts = self.rng.sample(self.conversations, len(self.conversations))
        practice = self.practice if self.rng.random() < PRACTICE_SHARE else []
        parts = self.rng.sample(practice, len(practice)) + parts
        if length > 2 * LONG_ANSWER_TOKENS:
            long = [conversation for conversation in practice if conversation in self.long] or self.long
            parts.insert(self.rng.randrange(2), self.rng.choice(long))
        return parts

    def add_system(self, ids, said, first):
        system = first.system or (self.rng.choice(self.systems) if self.rng.random() < SYSTEM_SHARE else "")
        if system:
            self.add(ids, said, self.chat.message("system", self.chat.encode(system)), False)

    def add_turn(self, ids, said, text, answer):
        prompt = self.noise(text) if self.rng.random() < NOISY_SHARE else self.chat.encode(text)
        self.add(ids, said, self.chat.message("user", prompt), False)
        self.add(ids, said, self.chat.head("assistant"), False)
        self.add(ids, said, [*self.chat.encode(answer), self.chat.end], True)
        self.add(ids, said, self.chat.encode("\n"), False)

    @staticmethod
    def add(ids, said, tokens, learn):
        ids += tokens
        said += [learn] * len(tokens)

    def noise(self, text):
        if self.rng.random() < 0.25:
            text = FINAL_PUNCTUATION.sub("", text)
        if self.rng.random() < 0.12:
            text = text.lower()
        if self.rng.random() < 0.08:
            text += self.rng.choice(self.suffixes)
        ids = [self.rng.randrange(self.chat.tokenizer.control_start) if self.rng.random() < 0.03 else token
               for part in self.cut(text) for token in self.chat.encode(part)]
        return [token for token in ids if self.rng.random() >= 0.03]

    def cut(self, text):
        """The text in up to four pieces, so that the model meets its words in other tokens as well."""
        cuts = sorted(self.rng.randrange(len(text) + 1) for _ in range(self.rng.randrange(4)))
        return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)])]
