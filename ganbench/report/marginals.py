"""The laws of the columns of a table, generated ones over the real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from torch import Tensor

from ganbench.api import Dataset
from ganbench.errors import GanbenchError
from ganbench.report.plots import (
    REAL_COLOUR,
    canvas,
    label,
    least,
    legend,
    looks,
    losses_of,
    printable,
)
from ganbench.report.tables import Section

MAX_COLUMNS = 10
MAX_LEVELS = 8
DAYS = (-719162, 2932896)
"""From year 1 to 9999, in days from 1970: dates beyond cannot be drawn."""
DATES = (
    (20 * 365, "%Y"),
    (120, "%Y-%m"),
    (4, "%Y-%m-%d"),
    (0.02, "%m-%d %H:%M"),
    (0, "%H:%M:%S"),
)
"""(least span in days, format of its ticks)."""


T = TypeVar("T")


class Drawn(NamedTuple, Generic[T]):
    """What a panel shows of one seed of a cell, or why there is nothing to show.

    Attributes:
        said: the seed, or the reason.
        x: its samples, or what was made of them.
    """

    said: str
    x: T | None


Cells = Mapping[tuple[str, str], Drawn[Tensor]]
"""(architecture, loss) -> what was drawn."""


def line(section: Section, cells: Cells, real: Tensor) -> Figure:
    """Draw samples of one number as the law of a column."""
    frames = {key: _frame(cell.x, ["value"]) for key, cell in cells.items()}
    return _marginals(section, cells, frames, _frame(real, ["value"]))


def _frame(x: Tensor | None, names: Sequence[str]) -> pd.DataFrame | None:
    return None if x is None else pd.DataFrame(x.flatten(1).numpy(), columns=list(names))


def tables(section: Section, cells: Cells, data: Dataset, real: Tensor) -> Figure:
    """Draw the columns of the original table."""
    frames = {
        key: None if cell.x is None else data.to_frame(cell.x) for key, cell in cells.items()
    }
    return _marginals(section, cells, frames, data.to_frame(real))


def _marginals(
    section: Section,
    cells: Cells,
    frames: Mapping[tuple[str, str], pd.DataFrame | None],
    real: pd.DataFrame | None,
) -> Figure:
    """Draw the law of every column: losses below each other, architectures as colours."""
    if real is None:
        raise GanbenchError(f"Samples of '{section.dataset}' cannot be shown as a table")
    names, losses, styles = list(real.columns)[:MAX_COLUMNS], losses_of(section), looks(section)
    width = max(1.4, min(2.6, 10 / len(names)))
    figure = canvas(max(least(), 1.0 + width * len(names)), 1.2 + 1.3 * len(losses))
    grid = figure.subplots(len(losses), len(names), sharex="col", squeeze=False)
    for axes, loss in zip(grid, losses, strict=True):
        shown = {p: frame for p in styles if (frame := frames.get((p, loss))) is not None}
        said = ", ".join(cells[p, loss].said for p in styles if (p, loss) in cells)
        plural = "seeds" if "," in said else "seed"
        text = f"{label(loss)}\n{label(f'{plural} {said}')}"
        axes[0].set_ylabel(text, rotation=0, ha="right", va="center")
        for axis, name in zip(axes, names, strict=True):
            columns = {styles[p][0]: _plain(frame[name]) for p, frame in shown.items()}
            dates = pd.api.types.is_datetime64_any_dtype(real[name].dtype)
            _marginal(axis, _plain(real[name]), columns, dates)
    for axis, name in zip(grid[0], names, strict=True):
        axis.set_title(label(str(name), 12, 3))
    handles = [Line2D([], [], color=colour, label=p) for p, (colour, _) in styles.items()]
    grey = Patch(color=REAL_COLOUR, alpha=0.6, label="real")
    legend(figure, [grey, *handles])
    return figure


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return numbers as floats, times in days, categories as they are, None where missing."""
    types = pd.api.types
    shown: Any = column
    if types.is_datetime64_any_dtype(column.dtype):
        shown = shown.dt.tz_localize(None) - pd.Timestamp(1970, 1, 1)
        shown = (shown / pd.Timedelta(days=1)).clip(*DAYS)
    elif types.is_timedelta64_dtype(column.dtype):
        shown = shown / pd.Timedelta(days=1)
    elif types.is_numeric_dtype(column.dtype) and not types.is_bool_dtype(column.dtype):
        shown = shown.astype("Float64").astype("float64")
    elif column.hasnans:
        shown = shown.astype(object).where(shown.notna(), None)
    whole: pd.Series[Any] = shown
    return whole


