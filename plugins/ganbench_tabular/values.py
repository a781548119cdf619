"""The distinct values of a column, in their own dtype, and columns as plain numbers."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from ganbench.api import SpecError

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

LARGEST = 1e100
"""Beyond it, squares overflow."""


class Values:
    """The values that occur in a column: sorted, in their own dtype, the missing ones last.

    Attributes:
        series: the values, each once. A column of Python objects may have several kinds of
            missing value (None, NaN), and tells 1, 1.0 and True apart.
        present: how many are not missing.
    """

    def __init__(self, column: pd.Series) -> None:
        self._places: dict[Hashable, int] = {}
        if column.dtype == object:
            column = self._objects(column)
        else:
            column = column.drop_duplicates().sort_values()
        self.series = column.reset_index(drop=True)
        self.present = int(self.series.notna().sum())

    @property
    def gaps(self) -> bool:
        """Whether values are missing."""
        return self.present < len(self.series)

    def levels(self) -> tuple[object, ...]:
        """Return the values that are not missing, and None for each kind of missing value."""
        missing = len(self.series) - self.present
        return (*self.series.iloc[: self.present].tolist(), *[None] * missing)

    def find(self, column: pd.Series) -> Places:
        """Return the place of each value (n,), -1 where it is none of these."""
        if self.series.dtype == object:
            places = [self._places.get(key, -1) for key in _keys(column)]
            return np.array(places, dtype=np.int64)
        found: Places = _index(self.series).get_indexer(_index(column)).astype(np.int64)
        return found

    def take(self, places: Places) -> pd.Series:
        """Return the values (n,) at these places."""
        return self.series.iloc[places].reset_index(drop=True)

    def _objects(self, column: pd.Series) -> pd.Series:
        keys = _keys(column)
        try:
            firsts = {key: place for place, key in reversed([*enumerate(keys)])}
        except TypeError:
            kinds = ", ".join(sorted({name for name, _ in keys}))
            raise SpecError(
                f"The column '{column.name}' holds values ({kinds}) that a table cannot tell "
                "apart: leave it out, or store it as numbers or text."
            ) from None
        ordered = _sorted([*firsts])
        self._places = {key: place for place, key in enumerate(ordered)}
        return column.iloc[[firsts[key] for key in ordered]]


def _index(column: pd.Series) -> pd.Index:
    # pandas has no index of float16, and float32 holds each of its values.
    return pd.Index(column.astype("float32") if column.dtype == "float16" else column)


def _keys(column: pd.Series) -> list[tuple[str, Any]]:
    """Return what tells Python objects apart: (name of the type, value), no value if missing."""
    gaps = column.isna()
    return [
        (type(value).__name__, None if gap else value)
        for value, gap in zip(column.to_numpy(dtype=object), gaps, strict=True)
    ]


def _sorted(keys: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Sort by value if values have an order, else by type and text; missing ones come last."""
    present = [key for key in keys if key[1] is not None]
    missing = sorted(key for key in keys if key[1] is None)
    try:
        present.sort(key=lambda key: (key[1], key[0]))
    except TypeError:
        present.sort(key=lambda key: (key[0], repr(key[1])))
    return present + missing


def is_time(column: pd.Series) -> bool:
    """Whether a column holds dates or spans of time."""
    return types.is_datetime64_any_dtype(column.dtype) or types.is_timedelta64_dtype(column.dtype)


def is_number(column: pd.Series) -> bool:
    """Whether a column holds real numbers, which booleans are not."""
    dtype = column.dtype
    if types.is_bool_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype):
        return False
    return types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype)


def as_numbers(column: pd.Series) -> Floats:
    """Return a column of numbers, booleans or times as numbers (n,), NaN where they are missing.

    Times count from the start of 1970, in their own unit.
    """
    if is_time(column):
        ticks: Any = pd.Index(column)
        return np.where(ticks.isna(), np.nan, ticks.asi8.astype(np.float64))
    return np.asarray(column.astype("Float64").to_numpy(dtype=float, na_value=np.nan))


def check_finite(column: pd.Series) -> None:
    """Refuse numbers that are infinite or too large.

    Raises:
        SpecError: naming the column and the row.
    """
    numbers = np.abs(as_numbers(column))
    bad = np.flatnonzero(numbers > LARGEST)
    if len(bad):
        value = column.iloc[int(bad[0])]
        raise SpecError(
            f"The column '{column.name}' has the value {value} in row {bad[0] + 1}: numbers must "
            f"be finite and at most {LARGEST:g}; leave an unknown one empty."
        )
