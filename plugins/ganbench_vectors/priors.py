"""Noise with independent coordinates."""

import torch
from torch import Tensor

from ganbench.api import Prior, Size


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
