"""The multilayer perceptron, for samples of any shape, and what other families take from it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field
from torch import nn

from ganbench.api import SCORE, Architecture, DataSpec, FeatureCritic, Output, OutputHead, Size

Depth = Annotated[int, Field(gt=0, le=100)]


class Mlp(Architecture):
    """Multilayer perceptrons: ReLU in the generator, LeakyReLU(0.2) in the discriminator.

    Of sequences the generator writes all positions at once, each the likeliest symbol, with the
    gradient of their softmax.

    Args:
        width: units in each hidden layer, 1 to 65536.
        depth: hidden layers of each player, 1 to 100.

    Source: Goodfellow et al. 2014, arXiv:1406.2661
    """

    kinds = frozenset({"vector", "table", "image", "sequence"})

    def __init__(self, width: Size = 64, depth: Depth = 2) -> None:
        self.hidden = [width] * depth

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> samples (B, *spec.shape)."""
        return relu_generator(spec, [noise_dim, *self.hidden])

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        sizes = [spec.size, *self.hidden]
        body = nn.Sequential(nn.Flatten(), *dense(sizes, nn.LeakyReLU(0.2)), nn.LeakyReLU(0.2))
        return FeatureCritic(body, self.hidden[-1], output)


def relu_generator(spec: DataSpec, sizes: Sequence[int]) -> nn.Module:
    """Build noise (B, sizes[0]) -> hidden layers of the other sizes -> (B, *spec.shape)."""
    return nn.Sequential(*dense([*sizes, spec.size], nn.ReLU()), OutputHead(spec))


def dense(sizes: Sequence[int], activation: nn.Module) -> list[nn.Module]:
    """Alternate linear layers with the activation, ending with a linear one."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), activation]
    return layers[:-1]
