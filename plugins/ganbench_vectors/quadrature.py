"""Plane curves under Gaussian noise, whose density is an integral over the curve."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

Width = Annotated[float, Field(ge=0.01, le=10)]

_NODES_PER_WIDTH = 8 / math.pi
_LARGEST_RULE = 1000
"""Nodes; finding those of a rule costs their number cubed."""
_LARGEST = 2**23
"""Distances that are in memory at once."""


@dataclass(frozen=True)
class NoisyCurves:
    """Equally likely plane curves, whose parameter is uniform on an interval, under noise.

    The density is an integral over the parameter, taken by Gauss-Legendre quadrature with more
    than eight nodes on a piece of pi standard deviations: nine digits or more wherever it is not
    negligible.

    Attributes:
        points: the points of every curve at parameters (n,), each (n, 2).
        low: where the parameter begins.
        high: where it ends.
        speed: the largest length of a curve for each unit of its parameter.
        noise: standard deviation of the noise.
    """

    points: Callable[[Tensor], tuple[Tensor, ...]]
    low: float
    high: float
    speed: float
    noise: float

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw (n, 2) independent points on `rng.device`."""
        numbers = torch.rand(n, generator=rng, device=rng.device)
        curves = self.points(self.low + (self.high - self.low) * numbers)
        picks = torch.randint(len(curves), (n, 1), generator=rng, device=rng.device)
        noise = torch.randn(n, 2, generator=rng, device=rng.device)
        points = torch.stack(curves).take_along_dim(picks[None], dim=0)[0]
        return points + self.noise * noise

    def log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, 2) -> (n,)."""
        places, weights = self._nodes()
        curves = self.points(torch.from_numpy(places).to(x))
        shares = np.tile(weights, len(curves)) / len(curves)
        log_shares, centers = torch.from_numpy(np.log(shares)).to(x), torch.cat(curves)
        size = max(1, _LARGEST // len(centers))
        parts = [
            self._log_sum(x[start : start + size], centers, log_shares)
            for start in range(0, max(len(x), 1), size)
        ]
        return torch.cat(parts) - math.log(2 * math.pi * self.noise**2)

    def _nodes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return parameters and their shares, from one piece of the interval to the next."""
        span = self.high - self.low
        count = 32 + math.ceil(_NODES_PER_WIDTH * self.speed * span / self.noise)
        pieces = math.ceil(count / _LARGEST_RULE)
        nodes, weights = np.polynomial.legendre.leggauss(math.ceil(count / pieces))
        starts = self.low + span / pieces * np.arange(pieces)[:, None]
        places = starts + (nodes + 1) * (span / pieces) / 2
        return places.ravel(), np.tile(weights, pieces) / (2 * pieces)

    def _log_sum(self, x: Tensor, centers: Tensor, log_shares: Tensor) -> Tensor:
        squares = torch.cdist(x, centers, compute_mode="donot_use_mm_for_euclid_dist").square()
        return (log_shares - squares / (2 * self.noise**2)).logsumexp(dim=1)
