"""Noise of several pieces, so that a smooth generator can reach modes that lie apart."""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ganbench.api import PositiveFloat, Prior, Size, SpecError


class OneHot(Prior):
    """A random category as a one-hot, beside normal coordinates.

    The first `categories` coordinates are a one-hot of a category, all equally likely; the others
    are std times standard normal numbers.

    Args:
        dim: number of all coordinates, at least `categories`, up to 65536.
        categories: number of categories, 1 to 65536.
        std: of the normal coordinates, above 0; the paper's is 0.1.

    Source: Mukherjee et al. 2019, arXiv:1809.03627 (ClusterGAN)
    """

    def __init__(self, dim: Size = 16, categories: Size = 8, std: PositiveFloat = 1.0) -> None:
        if dim < categories:
            raise SpecError(f"onehot: dim = {dim} is too few for {categories} categories.")
        self.dim, self.categories, self.std = dim, categories, std
        self.intrinsic_dim = dim - categories

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        rest = (*shape, self.dim - self.categories)
        normal = torch.randn(rest, generator=rng, device=rng.device)
        return torch.cat([_one_hot(shape, self.categories, rng), self.std * normal], dim=-1)


class Mixture(Prior):
    """A mixture of equally likely isotropic Gaussians with fixed centres.

    z = c_k + std * n, with k a random component and n standard normal. The centres c are uniform
    on [-spread, spread] in each coordinate, from `numpy.random.default_rng(0)`: the same in every
    run with the same number of components and coordinates.

    Args:
        dim: number of coordinates, 1 to 65536.
        components: number of Gaussians, 1 to 65536.
        spread: the largest coordinate of a centre, above 0.
        std: standard deviation of each Gaussian, above 0.

    Source: Ben-Yosef & Weinshall 2018, arXiv:1808.10356 (static GM-GAN)
    """

    def __init__(
        self,
        dim: Size = 16,
        components: Size = 8,
        spread: PositiveFloat = 1.0,
        std: PositiveFloat = 0.25,
    ) -> None:
        self.dim, self.std = dim, std
        stream = np.random.default_rng(0)
        self.centers = spread * stream.uniform(-1, 1, (components, dim)).astype(np.float32)

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        centers = torch.from_numpy(self.centers).to(rng.device)
        picks = torch.randint(len(centers), shape, generator=rng, device=rng.device)
        normal = torch.randn(*shape, self.dim, generator=rng, device=rng.device)
        return centers[picks] + self.std * normal


class LearnedMixture(Prior):
    """A mixture of equally likely Gaussians whose means and deviations the generator learns.

    z = m_k + s_k * n, with k a random component and n standard normal; m starts uniform on
    [-1, 1), and s = exp(t) > 0 from `std`. They follow the generator's gradients. The paper also
    adds to the generator's objective a term that keeps s from vanishing; here nothing does.

    Args:
        dim: number of coordinates, 1 to 65536.
        components: number of Gaussians, 1 to 65536.
        std: the deviations at the start, above 0; the paper's is 0.2.

    Source: Gurumurthy et al. 2017, arXiv:1706.02071 (DeLiGAN)
    """

    def __init__(self, dim: Size = 16, components: Size = 8, std: PositiveFloat = 0.2) -> None:
        self.dim, self.components, self.std = dim, components, std

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw a one-hot of the component and normal numbers (*shape, components + dim)."""
        normal = torch.randn(*shape, self.dim, generator=rng, device=rng.device)
        return torch.cat([_one_hot(shape, self.components, rng), normal], dim=-1)

    def network(self) -> nn.Module:
        """Return the network that turns these numbers into noise (B, dim)."""
        return _Components(self.components, self.dim, self.std)


class _Components(nn.Module):
    """Means and deviations of a mixture: (B, components + dim) -> (B, dim)."""

    def __init__(self, components: int, dim: int, std: float) -> None:
        super().__init__()
        self.sizes = [components, dim]
        self.means = nn.Parameter(2 * torch.rand(components, dim) - 1)
        self.log_stds = nn.Parameter(torch.full((components, dim), math.log(std)))

    def forward(self, x: Tensor) -> Tensor:
        pick, normal = torch.split(x, self.sizes, dim=1)
        return pick @ self.means + (pick @ self.log_stds).exp() * normal


def _one_hot(shape: tuple[int, ...], categories: int, rng: torch.Generator) -> Tensor:
    """Draw one-hots of equally likely categories (*shape, categories)."""
    picks = torch.randint(categories, shape, generator=rng, device=rng.device)
    return functional.one_hot(picks, categories).to(torch.float32)
