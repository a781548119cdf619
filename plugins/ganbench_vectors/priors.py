"""Noise of one piece: independent coordinates, and the sphere."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ganbench.api import PositiveFloat, Prior, Size
from ganbench_vectors import heavy
from ganbench_vectors.heavy import TailIndex

Probability = Annotated[float, Field(gt=0, lt=1)]


class Normal(Prior):
    """Standard normal noise.

    Args:
        dim: number of coordinates, 1 to 65536.

    Source: Gulrajani et al. 2017, arXiv:1704.00028 (the prior of its experiments)
    """

    def __init__(self, dim: Size = 16) -> None:
        self.dim = dim

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        return torch.randn(*shape, self.dim, generator=rng, device=rng.device)


class Uniform(Prior):
    """Noise that is uniform on [-1, 1) in each coordinate.

    Args:
        dim: number of coordinates, 1 to 65536.

    Source: Radford et al. 2016, arXiv:1511.06434 (the prior of its experiments)
    """

    tails = "bounded"

    def __init__(self, dim: Size = 16) -> None:
        self.dim = dim

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        return 2 * torch.rand(*shape, self.dim, generator=rng, device=rng.device) - 1


class UniformSum(Prior):
    """Sums of uniform numbers, with mean 0 and variance 1: from a box to nearly normal.

    z = sqrt(12 / terms) * sum_i (u_i - 1/2), with u_i uniform on [0, 1): for one term uniform, for
    two triangular, and normal in the limit. Every |z| is at most sqrt(3 * terms).

    Args:
        dim: number of coordinates, 1 to 65536.
        terms: how many uniform numbers are added, 1 to 100.

    Source: Irwin 1927, Biometrika 19(3/4); Hall 1927, Biometrika 19(3/4)
    """

    tails = "bounded"

    def __init__(self, dim: Size = 16, terms: Annotated[int, Field(ge=1, le=100)] = 2) -> None:
        self.dim, self.terms = dim, terms

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        numbers = torch.rand(*shape, self.dim, self.terms, generator=rng, device=rng.device)
        return math.sqrt(12 / self.terms) * (numbers - 0.5).sum(dim=-1)


class TruncatedNormal(Prior):
    """Normal noise without its tails: each coordinate is normal, given that |z| <= limit.

    z = sqrt(2) * erfinv((2 u - 1) * erf(limit / sqrt(2))), with u uniform: nothing is rejected.

    Args:
        dim: number of coordinates, 1 to 65536.
        limit: the largest |z|, above 0.

    Source: Brock et al. 2019, arXiv:1809.11096 (there for drawing samples only)
    """

    tails = "bounded"

    def __init__(self, dim: Size = 16, limit: PositiveFloat = 2.0) -> None:
        self.dim, self.limit = dim, limit

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        inside = math.erf(self.limit / math.sqrt(2))
        numbers = torch.rand(
            *shape, self.dim, generator=rng, device=rng.device, dtype=torch.float64
        )
        noise = math.sqrt(2) * torch.erfinv((2 * numbers - 1) * inside)
        return noise.clamp(-self.limit, self.limit).to(torch.float32)


class Bernoulli(Prior):
    """Noise of random signs: each coordinate is 1 with probability p, else -1.

    With p = 1/2 it has mean 0 and variance 1. The paper's values are 1 and 0. A generator without
    noise of its own turns it into at most 2^dim different samples; eight signs, 256 points, are
    counted as one dimension.

    Args:
        dim: number of coordinates, 1 to 65536.
        p: probability of 1, between 0 and 1.

    Source: Brock et al. 2019, arXiv:1809.11096 (appendix E)
    """

    tails = "bounded"

    def __init__(self, dim: Size = 16, p: Probability = 0.5) -> None:
        self.dim, self.p, self.intrinsic_dim = dim, p, dim // 8

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        numbers = torch.rand(*shape, self.dim, generator=rng, device=rng.device)
        return 2 * (numbers < self.p).to(torch.float32) - 1


class Hypersphere(Prior):
    """Noise that is uniform on the sphere of radius sqrt(dim).

    z = sqrt(dim) * n / |n| with n standard normal: each coordinate has mean 0 and variance 1. The
    sphere has one dimension less than `dim`; for dim = 1 it is the two points -1 and 1.

    Args:
        dim: number of coordinates, 1 to 65536.

    Source: Karras et al. 2018, arXiv:1710.10196
    """

    tails = "bounded"

    def __init__(self, dim: Size = 16) -> None:
        self.dim, self.intrinsic_dim = dim, dim - 1

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        numbers = torch.randn(
            *shape, self.dim, generator=rng, device=rng.device, dtype=torch.float64
        )
        sphere = math.sqrt(self.dim) * functional.normalize(numbers, dim=-1)
        return sphere.to(torch.float32)


class StudentT(Prior):
    """Noise with Student's t distribution in each coordinate.

    The density of a coordinate is proportional to (1 + z^2 / df)^(-(df + 1) / 2).

    Args:
        dim: number of coordinates, 1 to 65536.
        df: degrees of freedom, 0.5 to 1000; P(|z| > t) falls like t^-df, and the variance is
            infinite up to 2.

    Source: Huster et al. 2021, arXiv:2101.09113 (on heavy tails of noise)
    """

    tails = "heavy"

    def __init__(self, dim: Size = 16, df: TailIndex = 3.0) -> None:
        self.dim, self.df = dim, df

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        return heavy.student_t((*shape, self.dim), self.df, rng)


class Pareto(Prior):
    """Noise with a two-sided Pareto distribution in each coordinate.

    P(|z| > t) = (1 + t)^-alpha, with either sign equally likely: z = s * (u^(-1 / alpha) - 1)
    with u uniform. It is the generalised Pareto law of |z| with shape 1 / alpha, reflected, so
    that there is no gap around 0.

    Args:
        dim: number of coordinates, 1 to 65536.
        alpha: the tail index, 0.5 to 1000; the variance is infinite up to 2.

    Source: Huster et al. 2021, arXiv:2101.09113
    """

    tails = "heavy"

    def __init__(self, dim: Size = 16, alpha: TailIndex = 3.0) -> None:
        self.dim, self.alpha = dim, alpha

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        return heavy.pareto((*shape, self.dim), self.alpha, rng)
