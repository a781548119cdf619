"""A frozen-layer player.

What is a parameter is trained; what is a buffer is not. Both are drawn when a player is built,
under the seed's own stream, so that each seed has a random layer of its own, and stored with it.

    ganbench run --plugin docs/plugins/frozen_player.py -a frozen -l "ns+r1(gamma=0.1)" -d ring8
"""

import math

import torch
from torch import Tensor, nn

from ganbench.api import (
    NETWORK,
    SCORE,
    Architecture,
    DataSpec,
    FeatureCritic,
    Output,
    OutputHead,
    PositiveFloat,
    Size,
    hookimpl,
)


class Frozen(Architecture):
    """Frozen: a random sine layer that is never trained, and a trained linear readout.

    psi(x) = sqrt(2) * sin(A x + b), with A normal of variance scale^2 / fan in and b uniform on a
    whole period, both drawn once.

    Args:
        width: random units of each player, 1 to 65536.
        scale: of A, above 0; larger ones make rougher functions.

    Source: Rahimi & Recht 2007, NeurIPS 20 (random features)
    """

    kinds = frozenset({"vector", "table", "image"})
    gives = NETWORK - {"layers"}

    def __init__(self, width: Size = 256, scale: PositiveFloat = 3.0) -> None:
        self.width, self.scale = width, scale

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> samples (B, *spec.shape)."""
        layer = Sines(noise_dim, self.width, self.scale)
        return nn.Sequential(layer, nn.Linear(self.width, spec.size), OutputHead(spec))

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        layer = Sines(spec.size, self.width, self.scale)
        return FeatureCritic(nn.Sequential(nn.Flatten(), layer), self.width, output)


class Sines(nn.Module):
    """Map (B, inputs) to random features (B, width)."""

    weight: Tensor
    phase: Tensor

    def __init__(self, inputs: int, width: int, scale: float) -> None:
        super().__init__()
        self.register_buffer("weight", torch.randn(width, inputs) * scale / math.sqrt(inputs))
        self.register_buffer("phase", 2 * math.pi * torch.rand(width))

    def forward(self, x: Tensor) -> Tensor:
        return math.sqrt(2) * torch.sin(x @ self.weight.T + self.phase)


@hookimpl
def ganbench_architectures() -> dict[str, object]:
    return {"frozen": Frozen}
