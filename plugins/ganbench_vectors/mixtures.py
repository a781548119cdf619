"""Mixtures of equally likely isotropic Gaussians, whose density is known exactly."""

import math
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import Dataset, DataSpec, Modes, Split

Length = Annotated[float, Field(ge=1e-6, le=1e6)]


class GaussianMixture(Dataset):
    """Equally likely Gaussians with one standard deviation in every direction.

    Args:
        centers: shape (K, d).
        std: standard deviation of each component.
    """

    modes: Modes
    tails = "light"

    def __init__(self, centers: np.ndarray, std: float) -> None:
        count, dim = centers.shape
        self.spec = DataSpec("vector", (dim,))
        self.intrinsic_dim = dim
        self.modes = Modes(centers, std, np.full(count, 1 / count))
        self.log_prob = self._log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, d) independent samples on `rng.device`."""
        centers = torch.from_numpy(self.modes.centers).to(rng.device, torch.float32)
        picks = torch.randint(len(centers), (n,), generator=rng, device=rng.device)
        noise = torch.randn(n, *self.spec.shape, generator=rng, device=rng.device)
        return centers[picks] + self.modes.std * noise

    def _log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, d) -> (n,)."""
        std = self.modes.std
        centers = torch.from_numpy(self.modes.centers).to(x)
        exponents = -((x[:, None] - centers) / std).square().sum(dim=2) / 2
        norm = math.log(len(centers)) + self.spec.size * math.log(std * math.sqrt(2 * math.pi))
        return exponents.logsumexp(dim=1) - norm


def ring8(radius: Length = 1.0, std: Length = 0.02) -> GaussianMixture:
    """Eight Gaussians evenly spaced on a circle.

    Args:
        radius: of the circle, 1e-6 to 1e6.
        std: of each Gaussian, 1e-6 to 1e6.

    Source: Metz et al. 2017, arXiv:1611.02163
    """
    angles = 2 * np.pi * np.arange(8) / 8
    return GaussianMixture(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), std)


def grid25(spacing: Length = 2.0, std: Length = 0.05) -> GaussianMixture:
    """Twenty-five Gaussians on a square grid of five by five around the origin.

    Args:
        spacing: between neighbours, 1e-6 to 1e6; coordinates reach twice as far on either side.
        std: of each Gaussian, 1e-6 to 1e6.

    Source: Lin et al. 2018, arXiv:1712.04086
    """
    line = spacing * np.arange(-2, 3)
    return GaussianMixture(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), std)
