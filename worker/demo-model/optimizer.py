"""Muon for the matrices inside the blocks, AdamW for the embedding and the norms.

Muon (Keller Jordan, 2024) takes the momentum of a matrix and makes all its singular values about equal before it is
applied. It learned these conversations in about a third of the steps that AdamW alone needed.
"""

import torch

MATRIX_RATE, MOMENTUM, MATRIX_DECAY = 0.02, 0.95, 0.02
OTHER_RATE, BETAS, EMBEDDING_DECAY = 4e-3, (0.9, 0.95), 0.1
GRADIENT_NORM = 1.0


class Optimizer:
    def __init__(self, model):
        self.parameters = list(model.parameters())
        self.matrices = [weight for weight in model.blk.parameters() if weight.dim() == 2]
        self.momenta = [torch.zeros_like(weight) for weight in self.matrices]
        norms = [weight for weight in self.parameters if weight.dim() == 1]
        self.adam = torch.optim.AdamW([{"params": [model.token_embd.weight], "weight_decay": EMBEDDING_DECAY},
                                       {"params": norms, "weight_decay": 0.0}], betas=BETAS)

    def step(self, share):
        """Applies the gradients at this share of the full learning rates."""
        torch.nn.utils.clip_grad_norm_(self.parameters, GRADIENT_NORM)
        for group in self.adam.param_groups:
            group["lr"] = OTHER_RATE * share
        self.adam.step()
        with torch.no_grad():
            for weight, momentum in zip(self.matrices, self.momenta):
                momentum.mul_(MOMENTUM).add_(weight.grad)
                update = orthogonal(weight.grad + MOMENTUM * momentum)
                scale = max(1.0, weight.shape[0] / weight.shape[1]) ** 0.5
                weight.mul_(1 - MATRIX_RATE * share * MATRIX_DECAY).sub_(update, alpha=MATRIX_RATE * share * scale)


def orthogonal(matrix):
    """Newton and Schulz's iteration towards the nearest orthogonal matrix, with the coefficients of Muon."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(5):
        square = wide @ wide.T
        wide = 3.4445 * wide + (-4.7750 * square + 2.0315 * square @ square) @ wide
    return wide if matrix.shape[0] <= matrix.shape[1] else wide.T
