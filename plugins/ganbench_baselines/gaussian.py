"""One Gaussian with full covariance."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench.api import Baseline, Dataset, DataSpec
from ganbench_baselines.encoding import NUMBERS, Rows, as_samples, flat_rows


@dataclass
class FittedGaussian:
    """Mean + z @ factor + noise * e, with standard normal z and e.

    Attributes:
        mean: (size,).
        factor: (r, size), whose product factor.T @ factor is a covariance.
        noise: standard deviation that is added in every direction.
        spec: of the samples.
    """

    mean: Tensor
    factor: Tensor
    noise: float
    spec: DataSpec

    @property
    def covariance(self) -> Tensor:
        """The covariance (size, size)."""
        return self.factor.T @ self.factor + torch.full_like(self.mean, self.noise**2).diag()

    def __call__(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n samples."""
        z = torch.randn(n, len(self.factor), generator=rng, dtype=self.mean.dtype)
        values = self.mean + z @ self.factor
        if self.noise:
            e = torch.randn(values.shape, generator=rng, dtype=values.dtype)
            values = values + self.noise * e
        return as_samples(values, self.spec)


class Gaussian(Baseline):
    """One Gaussian: mean and full covariance by maximum likelihood.

    x = mean + z C^(1/2), with C = sum (x_i - mean)(x_i - mean)^T / n over the training rows.
    Directions without spread keep none. Where there are no more rows than values in a sample,
    rows leave C undetermined, and it is shrunk towards a multiple of the identity by Ledoit and
    Wolf's rule. One-hots are numbers to it, of which the largest becomes the category.

    Args:
        rows: training rows of an infinite law, 2 to 1000000.

    Source: Ledoit & Wolf 2004, Journal of Multivariate Analysis 88(2)
    """

    kinds = NUMBERS

    def __init__(self, rows: Rows = 10_000) -> None:
        self.rows = rows

    def fit(self, dataset: Dataset, rng: torch.Generator) -> FittedGaussian:
        """Estimate mean and covariance."""
        rows = flat_rows(dataset, self.rows, rng)
        n, size = rows.shape
        mean = rows.mean(dim=0)
        _, lengths, axes = torch.linalg.svd(rows - mean, full_matrices=False)
        factor = axes * (lengths / n**0.5)[:, None]
        shrinkage = _shrinkage(rows) if n <= size else 0.0
        variance = factor.square().sum().item() / size
        noise = (shrinkage * variance) ** 0.5
        return FittedGaussian(mean, (1 - shrinkage) ** 0.5 * factor, noise, dataset.spec)


def _shrinkage(rows: Tensor) -> float:
    from sklearn.covariance import ledoit_wolf_shrinkage  # slow to import

    return float(ledoit_wolf_shrinkage(rows.numpy()))
