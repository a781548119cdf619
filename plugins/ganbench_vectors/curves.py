"""Laws around plane curves: two moons, and a spiral."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import Dataset, DataSpec, Split
from ganbench_vectors.quadrature import NoisyCurves, Width

Arms = Annotated[int, Field(ge=1, le=8)]
Turns = Annotated[float, Field(ge=0.1, le=5)]


class Moons(Dataset):
    """Two interleaved half circles under Gaussian noise.

    x = (cos t, sin t) or (1 - cos t, 1/2 - sin t), equally likely, with t uniform on [0, pi], plus
    noise times standard normal numbers. The density is an integral over t, taken by
    Gauss-Legendre quadrature to nine digits or more.

    Args:
        noise: standard deviation of the noise, 0.01 to 10.

    Source: Pedregosa et al. 2011, JMLR 12 (scikit-learn's make_moons)

    Kind: vector
    Size: endless, 2 numbers
    Licence: none (synthetic)
    """

    tails = "light"
    intrinsic_dim = 2

    def __init__(self, noise: Width = 0.1) -> None:
        self.spec = DataSpec("vector", (2,))
        self.curves = NoisyCurves(_moons, 0.0, math.pi, 1.0, noise)
        self.log_prob = self.curves.log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, 2) independent samples on `rng.device`."""
        return self.curves.sample(n, rng)


def _moons(angle: Tensor) -> tuple[Tensor, Tensor]:
    """Return the points of both moons at these angles, (n,) -> two of (n, 2)."""
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([cos, sin], dim=1), torch.stack([1 - cos, 0.5 - sin], dim=1)


class Spiral(Dataset):
    """Interleaved spirals of Archimedes under Gaussian noise.

    x = (t / T) (cos(t + 2 pi j / arms), sin(t + 2 pi j / arms)) plus noise times standard normal
    numbers, with the arm j uniform on 0, ..., arms - 1 and t uniform on [pi / 2, T],
    T = pi / 2 + 2 pi turns: every arm ends at a distance of 1 from the origin. The density is an
    integral over t, taken by Gauss-Legendre quadrature to nine digits or more.

    Args:
        arms: their number, 1 to 8.
        turns: of each arm around the origin, 0.1 to 5.
        noise: standard deviation of the noise, 0.01 to 10.

    Source: Lang & Witbrock 1988, Proceedings of the 1988 Connectionist Models Summer School (two
        spirals, there without noise)

    Kind: vector
    Size: endless, 2 numbers
    Licence: none (synthetic)
    """

    tails = "light"
    intrinsic_dim = 2

    def __init__(self, arms: Arms = 2, turns: Turns = 1.5, noise: Width = 0.05) -> None:
        self.spec = DataSpec("vector", (2,))
        self.arms = arms
        self.end = math.pi / 2 + 2 * math.pi * turns
        speed = math.hypot(1, self.end) / self.end
        self.curves = NoisyCurves(self._points, math.pi / 2, self.end, speed, noise)
        self.log_prob = self.curves.log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, 2) independent samples on `rng.device`."""
        return self.curves.sample(n, rng)

    def _points(self, angle: Tensor) -> tuple[Tensor, ...]:
        """Return the points of every arm, (n,) -> arms of (n, 2)."""
        turned = [angle + 2 * math.pi * arm / self.arms for arm in range(self.arms)]
        radius = (angle / self.end)[:, None]
        return tuple(radius * torch.stack([each.cos(), each.sin()], dim=1) for each in turned)
