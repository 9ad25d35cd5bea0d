"""The demo model as a GGUF file: the keys and tensors that llama.cpp expects of the architecture qwen3."""

import numpy as np
import torch

import gguf
import model as shape
from chat import END, END_OF_TEXT, TEMPLATE, Chat
from gguf import ARRAY, BOOL, F32, I32, STRING, U32

NORMAL, CONTROL = 1, 3
F16_FILE = 1


def write(path, model, chat):
    tensors = {name: tensor_array(weight) for name, weight in model.state_dict().items()}
    gguf.write(path, {**general_keys(), **shape_keys(), **tokenizer_keys(chat.tokenizer)}, tensors)


def tensor_array(weight):
    return weight.detach().numpy().astype(np.float16 if weight.dim() == 2 else np.float32)


def general_keys():
    return {
        "general.architecture": (STRING, "qwen3"),
        "general.type": (STRING, "model"),
        "general.name": (STRING, "millrace-demo"),
        "general.description": (STRING, "A tiny model of the Qwen3 architecture that knows about a hundred "
                                        "conversations by heart. It shows Millrace's path, not intelligence."),
        "general.license": (STRING, "apache-2.0"),
        "general.languages": ((ARRAY, STRING), ["zh", "en", "fr", "es", "ja", "ar", "ru", "th"]),
        "general.file_type": (U32, F16_FILE),
    }


def shape_keys():
    return {
        "qwen3.block_count": (U32, shape.LAYERS),
        "qwen3.context_length": (U32, shape.CONTEXT),
        "qwen3.embedding_length": (U32, shape.EMBEDDING),
        "qwen3.feed_forward_length": (U32, shape.FEED_FORWARD),
        "qwen3.attention.head_count": (U32, shape.HEADS),
        "qwen3.attention.head_count_kv": (U32, shape.KV_HEADS),
        "qwen3.attention.key_length": (U32, shape.HEAD_DIM),
        "qwen3.attention.value_length": (U32, shape.HEAD_DIM),
        "qwen3.attention.layer_norm_rms_epsilon": (F32, shape.EPSILON),
        "qwen3.rope.freq_base": (F32, shape.ROPE_THETA),
    }


def tokenizer_keys(tokenizer):
    kinds = [NORMAL if token < tokenizer.control_start else CONTROL for token in range(len(tokenizer.tokens))]
    return {
        "tokenizer.ggml.model": (STRING, "gpt2"),
        "tokenizer.ggml.pre": (STRING, "qwen2"),
        "tokenizer.ggml.tokens": ((ARRAY, STRING), tokenizer.tokens),
        "tokenizer.ggml.token_type": ((ARRAY, I32), kinds),
        "tokenizer.ggml.merges": ((ARRAY, STRING), [" ".join(pair) for pair in tokenizer.merges]),
        "tokenizer.ggml.bos_token_id": (U32, tokenizer.ids[END_OF_TEXT]),
        "tokenizer.ggml.eos_token_id": (U32, tokenizer.ids[END]),
        "tokenizer.ggml.padding_token_id": (U32, tokenizer.ids[END_OF_TEXT]),
        "tokenizer.ggml.add_bos_token": (BOOL, False),
        "tokenizer.chat_template": (STRING, TEMPLATE),
    }


def read(path):
    """The model and the chat of a file that write() made."""
    keys, tensors = gguf.read(path)
    chat = Chat([tuple(line.split(" ")) for line in keys["tokenizer.ggml.merges"]])
    model = shape.Qwen3(chat.size)
    model.load_state_dict({name: torch.from_numpy(array.astype(np.float32)) for name, array in tensors.items()})
    return model, chat
