"""How variants stand over many datasets: critical differences and performance profiles."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from ganbench.errors import GanbenchError
from ganbench.report.figures.layout import LINE, canvas, legend, points, room, styled, title
from ganbench.report.figures.lettering import label, letters
from ganbench.report.figures.style import dashes, palette


@styled
def critical_differences(
    ranks: Mapping[str, float],
    groups: Sequence[Collection[str]],
    *,
    cd: float | None = None,
    heading: str = "mean rank over datasets, 1 is best",
) -> Figure:
    """Draw mean ranks on a line; a bar joins variants that are not told apart.

    Args:
        ranks: variant -> mean rank, from 1.
        groups: variants that a test does not tell apart; a bar joins each group.
        cd: the critical difference, where the test has one; the heading says it.
        heading: what the ranks are.

    Raises:
        GanbenchError: if there are fewer than two variants.

    References:
        Demsar 2006, JMLR 7. Benavoli, Corani & Mangili 2016, JMLR 17 (groups by Wilcoxon-Holm).
    """
    if len(ranks) < 2:
        raise GanbenchError("Ranks need two variants or more")
    ordered = sorted(ranks, key=ranks.__getitem__)
    joined = [group for group in groups if len(group) > 1]
    wide = min(26, letters(0.27 * room(), points("xtick.labelsize")))
    names = {name: label(name, wide, 4) for name in ordered}
    half = -(-len(ordered) // 2)
    left, right = ordered[:half], ordered[half:][::-1]
    first, last = 1.0, max(float(len(ranks)), *ranks.values())
    depth = 0.16 * len(joined) + 0.1
    height = depth + max(_stack(left, names), _stack(right, names))
    figure = canvas(6.0, 0.9 + height)
    axis = figure.subplots()
    axis.set(xlim=(first - 0.02 * (last - first), last + 0.02 * (last - first)), yticks=[])
    axis.set_ylim(height, -0.25)
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.spines["top"].set_visible(True)
    axis.spines["top"].set_position(("data", 0))
    axis.xaxis.tick_top()
    axis.set_xticks(np.arange(1, len(ranks) + 1) if len(ranks) < 16 else np.linspace(1, last, 6))
    axis.spines["top"].set_bounds(first, last)
    for line, group in enumerate(sorted(joined, key=lambda each: min(ranks[n] for n in each))):
        low, high = (pick(ranks[name] for name in group) for pick in (min, max))
        y = 0.16 * (line + 1)
        axis.plot([low, high], [y, y], color="0.15", lw=3, solid_capstyle="round")
    _elbows(axis, left, ranks, names, depth, "left")
    _elbows(axis, right, ranks, names, depth, "right")
    if cd is not None:
        heading = f"{heading}; critical difference {cd:.2f}"
    title(figure, heading)
    return figure


def _stack(side: Sequence[str], names: Mapping[str, str]) -> float:
    """Return the inches that names below each other take."""
    return sum(LINE * (names[name].count("\n") + 1) + 0.06 for name in side) + 0.1


def _elbows(
    axis: Axes,
    side: Sequence[str],
    ranks: Mapping[str, float],
    names: Mapping[str, str],
    depth: float,
    where: str,
) -> None:
    """Lead a line from each rank down and out to its name."""
    y, at_left = depth, where == "left"
    for name in side:
        lines = names[name].count("\n") + 1
        y += LINE * lines / 2 + 0.03
        end, gap = (0.0, -0.01) if at_left else (1.0, 0.01)
        x = axis.get_xlim()[0 if at_left else 1]
        axis.plot([ranks[name], ranks[name], x], [0, y, y], color="0.45", lw=0.8, clip_on=False)
        axis.text(
            end + gap, y, f"{names[name]}  {ranks[name]:.2f}" if at_left else
            f"{ranks[name]:.2f}  {names[name]}", transform=axis.get_yaxis_transform(),
            ha="right" if at_left else "left", va="center", fontsize=points("xtick.labelsize"),
        )  # fmt: skip
        y += LINE * lines / 2 + 0.03


@styled
def performance_profiles(
    profiles: pd.DataFrame, *, heading: str = "share of runs with a normalised score above"
) -> Figure:
    """Draw, for each variant, the share of runs that score above each threshold.

    Args:
        profiles: one row for each variant and threshold, with the columns variant, threshold,
            share (0 to 1), low and high (ends of its interval, NaN where there is none).
        heading: what is drawn.

    Raises:
        GanbenchError: if there are no rows.

    References:
        Agarwal et al. 2021, arXiv:2108.13264, section 4.2.
    """
    if profiles.empty:
        raise GanbenchError("Profiles need a variant and a threshold or more")
    variants = list(dict.fromkeys(profiles["variant"]))
    figure = canvas(5.0, min(3.0, 0.75 * room()))
    axis = figure.subplots()
    colours, styles = palette(len(variants)), dashes(len(variants))
    handles = []
    for variant, colour, dash in zip(variants, colours, styles, strict=True):
        part = profiles[profiles["variant"].eq(variant)].sort_values("threshold")
        axis.fill_between(part["threshold"], part["low"], part["high"], color=colour, alpha=0.15)
        axis.plot(part["threshold"], part["share"], color=colour, ls=dash, lw=1.4)
        handles.append(Line2D([], [], color=colour, ls=dash, label=str(variant)))
    axis.set(ylim=(0, 1.02), xlabel="threshold of the normalised score", ylabel="share of runs")
    axis.yaxis.set_major_formatter(PercentFormatter(1))
    axis.grid(axis="both")
    legend(figure, handles)
    title(figure, heading)
    return figure
