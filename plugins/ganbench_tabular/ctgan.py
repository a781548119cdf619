"""CTGAN's players: conditional, with batch norm, dropout and Gumbel-softmax."""

from types import MappingProxyType
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from ganbench.api import (
    SCORE,
    Architecture,
    BatchNorm,
    Conditions,
    DataSpec,
    Dropout,
    FeatureCritic,
    Fraction,
    Output,
    OutputHead,
    PositiveFloat,
    Relaxation,
    Size,
)

Depth = Annotated[int, Field(gt=0, le=16)]


class Ctgan(Architecture):
    """CTGAN: players for tables, told the category of one column at a time.

    The generator reads noise and a condition, and each of its blocks appends to what it is given,
    [h, ReLU(BatchNorm(W h))]; bounded values pass through tanh, numbers stay as they are and
    choices pass through a Gumbel-softmax, soft while it learns. To its objective it adds the
    cross-entropy between the condition and its own logits of that column. The discriminator has
    layers of LeakyReLU(0.2) and dropout, sees samples with their conditions, and with the
    recommended packing judges ten of them together. Where data have no categories, as where they
    are no table, both are plain networks. The method of the paper is this with the encoder
    "modes", the loss "wgan+gp(weight=10)", the prior "normal(dim=128)", and critic_steps = 1,
    beta1 = 0.5 and ema = 0 in the recipe, where losses and defaults say otherwise; it has,
    besides, a weight decay of 1e-6, and draws the modes of real numbers from their posterior.

    Args:
        width: units in each hidden layer, 1 to 65536.
        depth: hidden layers of each player, 1 to 16.
        tau: temperature of the Gumbel-softmax, above 0.
        dropout: probability with which the discriminator drops a unit, 0 to below 1.

    Source: Xu et al. 2019, arXiv:1907.00503
    """

    kinds = frozenset({"table", "vector"})
    conditional = True
    recipe = MappingProxyType(
        {
            "batch_size": 500,
            "packing": 10,
            "generator_rate": 2e-4,
            "critic_rate": 2e-4,
            "beta1": 0.5,
            "beta2": 0.9,
        }
    )

    def __init__(
        self,
        width: Size = 256,
        depth: Depth = 2,
        tau: PositiveFloat = 0.2,
        dropout: Annotated[Fraction, Field(lt=1)] = 0.5,
    ) -> None:
        self.width, self.depth, self.tau, self.dropout = width, depth, tau, dropout

    def generator(
        self, spec: DataSpec, noise_dim: int, conditions: Conditions | None = None
    ) -> nn.Module:
        """Build noise and condition (B, noise_dim + width) -> samples (B, *spec.shape)."""
        told = 0 if conditions is None else conditions.width
        inputs = noise_dim + told
        blocks = [_Block(inputs + i * self.width, self.width) for i in range(self.depth)]
        last = nn.Linear(inputs + self.depth * self.width, spec.size)
        head = OutputHead(spec, Relaxation("gumbel", self.tau))
        if conditions is None:
            return nn.Sequential(*blocks, last, head)
        return ToldGenerator(nn.Sequential(*blocks, last), head, spec, conditions)

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        layers: list[nn.Module] = [nn.Flatten()]
        size = spec.size
        for _ in range(self.depth):
            layers += [nn.Linear(size, self.width), nn.LeakyReLU(0.2), Dropout(self.dropout)]
            size = self.width
        return FeatureCritic(nn.Sequential(*layers), size, output)


class _Block(nn.Module):
    """Append `width` units to the inputs: (B, inputs) -> (B, inputs + width)."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        # Batch normalisation brings its own bias.
        self.new = nn.Sequential(nn.Linear(inputs, width, bias=False), BatchNorm(width), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.new(x), x], dim=1)


class ToldGenerator(nn.Module):
    """A generator that pays for samples that do not meet their condition.

    Args:
        body: noise and condition (B, noise_dim + width) -> activations (B, size).
        head: activations -> samples (B, *shape).
        spec: of the samples.
        conditions: a one-hot for each categorical column, in order.
    """

    def __init__(
        self, body: nn.Module, head: nn.Module, spec: DataSpec, conditions: Conditions
    ) -> None:
        super().__init__()
        self.body, self.head = body, head
        self.told = [span.width for span in conditions.spans]
        self.places = _categorical_places(spec)

    def forward(self, x: Tensor) -> Tensor:
        """Return samples (B, *shape)."""
        samples: Tensor = self.head(self.body(x))
        return samples

    def with_cost(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return samples and the mean cross-entropy () between conditions and logits."""
        activations = self.body(x)
        conditions = torch.split(x[:, -sum(self.told) :], self.told, dim=1)
        costs = [
            -(condition * activations[:, place].log_softmax(dim=1)).sum(dim=1)
            for condition, place in zip(conditions, self.places, strict=True)
        ]
        return self.head(activations), torch.stack(costs).sum(dim=0).mean()


def _categorical_places(spec: DataSpec) -> list[slice]:
    """Return where in a sample the one-hot of each categorical column is."""
    places, start = [], 0
    for column in spec.columns:
        if column.kind == "categorical":
            places.append(slice(start, start + column.width))
        start += column.width
    return places
