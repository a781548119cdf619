"""Mixtures of isotropic Gaussians, whose density is known exactly."""

import math
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import (
    Dataset,
    DataSpec,
    Modes,
    NonNegativeInt,
    PositiveFloat,
    Size,
    SpecError,
    Split,
)

Length = Annotated[float, Field(ge=1e-6, le=1e6)]
Components = Annotated[int, Field(ge=1, le=4096)]
Side = Annotated[int, Field(ge=1, le=64)]
Concentration = Annotated[float, Field(ge=0.1, le=1000)]


class GaussianMixture(Dataset):
    """Gaussians with one standard deviation in every direction.

    Args:
        centers: shape (K, d).
        std: standard deviation of each component.
        weights: positive numbers (K,) in proportion to the probabilities, None for equal ones.
    """

    modes: Modes
    tails = "light"

    def __init__(self, centers: np.ndarray, std: float, weights: np.ndarray | None = None) -> None:
        count, dim = centers.shape
        shares = np.full(count, 1 / count) if weights is None else weights / weights.sum()
        self.spec = DataSpec("vector", (dim,))
        self.intrinsic_dim = dim
        self.modes = Modes(centers, std, shares)
        self.log_prob = self._log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, d) independent samples on `rng.device`."""
        centers = torch.from_numpy(self.modes.centers).to(rng.device, torch.float32)
        picks = self._pick(n, rng)
        noise = torch.randn(n, *self.spec.shape, generator=rng, device=rng.device)
        return centers[picks] + self.modes.std * noise

    def _pick(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw components (n,)."""
        weights = torch.from_numpy(self.modes.weights).to(rng.device)
        if (weights == weights[0]).all():
            return torch.randint(len(weights), (n,), generator=rng, device=rng.device)
        numbers = torch.rand(n, generator=rng, device=rng.device, dtype=torch.float64)
        bounds = weights.cumsum(dim=0)
        return torch.searchsorted(bounds / bounds[-1], numbers, right=True)

    def _log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, d) -> (n,)."""
        std, count = self.modes.std, len(self.modes.centers)
        centers = torch.from_numpy(self.modes.centers).to(x)
        exponents = -((x[:, None] - centers) / std).square().sum(dim=2) / 2
        exponents += torch.from_numpy(np.log(count * self.modes.weights)).to(x)
        norm = math.log(count) + self.spec.size * math.log(std * math.sqrt(2 * math.pi))
        return exponents.logsumexp(dim=1) - norm


def ring(
    k: Components = 8,
    radius: Length = 1.0,
    std: Length = 0.02,
    weights: tuple[PositiveFloat, ...] | None = None,
) -> GaussianMixture:
    """Gaussians evenly spaced on a circle.

    The centre of component j is radius * (cos(2 pi j / k), sin(2 pi j / k)), j = 0, ..., k - 1:
    all k of them are different.

    Args:
        k: number of Gaussians, 1 to 4096.
        radius: of the circle, 1e-6 to 1e6.
        std: of each Gaussian, 1e-6 to 1e6.
        weights: k positive numbers in proportion to the probabilities, counter-clockwise from
            (radius, 0); equal by default.

    Source: Metz et al. 2017, arXiv:1611.02163

    Kind: vector
    Size: endless, 2 numbers
    Licence: none (synthetic)
    """
    if weights is not None and len(weights) != k:
        raise SpecError(f"ring: weights has {len(weights)} numbers, but k = {k}: give {k}.")
    angles = 2 * np.pi * np.arange(k) / k
    centers = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # By the largest first, so that no sum overflows.
    shares = None if weights is None else np.array(weights) / max(weights)
    return GaussianMixture(centers, std, shares)


def ring8(radius: Length = 1.0, std: Length = 0.02) -> GaussianMixture:
    """Eight equally likely Gaussians evenly spaced on a circle.

    Args:
        radius: of the circle, 1e-6 to 1e6.
        std: of each Gaussian, 1e-6 to 1e6.

    Source: Metz et al. 2017, arXiv:1611.02163

    Kind: vector
    Size: endless, 2 numbers
    Licence: none (synthetic)
    """
    return ring(8, radius, std)


def grid(side: Side = 5, spacing: Length = 2.0, std: Length = 0.05) -> GaussianMixture:
    """Equally likely Gaussians on a square grid around the origin.

    Args:
        side: Gaussians in a row and in a column, 1 to 64.
        spacing: between neighbours, 1e-6 to 1e6.
        std: of each Gaussian, 1e-6 to 1e6.

    Source: Lin et al. 2018, arXiv:1712.04086

    Kind: vector
    Size: endless, 2 numbers
    Licence: none (synthetic)
    """
    line = spacing * (np.arange(side) - (side - 1) / 2)
    return GaussianMixture(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), std)


def grid25(spacing: Length = 2.0, std: Length = 0.05) -> GaussianMixture:
    """Twenty-five equally likely Gaussians on a square grid of five by five around the origin.

    Args:
        spacing: between neighbours, 1e-6 to 1e6; coordinates reach twice as far on either side.
        std: of each Gaussian, 1e-6 to 1e6.

    Source: Lin et al. 2018, arXiv:1712.04086

    Kind: vector
    Size: endless, 2 numbers
    Licence: none (synthetic)
    """
    return grid(5, spacing, std)


def random_mixture(
    dim: Size = 2,
    k: Components = 8,
    spread: Length = 4.0,
    std: Length = 0.2,
    concentration: Concentration = 5.0,
    seed: NonNegativeInt = 0,
) -> GaussianMixture:
    """Gaussians with random centres and random weights.

    The centres are uniform on [-spread, spread) in each coordinate and the weights a draw of a
    Dirichlet law, in this order from `numpy.random.default_rng(seed)`: the same in every run.

    Args:
        dim: number of coordinates, 1 to 65536.
        k: number of Gaussians, 1 to 4096.
        spread: the largest coordinate of a centre, 1e-6 to 1e6.
        std: of each Gaussian, 1e-6 to 1e6.
        concentration: of the Dirichlet law, 0.1 to 1000; far below one a few Gaussians have most
            of the weight, far above all have about the same.
        seed: which of these laws, 0 or more.

    Source: Fraley & Raftery 2002, Journal of the American Statistical Association 97 (on
        mixtures); this one is ganbench's own

    Kind: vector
    Size: endless, `dim` numbers
    Licence: none (synthetic)
    """
    stream = np.random.default_rng(seed)
    centers = stream.uniform(-spread, spread, (k, dim))
    return GaussianMixture(centers, std, stream.dirichlet(np.full(k, concentration)))
