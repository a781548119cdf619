"""Extreme learning machines, for samples of any shape: a frozen random layer and a readout."""

import math
from typing import Annotated

import torch
from pydantic import Field
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
)

Decay = Annotated[float, Field(ge=0, lt=1)]


class Elm(Architecture):
    """Extreme learning machines: a random tanh layer that is never trained, and a linear readout.

    psi(x) = gain * tanh(A x + b), with A from N(0, scale^2 / fan in) and b uniform within -scale
    to scale, drawn once for each seed; only the readout is trained. The gain suits it to Adam's
    usual rates: 4 / sqrt(width) in the generator, 96 / sqrt(width) in the discriminator, which
    must be the faster one. A design of our own for both players; the nearest that is published
    are discriminators with random weights.

    Args:
        width: random units of each player, 1 to 65536.
        scale: of the random layer, above 0; larger ones make rougher functions.

    Source: Huang et al. 2006, Neurocomputing 70 (ELM); nearest as a GAN: arXiv:1904.09775
    """

    kinds = frozenset({"vector", "table", "image"})
    gives = NETWORK - {"layers"}

    def __init__(self, width: Size = 512, scale: PositiveFloat = 10.0) -> None:
        self.width, self.scale = width, scale

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> samples (B, *spec.shape)."""
        frozen = RandomLayer(noise_dim, self.width, self.scale, _gain(4, self.width))
        return nn.Sequential(frozen, nn.Linear(self.width, spec.size), OutputHead(spec))

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        frozen = RandomLayer(spec.size, self.width, self.scale, _gain(96, self.width))
        return FeatureCritic(nn.Sequential(nn.Flatten(), frozen), self.width, output)


class ElmRidge(Architecture):
    """An extreme learning machine whose readout is refitted in closed form; it has no generator.

    D(x) = beta . (psi(x) - m), with psi as in `elm` but a gain of 1 / sqrt(width), so that
    psi(x) . psi(y) is a kernel, and m the mean of psi over real and fake samples. After each
    critic step beta = (C + ridge * mean(diag C) * I)^-1 (m_real - m_fake) / 2, where C is the
    covariance of psi over both. That is ridge regression of +1 on real and -1 on fake samples.
    All moments are moving averages. As ridge grows, D(x) * ridge * mean(diag C) becomes half the
    witness of the maximum mean discrepancy for that kernel, up to a constant. A design of our own.

    Args:
        width: random units, 1 to 65536; the cost of a step grows with its cube.
        scale: of the random layer, above 0; larger ones make rougher functions.
        ridge: penalty on beta, above 0, in units of the mean variance of a unit.
        decay: of the moving averages, 0 (this batch only) to below 1.

    Source: Huang et al. 2006, Neurocomputing 70 (ELM); nearest as a GAN: arXiv:1904.09775
    """

    kinds = frozenset({"vector", "table", "image", "sequence"})
    gives = frozenset({"score", "features", "separate"})

    def __init__(
        self,
        width: Size = 256,
        scale: PositiveFloat = 10.0,
        ridge: PositiveFloat = 0.1,
        decay: Decay = 0.5,
    ) -> None:
        self.width, self.scale, self.ridge, self.decay = width, scale, ridge, decay

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:  # noqa: ARG002
        """Build samples (B, *spec.shape) -> scores (B,)."""
        frozen = RandomLayer(spec.size, self.width, self.scale, _gain(1, self.width))
        return RidgeCritic(frozen, self.width, self.ridge, self.decay)


def _gain(size: float, width: int) -> float:
    """Return what to multiply features by, so that together they have about this size."""
    return size / math.sqrt(width)


class RandomLayer(nn.Module):
    """(B, inputs) -> gain * tanh(A x + b), (B, width), with A and b drawn once, as buffers."""

    weight: Tensor
    bias: Tensor

    def __init__(self, inputs: int, width: int, scale: float, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = gain
        self.register_buffer("weight", torch.randn(width, inputs) * scale / math.sqrt(inputs))
        self.register_buffer("bias", scale * (2 * torch.rand(width) - 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the random features (B, width)."""
        return self.gain * nn.functional.linear(x, self.weight, self.bias).tanh()


class RidgeCritic(nn.Module):
    """Ridge regression on fixed features, refitted to moving averages of their moments.

    Args:
        layer: samples (B, inputs) -> features (B, width).
        width: number of features.
        ridge: penalty, in units of the mean variance of a feature.
        decay: of the moving averages.
    """

    mass: Tensor
    means: Tensor
    second: Tensor
    beta: Tensor
    offset: Tensor

    def __init__(self, layer: nn.Module, width: int, ridge: float, decay: float) -> None:
        super().__init__()
        self.layer, self.ridge, self.decay = layer, ridge, decay
        self.register_buffer("mass", torch.zeros(()))
        self.register_buffer("means", torch.zeros(2, width))
        self.register_buffer("second", torch.zeros(width, width))
        self.register_buffer("beta", torch.zeros(width))
        self.register_buffer("offset", torch.zeros(()))

    def features(self, x: Tensor) -> Tensor:
        """Return the fixed features (B, width)."""
        features: Tensor = self.layer(x.flatten(1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B,)."""
        return self.features(x) @ self.beta + self.offset

    def refit(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Return new moments, and the readout that they give."""
        sets = [self.features(x) for x in (real, fake)]
        mass = self._average(self.mass, torch.ones_like(self.mass))
        means = self._average(self.means, torch.stack([psi.mean(dim=0) for psi in sets]))
        products = torch.stack([psi.T @ psi / len(psi) for psi in sets])
        second = self._average(self.second, products.mean(dim=0))
        centre = means.mean(dim=0) / mass
        covariance = second / mass - torch.outer(centre, centre)
        penalty = self.ridge * covariance.diagonal().mean()
        identity = torch.eye(len(centre), dtype=centre.dtype, device=centre.device)
        gap = (means[0] - means[1]) / (2 * mass)
        # Unlike `solve`, it asks the device for no answer whether it succeeded.
        beta = torch.linalg.solve_ex(covariance + penalty * identity, gap)[0]
        kept = {"mass": mass, "means": means, "second": second}
        return {**kept, "beta": beta, "offset": -(centre @ beta)}

    def _average(self, old: Tensor, new: Tensor) -> Tensor:
        return self.decay * old + (1 - self.decay) * new
