"""Which columns a table has: what cannot be learned is refused, the rest gets a kind."""

import difflib
from collections.abc import Iterable, Sequence

import pandas as pd
from pandas.api import types

from ganbench.api import SpecError
from ganbench_tabular.values import check_finite, is_number, is_time

LEAST_ROWS = 4


def checked(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table that can be learned as it is.

    Raises:
        SpecError: if it has no columns, two of one name, too few rows, a column without any
            value, or numbers that are not finite.
    """
    names = list(frame.columns)
    if not names:
        raise SpecError("The table has no columns.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SpecError(f"The table has more than one column named {_listed(twice)}.")
    if len(frame) < LEAST_ROWS:
        rows = f"{len(frame)} row{'s' * (len(frame) != 1)}"
        raise SpecError(f"The table has {rows}, but at least {LEAST_ROWS} are needed.")
    for name, column in frame.items():
        if column.isna().all():
            raise SpecError(f"The column '{name}' has no values: leave it out.")
        if is_number(column):
            check_finite(column)
    return frame


def check_names(names: Iterable[str], frame: pd.DataFrame, parameter: str) -> None:
    """Refuse names that are no columns.

    Raises:
        SpecError: with the nearest name, or all of them.
    """
    columns = list(frame.columns)
    for name in names:
        if name not in columns:
            close = difflib.get_close_matches(name, columns, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise SpecError(
                f"{parameter}: there is no column '{name}'.{hint} Columns: {_listed(columns)}."
            )


def categorical_columns(
    frame: pd.DataFrame, categorical: Sequence[str], numeric: Sequence[str], most: int
) -> set[str]:
    """Name the categorical columns: those named, and all that hold no numbers or times.

    Raises:
        SpecError: if a name is no column or fits both kinds, if a numeric column holds no
            numbers, or if a categorical one has more than `most` categories.
    """
    check_names(categorical, frame, "categorical")
    check_names(numeric, frame, "numeric")
    if both := sorted({*categorical} & {*numeric}):
        raise SpecError(f"The column {_listed(both)} cannot be both categorical and numeric.")
    chosen = {
        str(name) for name, column in frame.items() if not (is_number(column) or is_time(column))
    }
    for name in numeric:
        if name in chosen and not types.is_bool_dtype(frame[name].dtype):
            raise SpecError(f"numeric: the column '{name}' holds {_example(frame[name])}.")
    chosen = (chosen | {*categorical}) - {*numeric}
    for name in chosen:
        _check_categories(frame[name], most)
    return chosen


def _check_categories(column: pd.Series, most: int) -> None:
    try:
        count = column.nunique(dropna=False)
    except TypeError:  # values that cannot be told apart, which the encoder says better
        return
    if count > most:
        raise SpecError(
            f"The categorical column '{column.name}' has {count} different values, but at most "
            f"{most} are taken: raise max_categories, or leave out a column of names or keys."
        )


def _example(column: pd.Series) -> str:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "categories, which are no numbers"
    first = column.dropna().iloc[0]
    for value in column.dropna():
        try:
            float(value)
        except (TypeError, ValueError):
            first = value
            break
    return f"{first!r}, which is no number"


def _listed(names: Sequence[object], most: int = 20) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
