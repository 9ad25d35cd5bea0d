"""Low-rank adapters: what is trained beside a frozen matrix, and the GGUF file that llama.cpp takes it from."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import gguf
from gguf import F32, STRING

RANK, ALPHA = 8, 16.0


class Adapted(nn.Module):
    """A frozen layer and what the adapter adds to it: nothing before training, since b begins at zero."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        out, into = layer.weight.shape
        self.lora_a = nn.Parameter(torch.randn(RANK, into) / into ** 0.5)
        self.lora_b = nn.Parameter(torch.zeros(out, RANK))

    def forward(self, x):
        return self.layer(x) + F.linear(F.linear(x, self.lora_a), self.lora_b) * (ALPHA / RANK)


def adapt(model):
    """Freezes the model and adapts every matrix of its blocks; returns what is to be trained, by its name in the file."""
    for weight in model.parameters():
        weight.requires_grad_(False)
    trained = {}
    for number, block in enumerate(model.blk):
        for name, layer in list(block.named_children()):
            if isinstance(layer, nn.Linear):
                adapted = Adapted(layer)
                setattr(block, name, adapted)
                trained[f"blk.{number}.{name}.weight.lora_a"] = adapted.lora_a
                trained[f"blk.{number}.{name}.weight.lora_b"] = adapted.lora_b
    return trained


def round_to_half(trained):
    with torch.no_grad():
        for weight in trained.values():
            weight.copy_(weight.half().float())


def write(path, name, trained):
    keys = {
        "general.architecture": (STRING, "qwen3"),
        "general.type": (STRING, "adapter"),
        "general.name": (STRING, name),
        "adapter.type": (STRING, "lora"),
        "adapter.lora.alpha": (F32, ALPHA),
    }
    gguf.write(path, keys, {tensor: weight.detach().numpy().astype(np.float16) for tensor, weight in trained.items()})


def read(path, trained):
    """Into the layers of an adapted model."""
    _, tensors = gguf.read(path)
    with torch.no_grad():
        for name, weight in trained.items():
            weight.copy_(torch.from_numpy(tensors[name].astype(np.float32)))
