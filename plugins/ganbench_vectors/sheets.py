"""Laws on curved sheets: the Swiss roll, and a sheet of few dimensions in a space of many."""

import math
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import Dataset, DataSpec, Size, SpecError, Split
from ganbench_vectors.quadrature import NoisyCurves

_BEGIN, _END, _HEIGHT = 1.5 * math.pi, 4.5 * math.pi, 21.0
_LEAST_NOISE = 0.05


class SwissRoll(Dataset):
    """A rolled-up rectangle in space, under Gaussian noise.

    x = (t cos t, h, t sin t) plus noise times standard normal numbers, with t uniform on
    [3 pi / 2, 9 pi / 2] and h uniform on [0, 21]. The density is that of h, a difference of two
    normal distribution functions, times an integral over t, taken by Gauss-Legendre quadrature to
    nine digits or more. Without noise there is none: the roll has two dimensions.

    Args:
        noise: standard deviation of the noise, 0 for none, or 0.05 to 10; layers of the roll are
            6.3 apart.

    Source: Marsland 2009, Machine Learning: An Algorithmic Perspective (as scikit-learn's
        make_swiss_roll); Tenenbaum et al. 2000, Science 290

    Kind: vector
    Size: endless, 3 numbers
    Licence: none (synthetic)
    """

    def __init__(self, noise: Annotated[float, Field(ge=0, le=10)] = 0.5) -> None:
        if 0 < noise < _LEAST_NOISE:
            raise SpecError(
                f"swiss_roll: noise must be 0 or at least {_LEAST_NOISE}, not {noise}."
            )
        self.spec = DataSpec("vector", (3,))
        self.noise = noise
        self.curve = NoisyCurves(_roll, _BEGIN, _END, math.hypot(1, _END), noise)
        self.intrinsic_dim = 3 if noise else 2
        self.tails = "light" if noise else "bounded"
        self.log_prob = self._log_density if noise else None

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, 3) independent samples on `rng.device`."""
        across = self.curve.sample(n, rng)
        height = _HEIGHT * torch.rand(n, generator=rng, device=rng.device)
        height = height + self.noise * torch.randn(n, generator=rng, device=rng.device)
        return torch.stack([across[:, 0], height, across[:, 1]], dim=1)

    def _log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, 3) -> (n,)."""
        # The law of h is even around the middle: below it, distribution functions are small.
        below = (_HEIGHT - (2 * x[:, 1] - _HEIGHT).abs()) / 2
        upper = torch.special.log_ndtr(below / self.noise)
        lower = torch.special.log_ndtr((below - _HEIGHT) / self.noise)
        log_height = upper + torch.log1p(-(lower - upper).exp()) - math.log(_HEIGHT)
        log_density: Tensor = log_height + self.curve.log_density(x[:, ::2].contiguous())
        return log_density


def _roll(angle: Tensor) -> tuple[Tensor]:
    """Return the points of the rolled line, (n,) -> (n, 2)."""
    return (angle[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1),)


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

    Kind: vector
    Size: endless, `dim` numbers
    Licence: none (synthetic)
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
