"""Random numbers with tails that fall like a power, by inversion of exact distribution functions.

Uniform numbers are drawn in double precision: those of single precision end at 2^-24, where such
tails still matter.
"""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

TailIndex = Annotated[float, Field(ge=0.5, le=1000)]
"""P(|x| > t) falls like t to the minus this; below 0.5 single precision would overflow."""


def student_t(shape: tuple[int, ...], df: float, rng: torch.Generator) -> Tensor:
    """Draw Student's t with `df` degrees of freedom (Bailey 1994, Mathematics of Computation 62).

    The polar method without rejection: sqrt(df * (u^(-2 / df) - 1)) * cos(2 pi v).
    """
    radius = (df * (_uniform(shape, rng) ** (-2 / df) - 1)).sqrt()
    return (radius * torch.cos(2 * torch.pi * _uniform(shape, rng))).to(torch.float32)


def pareto(shape: tuple[int, ...], alpha: float, rng: torch.Generator) -> Tensor:
    """Draw the two-sided Pareto law on the real line, P(|x| > t) = (1 + t)^-alpha."""
    size = _uniform(shape, rng) ** (-1 / alpha) - 1
    return torch.where(_uniform(shape, rng) > 0.5, size, -size).to(torch.float32)


def _uniform(shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
    """Draw uniform numbers on (0, 1]."""
    return 1 - torch.rand(shape, generator=rng, device=rng.device, dtype=torch.float64)
