"""The Qwen3 architecture in plain PyTorch, at a size of about a million parameters."""

import torch
from torch import nn
from torch.nn import functional as F

EMBEDDING = 128
LAYERS = 4
HEADS = 4
KV_HEADS = 2
HEAD_DIM = 64
FEED_FORWARD = 384
CONTEXT = 4096
ROPE_THETA = 1e6
EPSILON = 1e-6
EMBEDDING_DROPOUT = 0.1
QUERIES = 256


class RmsNorm(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * self.weight


def rope_tables(length):
    """Cosines and sines of each position, for both halves of a head (NeoX order)."""
    frequencies = ROPE_THETA ** (-torch.arange(0, HEAD_DIM, 2) / HEAD_DIM)
    angles = torch.outer(torch.arange(length).float(), frequencies).repeat(1, 2)
    return angles.cos(), angles.sin()


def rotate(x, cosines, sines):
    first, second = x.chunk(2, dim=-1)
    return x * cosines + torch.cat((-second, first), dim=-1) * sines


def causal(q, k, v, mask):
    """Attention a few hundred queries at a time: each looks at no more keys than its positions may see."""
    parts = []
    for start in range(0, q.shape[-2], QUERIES):
        end = min(start + QUERIES, q.shape[-2])
        scores = q[..., start:end, :] @ k[..., :end] + mask[start:end, :end]
        parts.append(torch.softmax(scores, dim=-1) @ v[..., :end, :])
    return torch.cat(parts, dim=-2)


class Block(nn.Module):
    """Attention with a norm on each head's query and key, then SwiGLU."""

    def __init__(self):
        super().__init__()
        self.attn_norm = RmsNorm(EMBEDDING)
        self.attn_q = nn.Linear(EMBEDDING, HEADS * HEAD_DIM, bias=False)
        self.attn_k = nn.Linear(EMBEDDING, KV_HEADS * HEAD_DIM, bias=False)
        self.attn_v = nn.Linear(EMBEDDING, KV_HEADS * HEAD_DIM, bias=False)
        self.attn_q_norm = RmsNorm(HEAD_DIM)
        self.attn_k_norm = RmsNorm(HEAD_DIM)
        self.attn_output = nn.Linear(HEADS * HEAD_DIM, EMBEDDING, bias=False)
        self.ffn_norm = RmsNorm(EMBEDDING)
        self.ffn_gate = nn.Linear(EMBEDDING, FEED_FORWARD, bias=False)
        self.ffn_up = nn.Linear(EMBEDDING, FEED_FORWARD, bias=False)
        self.ffn_down = nn.Linear(FEED_FORWARD, EMBEDDING, bias=False)

    def forward(self, x, rope, mask):
        x = x + self.attention(self.attn_norm(x), rope, mask)
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))

    def attention(self, h, rope, mask):
        rows, length, _ = h.shape
        # Query heads as (KV head, query head of that group), so that one KV head serves its group by broadcasting.
        q = self.attn_q_norm(self.attn_q(h).view(rows, length, KV_HEADS, HEADS // KV_HEADS, HEAD_DIM))
        k = self.attn_k_norm(self.attn_k(h).view(rows, length, KV_HEADS, 1, HEAD_DIM))
        v = self.attn_v(h).view(rows, length, KV_HEADS, 1, HEAD_DIM)
        q, k, v = (tensor.permute(0, 2, 3, 1, 4) for tensor in (q, k, v))
        mixed = causal(rotate(q, *rope) * HEAD_DIM ** -0.5, rotate(k, *rope).transpose(-1, -2), v, mask)
        return self.attn_output(mixed.permute(0, 3, 1, 2, 4).reshape(rows, length, HEADS * HEAD_DIM))


class Qwen3(nn.Module):
    """Module names are those of the GGUF tensors, so that the state dictionary maps one to one."""

    def __init__(self, vocabulary):
        super().__init__()
        self.token_embd = nn.Embedding(vocabulary, EMBEDDING)
        self.blk = nn.ModuleList(Block() for _ in range(LAYERS))
        self.output_norm = RmsNorm(EMBEDDING)
        for weight in self.parameters():
            if weight.dim() == 2:
                nn.init.normal_(weight, std=0.02)
        for block in self.blk:
            for layer in (block.attn_output, block.ffn_down):
                nn.init.normal_(layer.weight, std=0.02 / (2 * LAYERS) ** 0.5)

    def hidden(self, ids):
        """The normed state of every position; times the embedding it gives the logits."""
        length = ids.shape[1]
        mask = torch.full((length, length), float("-inf")).triu(1)
        rope = rope_tables(length)
        x = F.dropout(self.token_embd(ids), EMBEDDING_DROPOUT, self.training)
        for block in self.blk:
            x = block(x, rope, mask)
        return self.output_norm(x)

    def logits(self, hidden):
        return hidden @ self.token_embd.weight.T

    def forward(self, ids):
        return self.logits(self.hidden(ids))

    def round_to_half(self):
        """Rounds the matrices to the 16 bits in which the file keeps them."""
        with torch.no_grad():
            for weight in self.parameters():
                if weight.dim() == 2:
                    weight.copy_(weight.half().float())
        return self
