"""Columns as blocks of the tensor that players see, and back."""

from typing import Protocol

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pandas.api import types
from torch import Tensor
from torch.nn import functional

from ganbench.api import Column, Span
from ganbench_tabular.codes import FURTHEST, distinct
from ganbench_tabular.scales import Scale
from ganbench_tabular.values import Floats, Places, Values, as_numbers

GAP = Span(2, "choice")
"""Whether a number is there, or missing."""


class Codec(Protocol):
    """One column as a block (n, width) of the tensor, and back."""

    column: Column

    def encode(self, column: pd.Series) -> Tensor:
        """Turn values (n,) into a block; those that occur in the table can be had back."""
        ...

    def project(self, block: Tensor) -> Tensor:
        """Turn any block into one that values have."""
        ...

    def decode(self, block: Tensor) -> pd.Series:
        """Turn any block on the CPU into values of the original dtype."""
        ...


class Categories:
    """A one-hot with a place for each category, the kinds of missing value last."""

    def __init__(self, column: pd.Series) -> None:
        self.values = Values(column)
        self.column = Column(str(column.name), "categorical", self.values.levels())

    def encode(self, column: pd.Series) -> Tensor:
        """Return one-hots, all zero for unknown categories."""
        hot = self.values.find(column)[:, None] == np.arange(len(self.values.series))
        return torch.from_numpy(hot).to(torch.float32)

    def project(self, block: Tensor) -> Tensor:
        """Choose the largest entry."""
        return functional.one_hot(block.argmax(dim=1), block.shape[1]).to(block.dtype)

    def decode(self, block: Tensor) -> pd.Series:
        """Return the category of the largest entry."""
        return self.values.take(block.argmax(dim=1).numpy())


class NumberValues:
    """The numbers that occur in a column, as every encoder of numbers needs them.

    Attributes:
        values: the values that occur.
        numbers: those that are not missing, as ascending float64.
        discrete: whether there are no others: whole numbers, times, or few values.
        levels: of the `Column`.
    """

    def __init__(self, column: pd.Series, max_levels: int) -> None:
        self.values = Values(column)
        self.numbers: Floats = as_numbers(self.values.series)[: self.values.present]
        few = self.values.present <= max_levels
        self.discrete = few or not types.is_float_dtype(column.dtype)
        self.levels = self.values.levels()[: self.values.present] if self.discrete else ()

    def column(self, name: str, spans: tuple[Span, ...]) -> Column:
        """Describe the column, with a choice for its gaps where it has any."""
        gap = (GAP,) if self.values.gaps else ()
        return Column(name, "numeric", self.levels, spans + gap)

    def with_gaps(self, block: Tensor, numbers: Floats) -> Tensor:
        """Append which of the numbers (n,) are missing, where a column has gaps."""
        if not self.values.gaps:
            return block
        gap = torch.from_numpy(np.isnan(numbers)).to(block)
        return torch.cat([block, (1 - gap)[:, None], gap[:, None]], dim=1)

    def missing(self, block: Tensor) -> NDArray[np.bool_] | None:
        """Return which rows (n,) of a block are missing, None if the column has no gaps."""
        if not self.values.gaps:
            return None
        return (block[:, -1] > block[:, -2]).numpy()

    def take(self, places: Places, between: Floats | None, block: Tensor) -> pd.Series:
        """Return values of the original dtype.

        Args:
            places: of the values that are nearest.
            between: numbers that stand in their place, NaN where the nearest is meant.
            block: says which are missing.
        """
        missing = self.missing(block)
        if missing is not None:
            places = np.where(missing, self.values.present, places)
        values = self.values.take(places)
        if between is None or self.discrete:
            return values
        given = np.isnan(between) if missing is None else np.isnan(between) | missing
        inside = np.clip(between, self.numbers[0], self.numbers[-1])
        return values.where(given, pd.Series(inside).astype(values.dtype))


class Scaled:
    """One number on a scale, which is 0 where it is missing, and whether it is missing.

    A code that occurs is decoded by looking it up: arithmetic would not give the value back
    exactly. The codes of different values differ.

    Args:
        column: all values.
        max_levels: up to how many distinct values count as discrete.
        scale: from numbers to codes.
    """

    def __init__(self, column: pd.Series, max_levels: int, scale: Scale) -> None:
        self.known = NumberValues(column, max_levels)
        self.scale = scale
        self.column = self.known.column(str(column.name), (Span(1, "value"),))
        self.codes = torch.from_numpy(distinct(scale.forward(self.known.numbers)))

    def encode(self, column: pd.Series) -> Tensor:
        """Return codes (n, 1), and (n, 2) more of gaps."""
        numbers, places = as_numbers(column), self.known.values.find(column)
        there, known = ~np.isnan(numbers), (places >= 0) & (places < self.known.values.present)
        codes = np.zeros(len(numbers), dtype=np.float32)
        codes[known] = self.codes.numpy()[places[known]]
        new = there & ~known
        if new.any():
            codes[new] = np.clip(self.scale.forward(numbers[new]), -FURTHEST, FURTHEST)
        return self.known.with_gaps(torch.from_numpy(codes)[:, None], numbers)

    def project(self, block: Tensor) -> Tensor:
        """Keep to the levels, or to the range."""
        codes, numbers = self.codes.to(block), block[:, :1]
        if self.known.discrete:
            numbers = codes[self._nearest(numbers)]
        else:
            numbers = numbers.clamp(codes[0], codes[-1])
        if not self.known.values.gaps:
            return numbers
        gap = (block[:, 2:] > block[:, 1:2]).to(block.dtype)
        return torch.cat([numbers * (1 - gap), 1 - gap, gap], dim=1)

    def decode(self, block: Tensor) -> pd.Series:
        """Look up codes that occur, and compute the others."""
        places = self._nearest(block[:, :1])
        between = None
        if not self.known.discrete:
            unseen = (self.codes.to(block)[places] != block[:, :1])[:, 0].numpy()
            raw = block[:, 0].double().numpy()
            between = np.where(unseen, self.scale.inverse(raw), np.nan)
        return self.known.take(places[:, 0].numpy(), between, block)

    def _nearest(self, numbers: Tensor) -> Tensor:
        # In double, since between neighbouring float32 codes there is no float32 middle.
        codes = self.codes.to(numbers.device, torch.float64)
        return torch.searchsorted((codes[1:] + codes[:-1]) / 2, numbers.double().contiguous())
