"""The maxout discriminator, for samples of any shape."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from ganbench.api import SCORE, Architecture, DataSpec, FeatureCritic, Output, Size
from ganbench_players.mlp import Depth, relu_generator

Pieces = Annotated[int, Field(gt=1, le=64)]


class Maxout(Architecture):
    """A discriminator of maxout units, max_k (w_k . x + b_k), against the ReLU generator of mlp.

    Each unit is convex and piecewise linear, and learns its own shape. PacGAN's toy (Lin et al.
    2018, arXiv:1712.04086) has three layers of 200 units with 5 pieces.

    Args:
        width: units in each hidden layer, 1 to 65536.
        depth: hidden layers of each player, 1 to 100.
        pieces: linear functions that a unit takes the largest of, 2 to 64.

    Source: Goodfellow et al. 2013, arXiv:1302.4389
    """

    kinds = frozenset({"vector", "table", "image"})

    def __init__(self, width: Size = 64, depth: Depth = 2, pieces: Pieces = 5) -> None:
        self.hidden, self.pieces = [width] * depth, pieces

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> samples (B, *spec.shape)."""
        return relu_generator(spec, [noise_dim, *self.hidden])

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        sizes = pairwise([spec.size, *self.hidden])
        layers = [MaxoutLayer(fan_in, fan_out, self.pieces) for fan_in, fan_out in sizes]
        return FeatureCritic(nn.Sequential(nn.Flatten(), *layers), self.hidden[-1], output)


class MaxoutLayer(nn.Module):
    """(B, inputs) -> (B, outputs), each the largest of several linear functions."""

    def __init__(self, inputs: int, outputs: int, pieces: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs * pieces)
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        """Return the largest piece of each unit."""
        values: Tensor = self.linear(x)
        return values.view(x.shape[0], -1, self.pieces).amax(dim=2)