def _marginal(
    axis: Axes, real: pd.Series[Any], fake: Mapping[str, pd.Series[Any]], dates: bool
) -> None:
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    if pd.api.types.is_numeric_dtype(real) and real.nunique() > MAX_LEVELS:
        _histogram(axis, real, fake, dates)
    else:
        _bars(axis, real, fake, dates)


def _histogram(
    axis: Axes, real: pd.Series[Any], fake: Mapping[str, pd.Series[Any]], dates: bool
) -> None:
    low, high = real.quantile([0.005, 0.995])
    if low == high:
        low, high = real.min(), real.max()
    bins = np.linspace(low, high, 31).tolist()
    axis.hist(real.dropna().clip(low, high), bins, density=True, color=REAL_COLOUR, alpha=0.6)
    for colour, column in fake.items():
        if column.notna().any():
            inside = column.dropna().clip(low, high)
            axis.hist(inside, bins, density=True, color=colour, histtype="step", lw=1.2)
    if dates:
        _date_ticks(axis, low, high)
    else:
        axis.locator_params(axis="x", nbins=4)
    place = axis.get_subplotspec()
    if real.hasnans and place is not None and place.is_last_row():
        axis.set_xlabel(f"{real.isna().mean():.0%} missing", fontsize=7)


def _date_ticks(axis: Axes, low: float, high: float) -> None:
    """Label the ends and the middle."""
    form = next(form for least, form in DATES if high - low >= least)
    days = (low, (low + high) / 2, high)
    axis.set_xticks(days, [_date(day, form) for day in days], rotation=90)


def _bars(
    axis: Axes, real: pd.Series[Any], fake: Mapping[str, pd.Series[Any]], dates: bool
) -> None:
    levels = list(real.value_counts().index[:MAX_LEVELS])
    if pd.api.types.is_numeric_dtype(real):
        levels.sort()
    columns = (real, *fake.values())
    rest = {
        "missing": any(column.hasnans for column in columns),
        "other": not all(column.dropna().isin(levels).all() for column in columns),
    }
    names = [*(_dated(levels) if dates else map(_short, levels)), *(k for k in rest if rest[k])]
    slots = np.arange(len(names))

    def shares(column: pd.Series[Any]) -> list[float]:
        known = [float((column == level).mean()) for level in levels]
        missing = float(column.isna().mean())
        more = {"missing": missing, "other": max(0.0, 1 - sum(known) - missing)}
        return [*known, *(more[name] for name in more if rest[name])]

    axis.bar(slots, shares(real), 0.9, color=REAL_COLOUR, alpha=0.6)
    for rank, (colour, column) in enumerate(fake.items()):
        thin = 0.8 / len(fake)
        middle = slots + (rank + 0.5) * thin - 0.4
        axis.bar(middle, shares(column), thin, ec=colour, fill=False, lw=1.2)
    axis.set_xticks(slots, names, rotation=90)


def _short(level: object) -> str:
    text = f"{level:g}" if isinstance(level, float) else printable(str(level))
    return text if len(text) < 13 else f"{text[:11]}…"


def _dated(days: Sequence[float]) -> list[str]:
    form = "%Y-%m-%d" if all(day == int(day) for day in days) else "%Y-%m-%d %H:%M"
    return [_date(day, form) for day in days]


def _date(day: float, form: str) -> str:
    return (datetime(1970, 1, 1) + timedelta(days=day)).strftime(form)
