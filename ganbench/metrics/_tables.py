"""Tables as checked columns: numbers, and categories as codes that all tables share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganbench.errors import MetricError
from ganbench.metrics._checks import Floats, as_sample, listed

Codes = NDArray[np.int64]
Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True)
class Tables:
    """Rows of several tables with the same columns, one table after the other.

    Attributes:
        sizes: rows of each table.
        numbers: values (N,) of each numeric column.
        codes: categories (N,) of each other column, from 0 in order of appearance.
        levels: the categories of each, as text.
    """

    sizes: Sequence[int]
    numbers: Mapping[str, Floats]
    codes: Mapping[str, Codes]
    levels: Mapping[str, Sequence[str]]

    def split(self, values: NDArray[Value]) -> list[NDArray[Value]]:
        """Divide what belongs to all rows (N, ...) into the tables."""
        return np.split(values, np.cumsum(self.sizes)[:-1])


def as_tables(frames: Mapping[str, pd.DataFrame], least: int = 2) -> Tables:
    """Check tables and divide their columns by dtype: numbers, and all else categories.

    Whether a column holds numbers is decided by the first table. Dates and spans of time are
    numbers, in seconds. Missing is a category; where a column of numbers has gaps in any of the
    tables, the first table's mean fills them, and whether a number was missing is a categorical
    column of its own, "NAME is missing".

    Args:
        frames: by the name of the argument.
        least: rows that each must have.

    Raises:
        MetricError: naming the argument and what is wrong with it.
    """
    first_name, first = next(iter(frames.items()))
    for name, frame in frames.items():
        _check(name, frame, first_name, first, least)
    columns = {
        str(column): [frame[column] for frame in frames.values()] for column in first.columns
    }
    numeric = {name for name, (values, *_) in columns.items() if _is_numeric(values)}
    numbers, coded = {}, {}
    for name, parts in columns.items():
        if name not in numeric:
            coded[name] = _coded(np.concatenate([_categories(part) for part in parts]))
            continue
        numbers[name], gaps = _numbers(name, parts, frames)
        if gaps.any():
            coded[f"{name} is missing"] = _coded(gaps.astype(object))
    return Tables(
        sizes=[len(frame) for frame in frames.values()],
        numbers=numbers,
        codes={name: codes for name, (codes, _) in coded.items()},
        levels={name: levels for name, (_, levels) in coded.items()},
    )


def _check(
    name: str, frame: pd.DataFrame, first_name: str, first: pd.DataFrame, least: int
) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise MetricError(f"`{name}` must be a pandas DataFrame, not a {type(frame).__name__}.")
    if not frame.columns.is_unique or len(frame.columns) == 0:
        raise MetricError(f"`{name}` must have columns, each with a name of its own.")
    if odd := [str(column) for column in first.columns.symmetric_difference(frame.columns)]:
        raise MetricError(f"`{name}` must have the columns of `{first_name}`; see {listed(odd)}.")
    if len(frame) < least:
        raise MetricError(f"`{name}` has {len(frame)} rows, but at least {least} are needed.")


def _is_numeric(values: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(values):
        return False
    return pd.api.types.is_numeric_dtype(values) or _is_time(values)


def _is_time(values: pd.Series) -> bool:
    types = pd.api.types
    return types.is_datetime64_any_dtype(values.dtype) or types.is_timedelta64_dtype(values.dtype)


def _categories(values: pd.Series) -> NDArray[np.object_]:
    """Return the values as objects, None for every kind of missing value."""
    categories: NDArray[np.object_] = values.astype(object).to_numpy(copy=True)
    categories[values.isna().to_numpy(dtype=bool)] = None
    return categories


def _coded(values: NDArray[np.object_]) -> tuple[Codes, list[str]]:
    codes, levels = pd.factorize(values, use_na_sentinel=False)
    return codes, ["missing" if pd.isna(level) else str(level) for level in levels]


def _numbers(
    column: str, parts: Sequence[pd.Series], names: Mapping[str, object]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the numbers of all tables, and which were missing and are now the first's mean."""
    for name, values in zip(names, parts, strict=True):
        if not _is_numeric(values):
            raise MetricError(f"`{name}` must hold numbers in the column {column}.")
    gaps = [values.isna().to_numpy(dtype=bool) for values in parts]
    if gaps[0].all():
        raise MetricError(f"`{next(iter(names))}` has no numbers in the column {column}.")
    filled = [_floats(values) for values in parts]
    mean = filled[0][~gaps[0]].mean()
    columns = [
        as_sample(np.where(gap, mean, numbers)[:, None], name, least=1)[:, 0]
        for name, gap, numbers in zip(names, gaps, filled, strict=True)
    ]
    return np.concatenate(columns), np.concatenate(gaps)


def _floats(values: pd.Series) -> Floats:
    """Return numbers, or times in seconds, with NaN where they are missing."""
    if not _is_time(values):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    ticks: Any = pd.Index(values)
    seconds: Floats = ticks.as_unit("ns").asi8 / 1e9
    return seconds
