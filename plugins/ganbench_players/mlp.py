"""The multilayer perceptron, for samples of any shape, and what other families take from it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from ganbench.api import (
    SCORE,
    Architecture,
    DataSpec,
    FeatureCritic,
    Output,
    OutputHead,
    PositiveFloat,
    Relaxation,
    Size,
)

Depth = Annotated[int, Field(gt=0, le=100)]
Relaxed = Literal["straight_through", "softmax", "gumbel", "st_gumbel"]


class Mlp(Architecture):
    """Multilayer perceptrons: ReLU in the generator, LeakyReLU(0.2) in the discriminator.

    Categories of tables, and the symbols of a sequence, which the generator writes all at once,
    are choices. By default each is the likeliest one with the gradient of its softmax
    ("straight_through"); "softmax" shows the discriminator the probabilities, "gumbel" the same
    under Gumbel noise, and "st_gumbel" draws from them.

    Args:
        width: units in each hidden layer, 1 to 65536.
        depth: hidden layers of each player, 1 to 100.
        relaxation: of choices, "straight_through", "softmax", "gumbel" or "st_gumbel".
        temperature: of their softmax, above 0.

    Source: Goodfellow et al. 2014, arXiv:1406.2661; Jang et al. 2017, arXiv:1611.01144 (Gumbel)
    """

    kinds = frozenset({"vector", "table", "image", "sequence"})

    def __init__(
        self,
        width: Size = 64,
        depth: Depth = 2,
        relaxation: Relaxed = "straight_through",
        temperature: PositiveFloat = 1.0,
    ) -> None:
        self.hidden = [width] * depth
        self.relaxation: Relaxed = relaxation
        self.temperature = temperature

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> samples (B, *spec.shape)."""
        relaxation = Relaxation(self.relaxation, self.temperature)
        return relu_generator(spec, [noise_dim, *self.hidden], relaxation)

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        sizes = [spec.size, *self.hidden]
        body = nn.Sequential(nn.Flatten(), *dense(sizes, nn.LeakyReLU(0.2)), nn.LeakyReLU(0.2))
        return FeatureCritic(body, self.hidden[-1], output)


def relu_generator(
    spec: DataSpec, sizes: Sequence[int], relaxation: Relaxation | None = None
) -> nn.Module:
    """Build noise (B, sizes[0]) -> hidden layers of the other sizes -> (B, *spec.shape)."""
    return nn.Sequential(*dense([*sizes, spec.size], nn.ReLU()), OutputHead(spec, relaxation))


def dense(sizes: Sequence[int], activation: nn.Module) -> list[nn.Module]:
    """Alternate linear layers with the activation, ending with a linear one."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), activation]
    return layers[:-1]
