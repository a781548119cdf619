"""Laws with one mode and an exact density: with light tails, and with heavy ones."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import Dataset, DataSpec, Size, Split
from ganbench_vectors import heavy
from ganbench_vectors.heavy import TailIndex

Correlation = Annotated[float, Field(ge=0, lt=1)]


class Gaussian(Dataset):
    """Normal coordinates with mean 0, variance 1 and one correlation between all of them.

    x = sqrt(1 - c) * n + sqrt(c) * m, with n standard normal in each coordinate and m one normal
    number for all of them.

    Args:
        dim: number of coordinates, 1 to 65536.
        correlation: between any two coordinates, at least 0 and below 1.

    Source: Anderson 1958, An Introduction to Multivariate Statistical Analysis

    Kind: vector
    Size: endless, `dim` numbers
    Licence: none (synthetic)
    """

    tails = "light"

    def __init__(self, dim: Size = 2, correlation: Correlation = 0.0) -> None:
        self.spec = DataSpec("vector", (dim,))
        self.intrinsic_dim = dim
        self.correlation = correlation
        self.log_prob = self._log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, dim) independent samples on `rng.device`."""
        own = torch.randn(n, *self.spec.shape, generator=rng, device=rng.device)
        common = torch.randn(n, 1, generator=rng, device=rng.device)
        return math.sqrt(1 - self.correlation) * own + math.sqrt(self.correlation) * common

    def _log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, dim) -> (n,).

        The covariance has one eigenvalue along the diagonal of the cube, and one for all else.
        """
        dim, correlation = self.spec.size, self.correlation
        along, across = 1 + (dim - 1) * correlation, 1 - correlation
        mean = x.mean(dim=1)
        rest = (x - mean[:, None]).square().sum(dim=1)
        volume = dim * math.log(2 * math.pi) + math.log(along) + (dim - 1) * math.log(across)
        return -(dim * mean.square() / along + rest / across + volume) / 2


class StudentTLaw(Dataset):
    """Independent coordinates with Student's t distribution.

    The density of a coordinate is proportional to (1 + x^2 / df)^(-(df + 1) / 2).

    Args:
        dim: number of coordinates, 1 to 65536.
        df: degrees of freedom, 0.5 to 1000; P(|x| > t) falls like t^-df, and the variance is
            infinite up to 2.

    Source: Student 1908, Biometrika 6

    Kind: vector
    Size: endless, `dim` numbers
    Licence: none (synthetic)
    """

    tails = "heavy"

    def __init__(self, dim: Size = 2, df: TailIndex = 3.0) -> None:
        self.spec = DataSpec("vector", (dim,))
        self.intrinsic_dim = dim
        self.df = df
        self.log_prob = self._log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, dim) independent samples on `rng.device`."""
        return heavy.student_t((n, *self.spec.shape), self.df, rng)

    def _log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, dim) -> (n,)."""
        df = self.df
        norm = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(df * math.pi) / 2
        return self.spec.size * norm - (df + 1) / 2 * torch.log1p(x.square() / df).sum(dim=1)


class ParetoLaw(Dataset):
    """Independent coordinates with a two-sided Pareto distribution.

    P(|x| > t) = (1 + t)^-alpha, with either sign equally likely.

    Args:
        dim: number of coordinates, 1 to 65536.
        alpha: the tail index, 0.5 to 1000; the variance is infinite up to 2.

    Source: Huster et al. 2021, arXiv:2101.09113

    Kind: vector
    Size: endless, `dim` numbers
    Licence: none (synthetic)
    """

    tails = "heavy"

    def __init__(self, dim: Size = 2, alpha: TailIndex = 3.0) -> None:
        self.spec = DataSpec("vector", (dim,))
        self.intrinsic_dim = dim
        self.alpha = alpha
        self.log_prob = self._log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, dim) independent samples on `rng.device`."""
        return heavy.pareto((n, *self.spec.shape), self.alpha, rng)

    def _log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, dim) -> (n,)."""
        norm = self.spec.size * math.log(self.alpha / 2)
        return norm - (self.alpha + 1) * torch.log1p(x.abs()).sum(dim=1)
