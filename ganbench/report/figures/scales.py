"""Axes that are logarithmic where values span orders of magnitude."""

import math
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

WIDEST_LINEAR = 30


def log_where_wide(
    axis: Axes,
    which: Literal["x", "y"],
    values: np.ndarray,
    ends: np.ndarray | None = None,
    ticks: int = 4,
) -> None:
    """Make an axis logarithmic where positive values span orders of magnitude; short ticks.

    Where intervals reach zero, the axis is linear around it, from the first decade below which
    one ends, so that all of them are seen.

    Args:
        axis: what is drawn on.
        which: of its two axes.
        values: what is drawn.
        ends: of intervals around them.
        ticks: about how many there is room for.
    """
    coordinate = axis.xaxis if which == "x" else axis.yaxis
    values = values[np.isfinite(values)]
    reach = values if ends is None else np.r_[values, ends[np.isfinite(ends)]]
    if not (values.size and values.min() > 0 and values.max() > WIDEST_LINEAR * values.min()):
        axis.locator_params(axis=which, nbins=ticks)
    elif reach.min() > 0:
        axis.set(**{f"{which}scale": "log"})
        coordinate.set_major_locator(LogLocator(numticks=max(2, ticks)))
        coordinate.set_minor_formatter(NullFormatter())
    else:
        _log_but_for_zero(axis, which, values, reach, ticks)
    coordinate.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))


def _log_but_for_zero(
    axis: Axes, which: Literal["x", "y"], values: np.ndarray, reach: np.ndarray, most: int
) -> None:
    """Draw decades as a logarithmic axis does, and what is around zero as a linear one."""
    first = _decade(max(-reach.min(), values.min()))
    last = max(first + 1, _decade(reach.max()))
    step = -(-(last - first) // max(1, most - 1))
    ticks = [10.0**power for power in range(last, first - 1, -step)]
    below = [-(10.0**first)] if reach.min() < -0.3 * 10.0**first else []
    scale = {"linthresh": 10.0**first, "linscale": 1.0}
    (axis.set_xscale if which == "x" else axis.set_yscale)("symlog", **scale)
    coordinate = axis.xaxis if which == "x" else axis.yaxis
    coordinate.set_major_locator(FixedLocator([*below, 0.0, *ticks]))
    coordinate.set_minor_locator(NullLocator())


def _decade(value: float) -> int:
    """Return the power of ten from which on a number is below."""
    return math.ceil(math.log10(value) - 1e-9)
