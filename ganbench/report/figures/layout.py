"""How wide figures are, and what their panels, titles and legends get of it."""

import functools
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ganbench.report.figures.lettering import height, inches, label, letters
from ganbench.report.figures.style import COLUMN, STYLE
from ganbench.report.tables import wrapped

P = ParamSpec("P")
T = TypeVar("T")

PAGE = 11.0
"""Inches that figures may have where nothing else is said."""
LINE = 0.15
"""Inches of a line of text."""
_TITLE = 10.0
_COLUMN: ContextVar[float | None] = ContextVar("_COLUMN", default=None)


@contextmanager
def laid_out(width: float) -> Iterator[None]:
    """Lay figures out for the column of a paper.

    None is wider, letters are smaller, and there is no title, since the caption says it.

    Args:
        width: of the column in inches, 2.5 or more.
    """
    token = _COLUMN.set(width)
    try:
        yield
    finally:
        _COLUMN.reset(token)


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """Let a function draw in the style of the page, or of a column."""

    @functools.wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> T:
        with matplotlib.rc_context(STYLE | (COLUMN if _COLUMN.get() else {})):
            return draw(*args, **kwargs)

    return inside


def room() -> float:
    """Return the most inches that a figure may have."""
    return _COLUMN.get() or PAGE


def canvas(width: float, height: float) -> Figure:
    """Return an empty figure that no global state knows of, as wide as asked or as there is room.

    Args:
        width: in inches.
        height: in inches.
    """
    figure = Figure(figsize=(min(width, room()), height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03)  # type: ignore[call-arg, union-attr]
    FigureCanvasAgg(figure)
    return figure


def side_by_side(
    count: int, widest: float, least: float, beside: float = 0.0
) -> tuple[int, float]:
    """Return how many panels stand in a row, and the inches of each.

    Args:
        count: of all panels.
        widest: inches of a panel where there is room.
        least: inches of a panel in a column, if it is not alone in its row; elsewhere panels
            are hardly narrower than they may be.
        beside: inches that something else takes.
    """
    free = room() - beside
    each = min(widest, max(least if _COLUMN.get() else 0.9 * widest, free / count))
    most = max(1, int(free / each + 1e-6))
    rows = -(-count // most)
    per_row = -(-count // rows)
    return per_row, min(widest, free / per_row)


def points(name: Any) -> float:
    """Return the size of some text in the present style, such as "axes.titlesize"."""
    return float(matplotlib.rcParams[name])


def title(figure: Figure, text: str) -> None:
    """Put a title over all panels, in as many lines as the width asks for; none in a column."""
    if _COLUMN.get():
        return
    width = letters(figure.get_figwidth(), 1.1 * _TITLE)
    pieces = wrapped(text, width).split("\n")
    lines = [line for piece in pieces for line in textwrap.wrap(piece, width)]
    figure.set_figheight(figure.get_figheight() + 0.19 * len(lines))
    figure.suptitle("\n".join(lines), fontsize=_TITLE)


def heading(axis: Axes, text: str) -> None:
    """Make a panel the heading of those below it."""
    axis.set_axis_off()
    axis.text(0, 0, text, fontweight="bold", fontsize=points("axes.titlesize"))


def name_below(axes: Sequence[Axes], per_row: int, text: str, width: float) -> None:
    """Name the horizontal axis below those panels that have no other one below them.

    Args:
        axes: the panels, line by line.
        per_row: panels of a line.
        text: the name.
        width: of a panel in inches.
    """
    for axis in axes[max(0, len(axes) - per_row) :]:
        axis.set_xlabel(label(text, letters(width - 0.3, points("axes.labelsize"))))


def ticks_within(width: float) -> int:
    """Return how many numbers fit below a panel of so many inches."""
    return max(1, min(4, int(width / 0.4)))


def legend(figure: Figure, handles: Sequence[Line2D | Patch]) -> None:
    """Put a legend below all panels, in as many columns as fit, and make room for it."""
    size, width = points("legend.fontsize"), figure.get_figwidth()
    most = min(44, letters(width - 0.7, size))
    for handle in handles:
        handle.set_label(label(str(handle.get_label()), most, 5))
    names = [str(handle.get_label()) for handle in handles]
    longest = max(len(line) for name in names for line in name.split("\n"))
    ncols = min(len(handles), max(1, int(width / (0.42 + inches(longest, size)))))
    lines = -(-len(handles) // ncols) * height(names)
    figure.set_figheight(figure.get_figheight() + 0.019 * size * lines)
    figure.legend(handles=handles, loc="outside lower center", ncols=ncols, columnspacing=1.2)


def scale_below(figure: Figure, colours: str, scale: Normalize, text: str) -> None:
    """Say below all panels what their colours mean, and make room for it."""
    figure.set_figheight(figure.get_figheight() + 0.5)
    bar = figure.colorbar(
        ScalarMappable(scale, colours), ax=figure.axes, location="bottom", fraction=0.05,
        shrink=min(1.0, 4 / figure.get_figwidth()), aspect=40, pad=0.02,
    )  # fmt: skip
    bar.set_label(text)
    bar.outline.set_visible(False)
