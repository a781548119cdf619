"""Gaussian kernels around the training rows."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench.api import Baseline, Dataset, DataSpec
from ganbench_baselines.encoding import NUMBERS, Rows, Scale, as_samples, spread_rows

_FACTORS = 2.0 ** (-torch.arange(17) / 2)
"""Candidates as multiples of Scott's bandwidth, which is far too wide for many modes."""

_HELD_OUT = 500


@dataclass
class FittedKernels:
    """A Gaussian around each row.

    Attributes:
        rows: (n, m), standardised.
        bandwidth: the standard deviation of each Gaussian.
        scale: from samples to what `rows` are.
        spec: of the samples.
    """

    rows: Tensor
    bandwidth: float
    scale: Scale
    spec: DataSpec

    def __call__(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n samples: rows with noise."""
        rows = self.rows[torch.randint(len(self.rows), (n,), generator=rng)]
        noise = torch.randn(rows.shape, generator=rng, dtype=rows.dtype)
        return as_samples(self.scale.invert(rows + self.bandwidth * noise), self.spec)

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the log-density of samples (n, *shape) -> (n,) where every column varies."""
        points = self.scale.apply(x.flatten(1).double())
        logs = _log_density(torch.cdist(points, self.rows).square(), self.bandwidth, points)
        return logs - math.log(len(self.rows)) - self.scale.std.log().sum()


class KernelDensity(Baseline):
    """A Gaussian kernel around every training row: a random row plus noise.

    p(x) = 1/n sum_i N(x; x_i, h^2 S), with the variances S of the columns. The bandwidth h is
    the one, of 17 from Scott's n^(-1/(d+4)) down to 1/256 of it, under which up to 500 rows are
    likeliest given the others. Discrete columns are spread over the gaps between their values,
    without which the narrowest were always best.

    Args:
        rows: training rows of an infinite law, 2 to 1000000.

    Source: Parzen 1962, Annals of Mathematical Statistics 33(3); Duin 1976, IEEE Transactions on
        Computers C-25(11) (the bandwidth)
    """

    kinds = NUMBERS

    def __init__(self, rows: Rows = 10_000) -> None:
        self.rows = rows

    def fit(self, dataset: Dataset, rng: torch.Generator) -> FittedKernels:
        """Choose the bandwidth."""
        rows = spread_rows(dataset, self.rows, rng)
        scale = Scale(rows)
        points = scale.apply(rows)
        return FittedKernels(points, _likeliest_bandwidth(points, rng), scale, dataset.spec)


def _likeliest_bandwidth(points: Tensor, rng: torch.Generator) -> float:
    """Return the candidate with the largest leave-one-out likelihood."""
    n, d = points.shape
    held = torch.randperm(n, generator=rng)[:_HELD_OUT]
    squares = torch.cdist(points[held], points).square()
    squares[torch.arange(len(held)), held] = torch.inf
    widths: list[float] = (n ** (-1 / (d + 4)) * _FACTORS).tolist()
    likelihoods = [_log_density(squares, width, points).mean() for width in widths]
    return widths[int(torch.stack(likelihoods).argmax())]


def _log_density(squares: Tensor, width: float, points: Tensor) -> Tensor:
    """Return log sum_i N(x; x_i, width^2) from squared distances (m, n) -> (m,)."""
    norm = points.shape[1] * math.log(width * math.sqrt(2 * math.pi))
    return (-squares / (2 * width**2)).logsumexp(dim=1) - norm
