"""Tables as checked columns: numbers, and categories as codes that all tables share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

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

    Whether a column holds numbers is decided by the first table.

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
    coded = {
        name: pd.factorize(np.concatenate([part.to_numpy(dtype=object) for part in parts]))
        for name, parts in columns.items()
        if name not in numeric
    }
    return Tables(
        sizes=[len(frame) for frame in frames.values()],
        numbers={
            name: _numbers(name, parts, frames)
            for name, parts in columns.items()
            if name in numeric
        },
        codes={name: codes for name, (codes, _) in coded.items()},
        levels={name: [str(level) for level in levels] for name, (_, levels) in coded.items()},
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
    if gaps := [str(column) for column in frame if frame[column].isna().any()]:
        raise MetricError(f"`{name}` has missing values in the column {listed(gaps)}.")


def _is_numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _numbers(column: str, parts: Sequence[pd.Series], names: Mapping[str, object]) -> Floats:
    columns = []
    for name, values in zip(names, parts, strict=True):
        if not _is_numeric(values):
            raise MetricError(f"`{name}` must hold numbers in the column {column}.")
        columns.append(as_sample(values.to_numpy()[:, None], name)[:, 0])
    return np.concatenate(columns)
