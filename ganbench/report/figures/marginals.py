"""The laws of the columns of a table, generated ones over the real one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from torch import Tensor

from ganbench.api import Dataset
from ganbench.errors import GanbenchError
from ganbench.report.figures.blocks import in_blocks
from ganbench.report.figures.layout import legend, points, room, ticks_within
from ganbench.report.figures.lettering import inches, printable
from ganbench.report.figures.sections import looks, losses_of
from ganbench.report.figures.style import REAL_COLOUR, SMALL, SMALLEST
from ganbench.report.figures.typical import Cells
from ganbench.report.tables import Section

MAX_COLUMNS = 10
MAX_LEVELS = 8
MISSING, OTHER = "missing", "other"
LEAST = 0.95
"""Inches of a panel that is not alone in its line."""
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


def columns_drawn() -> int:
    """Return how many columns of a table are drawn: where room is short, two lines of them."""
    return min(MAX_COLUMNS, max(6, 2 * int(room() / LEAST)))


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
    names, losses, styles = (
        list(real.columns)[: columns_drawn()],
        losses_of(section),
        looks(section),
    )
    every = [frame for frame in frames.values() if frame is not None]
    laws = [_law(real[name], [frame[name] for frame in every]) for name in names]
    ticks = max((len(text) for law in laws for text in law.names), default=0)
    headings = [
        f"{loss}, {_seeds(cells[p, loss].said for p in styles if (p, loss) in cells)}"
        for loss in losses
    ]
    below = inches(ticks, points("xtick.labelsize"))
    figure, parts, _, width = in_blocks(
        headings, [str(name) for name in names], LEAST, 0.45, below
    )
    for axes, loss in zip(parts, losses, strict=True):
        shown = {p: frame for p in styles if (frame := frames.get((p, loss))) is not None}
        for axis, name, law in zip(axes, names, laws, strict=True):
            columns = {styles[p][0]: _plain(frame[name]) for p, frame in shown.items()}
            axis.set_yticks([])
            axis.spines["left"].set_visible(False)
            (_bars if law.names else _histogram)(axis, law, columns)
    for axis, law in zip(parts[-1], laws, strict=True):
        law.tick(axis, width)
    handles = [Line2D([], [], color=colour, label=p) for p, (colour, _) in styles.items()]
    grey = Patch(color=REAL_COLOUR, alpha=0.6, label="real")
    legend(figure, [grey, *handles])
    return figure


def _seeds(said: Iterable[str]) -> str:
    """Say which seeds are shown, or why none is."""
    every = list(said)
    return f"seed{'s' if len(every) > 1 else ''} {', '.join(every)}"


def _plain(column: "pd.Series[Any]") -> "pd.Series[Any]":
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


@dataclass(frozen=True)
class _Law:
    """How the law of a column is drawn: as bars, or as a histogram.

    Attributes:
        real: the column.
        levels: what each bar counts; none for a histogram.
        names: of the bars, behind those of the levels "missing" and "other".
        bins: ends of those of a histogram.
        dates: whether numbers are days.
    """

    real: "pd.Series[Any]"
    levels: list[Any]
    names: list[str]
    bins: list[float]
    dates: bool

    def tick(self, axis: Axes, width: float) -> None:
        """Name bars, or what numbers there are, below a panel of so many inches."""
        if self.names:
            size = SMALLEST if 0.12 * len(self.names) > width else points("xtick.labelsize")
            axis.set_xticks(range(len(self.names)), self.names, rotation=90, fontsize=size)
            return
        if self.dates:
            _date_ticks(axis, self.bins[0], self.bins[-1])
        else:
            axis.locator_params(axis="x", nbins=ticks_within(width) - 1)
        if self.real.hasnans:
            axis.set_xlabel(f"{self.real.isna().mean():.0%} missing", fontsize=SMALL)


def _law(real: "pd.Series[Any]", fakes: Sequence["pd.Series[Any]"]) -> _Law:
    """Choose how to draw a column, so that all that was generated can be drawn alike."""
    dates = pd.api.types.is_datetime64_any_dtype(real.dtype)
    real, columns = _plain(real), [_plain(column) for column in (real, *fakes)]
    numeric = pd.api.types.is_numeric_dtype(real)
    if numeric and real.nunique() > MAX_LEVELS:
        low, high = real.quantile([0.005, 0.995])
        if low == high:
            low, high = real.min(), real.max()
        return _Law(real, [], [], np.linspace(low, high, 31).tolist(), dates)
    levels = list(real.value_counts().index[:MAX_LEVELS])
    if numeric:
        levels.sort()
    rest = {
        MISSING: any(column.hasnans for column in columns),
        OTHER: not all(column.dropna().isin(levels).all() for column in columns),
    }
    names = [*(_dated(levels) if dates else map(_short, levels)), *(k for k in rest if rest[k])]
    return _Law(real, levels, names, [], dates)


def _histogram(axis: Axes, law: _Law, fake: Mapping[str, "pd.Series[Any]"]) -> None:
    low, high = law.bins[0], law.bins[-1]
    inside = law.real.dropna().clip(low, high)
    axis.hist(inside, law.bins, density=True, color=REAL_COLOUR, alpha=0.6)
    for colour, column in fake.items():
        if column.notna().any():
            inside = column.dropna().clip(low, high)
            axis.hist(inside, law.bins, density=True, color=colour, histtype="step", lw=1.2)


def _date_ticks(axis: Axes, low: float, high: float) -> None:
    """Label the ends and the middle."""
    form = next(form for least, form in DATES if high - low >= least)
    days = (low, (low + high) / 2, high)
    axis.set_xticks(days, [_date(day, form) for day in days], rotation=90)


def _bars(axis: Axes, law: _Law, fake: Mapping[str, "pd.Series[Any]"]) -> None:
    slots = np.arange(len(law.names))

    def shares(column: "pd.Series[Any]") -> list[float]:
        known = [float((column == level).mean()) for level in law.levels]
        missing = float(column.isna().mean())
        more = {MISSING: missing, OTHER: max(0.0, 1 - sum(known) - missing)}
        return [*known, *(more[name] for name in law.names[len(known) :])]

    axis.bar(slots, shares(law.real), 0.9, color=REAL_COLOUR, alpha=0.6)
    for rank, (colour, column) in enumerate(fake.items()):
        thin = 0.8 / len(fake)
        middle = slots + (rank + 0.5) * thin - 0.4
        axis.bar(middle, shares(column), thin, ec=colour, fill=False, lw=1.2)


def _short(level: object) -> str:
    text = f"{level:g}" if isinstance(level, float) else printable(str(level))
    return text if len(text) < 13 else f"{text[:11]}…"


def _dated(days: Sequence[float]) -> list[str]:
    form = "%Y-%m-%d" if all(day == int(day) for day in days) else "%Y-%m-%d %H:%M"
    return [_date(day, form) for day in days]


def _date(day: float, form: str) -> str:
    return (datetime(1970, 1, 1) + timedelta(days=day)).strftime(form)
