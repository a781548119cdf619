"""Samples as plain numbers that densities can be fitted to, and numbers as valid samples."""

from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ganbench.api import Dataset, DataSpec, Span, training_rows

Rows = Annotated[int, Field(ge=2, le=1_000_000)]

NUMBERS = frozenset({"vector", "table", "image"})
"""The data kinds whose values have distances."""


@dataclass(frozen=True)
class Block:
    """Values that belong together in a flat sample: one number, or the one-hot of a category."""

    span: slice
    categorical: bool
    low: float = -torch.inf
    high: float = torch.inf


def blocks(spec: DataSpec) -> list[Block]:
    """List the blocks of a flat sample (size,) in order."""
    found, start = [], 0
    for span in spec.spans:
        stop = start + span.width
        if span.kind == "choice":
            found.append(Block(slice(start, stop), categorical=True))
        else:
            low, high = _bounds(span, spec)
            found += [Block(slice(i, i + 1), False, low, high) for i in range(start, stop)]
        start = stop
    return found


def _bounds(span: Span, spec: DataSpec) -> tuple[float, float]:
    if span.kind == "value":
        return -torch.inf, torch.inf
    return (-1.0 if spec.low is None else spec.low, 1.0 if spec.high is None else spec.high)


def flat_rows(dataset: Dataset, limit: int, rng: torch.Generator) -> Tensor:
    """Return the training rows as float64 (n, size)."""
    return training_rows(dataset, limit, rng).flatten(1).double()


def spread_rows(dataset: Dataset, limit: int, rng: torch.Generator) -> Tensor:
    """Return the training rows (n, size), discrete columns spread, so that they have a density.

    Uniform dequantisation (Theis et al. 2016, arXiv:1511.01844): a value of a column with fewer
    different values than half the rows is moved, at most half-way to its neighbours. Rounding to
    the nearest of the column's values undoes it, as the largest entry of a one-hot does.
    """
    rows = flat_rows(dataset, limit, rng)
    return torch.stack([_spread(column, rng) for column in rows.unbind(dim=1)], dim=1)


def _spread(column: Tensor, rng: torch.Generator) -> Tensor:
    levels, codes = torch.unique(column, return_inverse=True)
    if len(levels) == 1 or 2 * len(levels) >= len(column):
        return column
    gaps = levels.diff()
    below, above = torch.cat([gaps[:1], gaps]), torch.cat([gaps, gaps[-1:]])
    moves = torch.rand(len(column), generator=rng, dtype=column.dtype) - 0.5
    return column + moves * torch.where(moves < 0, below[codes], above[codes])


class Scale:
    """Standardised coordinates of the columns that vary; the others keep their value.

    Args:
        rows: (n, size), of which each column gets mean 0 and standard deviation 1.
    """

    def __init__(self, rows: Tensor) -> None:
        self.constant = rows[0]
        self.varies = rows.amax(dim=0) > rows.amin(dim=0)
        varying = rows[:, self.varies]
        self.mean = varying.mean(dim=0)
        self.std = (varying - self.mean).square().mean(dim=0).sqrt()

    def apply(self, rows: Tensor) -> Tensor:
        """Map rows (n, size) to coordinates (n, varying columns)."""
        return (rows[:, self.varies] - self.mean) / self.std

    def invert(self, coordinates: Tensor) -> Tensor:
        """Map coordinates (n, varying columns) to rows (n, size)."""
        rows = self.constant.repeat(len(coordinates), 1)
        rows[:, self.varies] = coordinates.double() * self.std + self.mean
        return rows


def as_samples(values: Tensor, spec: DataSpec) -> Tensor:
    """Turn numbers (n, size) into samples (n, *shape), float32.

    Of each category the largest entry becomes the one-hot; numbers are kept within the bounds.
    """
    parts = [_part(values[:, block.span], block) for block in blocks(spec)]
    return torch.cat(parts, dim=1).to(torch.float32).reshape(-1, *spec.shape)


def _part(values: Tensor, block: Block) -> Tensor:
    if block.categorical:
        return functional.one_hot(values.argmax(dim=1), values.shape[1]).to(values.dtype)
    return values.clamp(block.low, block.high)


def integer_seed(rng: torch.Generator) -> int:
    """Draw a seed for libraries that take no torch generator."""
    return int(torch.randint(2**31, (), generator=rng))
