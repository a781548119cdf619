"""Laws on curved sets: two moons, and a sheet of few dimensions in a space of many."""

import math
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import Dataset, DataSpec, Size, SpecError, Split

Width = Annotated[float, Field(ge=0.01, le=10)]


class Moons(Dataset):
    """Two interleaved half circles under Gaussian noise.

    x = (cos t, sin t) or (1 - cos t, 1/2 - sin t), equally likely, with t uniform on [0, pi], plus
    noise times standard normal numbers. The density is an integral over t, taken by
    Gauss-Legendre quadrature to nine digits or more.

    Args:
        noise: standard deviation of the noise, 0.01 to 10.

    Source: Pedregosa et al. 2011, JMLR 12 (scikit-learn's make_moons)
    """

    tails = "light"
    intrinsic_dim = 2

    def __init__(self, noise: Width = 0.1) -> None:
        self.spec = DataSpec("vector", (2,))
        self.noise = noise
        self.log_prob = self._log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, 2) independent samples on `rng.device`."""
        angle = math.pi * torch.rand(n, generator=rng, device=rng.device)
        picks = torch.randint(2, (n, 1), generator=rng, device=rng.device)
        noise = torch.randn(n, 2, generator=rng, device=rng.device)
        first, second = _moons(angle)
        return torch.where(picks == 0, first, second) + self.noise * noise

    def _log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, 2) -> (n,)."""
        nodes, weights = np.polynomial.legendre.leggauss(32 + math.ceil(8 / self.noise))
        angle = torch.from_numpy((nodes + 1) * math.pi / 2).to(x)
        centers = torch.cat(_moons(angle))
        log_weights = torch.from_numpy(np.log(np.tile(weights, 2) / 4)).to(x)
        squares = torch.cdist(x, centers, compute_mode="donot_use_mm_for_euclid_dist").square()
        exponents = log_weights - squares / (2 * self.noise**2)
        return exponents.logsumexp(dim=1) - math.log(2 * math.pi * self.noise**2)


def _moons(angle: Tensor) -> tuple[Tensor, Tensor]:
    """Return the points of both moons at these angles, (n,) -> two of (n, 2)."""
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([cos, sin], dim=1), torch.stack([1 - cos, 0.5 - sin], dim=1)


class Manifold(Dataset):
    """A smooth curved sheet of few dimensions in a space of many, without noise.

    x = Q (u, sin(W u + b)), with u uniform on [-1, 1) in each of `intrinsic` coordinates: the
    graph of a function, which no two values of u share, turned by an orthogonal matrix Q, so that
    no coordinate is u itself. The entries of W are pi times normal numbers, b is uniform on
    [0, 2 pi), and Q comes from the QR decomposition of normal numbers, in this order from
    `numpy.random.default_rng(0)`. There is no density.

    Args:
        dim: number of coordinates of the space, at least `intrinsic`, up to 4096.
        intrinsic: number of dimensions of the sheet, 1 or more.

    Source: Tenenbaum et al. 2000, Science 290 (on curved sheets); this one is ganbench's own
    """

    tails = "bounded"

    def __init__(
        self, dim: Annotated[int, Field(gt=0, le=4096)] = 32, intrinsic: Size = 2
    ) -> None:
        if dim < intrinsic:
            raise SpecError(
                f"manifold: a sheet of {intrinsic} dimensions needs dim >= {intrinsic}, not {dim}."
            )
        self.spec = DataSpec("vector", (dim,))
        self.intrinsic_dim = intrinsic
        stream = np.random.default_rng(0)
        self.frequencies = math.pi * stream.standard_normal((intrinsic, dim - intrinsic))
        self.phases = stream.uniform(0, 2 * math.pi, dim - intrinsic)
        self.rotation = np.linalg.qr(stream.standard_normal((dim, dim)))[0]

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, dim) independent samples on `rng.device`."""
        place = 2 * torch.rand(n, self.intrinsic_dim or 1, generator=rng, device=rng.device) - 1
        frequencies, phases, rotation = (
            torch.from_numpy(value).to(place)
            for value in (self.frequencies, self.phases, self.rotation)
        )
        waves = torch.sin(place @ frequencies + phases)
        return torch.cat([place, waves], dim=1) @ rotation.T
