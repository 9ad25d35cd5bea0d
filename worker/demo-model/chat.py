"""ChatML: turns messages into ids, each part tokenised on its own; text never becomes a control token."""

from bpe import Tokenizer

END_OF_TEXT, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"

TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}"
    "{{- '<|im_start|>assistant\\n' -}}"
    "{%- endif -%}"
)


class Chat:
    """A tokenizer with the three control tokens at the end of its vocabulary."""

    def __init__(self, merges):
        self.tokenizer = Tokenizer(merges, [END_OF_TEXT, START, END])
        self.start, self.end = self.tokenizer.ids[START], self.tokenizer.ids[END]
        self.size = len(self.tokenizer.tokens)

    def encode(self, text):
        return list(self.tokenizer.encode(text))

    def head(self, role):
        return [self.start, *self.encode(role + "\n")]

    def message(self, role, content_ids):
        return [*self.head(role), *content_ids, self.end, *self.encode("\n")]

    def prompt(self, messages):
        """The ids up to the place where the assistant begins to speak."""
        ids = [token for m in messages for token in self.message(m["role"], self.encode(m["content"]))]
        return ids + self.head("assistant")
