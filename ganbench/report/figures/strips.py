"""Every seed, the mean with its interval, and the floor, for every score."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ganbench.comparison.columns import Column
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import (
    LINE,
    legend,
    points,
    side_by_side,
    styled,
    ticks_within,
    title,
)
from ganbench.report.figures.lettering import height, label, letters
from ganbench.report.figures.panels import beside, lines_of, score_panels, slot
from ganbench.report.figures.scales import log_where_wide
from ganbench.report.figures.sections import looks, losses_of, section_of, seeds_of
from ganbench.report.figures.style import SMALL
from ganbench.report.tables import REAL, Section
from ganbench.results import Results

WIDEST, LEAST = 3.1, 1.1


@styled
def seed_strips(results: Results, dataset: str) -> Figure:
    """Draw each seed, the mean with its 95% t interval, and the floor, for every score."""
    section = section_of(results, dataset)
    losses, styles = losses_of(section), looks(section)
    line = slot(losses, max(0.36, 0.18 * len(styles) + 0.1))
    count = len(section.columns)
    _, each = side_by_side(max(1, count), WIDEST, LEAST, beside())
    wide = letters(each, points("axes.titlesize"))
    titles = [label(column.title, wide, 3) for column in section.columns]
    down = 0.3 + LINE * height(titles) + line * len(losses)
    figure, panels, _ = score_panels(section, count, WIDEST, LEAST, down)
    for axis, column, text in zip(panels, section.columns, titles, strict=True):
        _strip(axis, section, column, ticks_within(each))
        axis.set_title(text)
        axis.set_yticks(range(len(losses)), lines_of(losses))
        axis.set_ylim(len(losses) - 0.5, -0.5)
        axis.tick_params(axis="y", length=0)
        axis.grid(axis="x")
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=colour, marker=marker, label=player)
        for player, (colour, marker) in styles.items()
    ]
    handles.append(Line2D([], [], color="black", linestyle=":", label=f"{REAL}, mean"))
    handles.append(Patch(color="0.88", label="to its 95% point"))
    legend(figure, handles)
    title(figure, f"{dataset}: seeds, mean and 95% interval")
    return figure


def _strip(axis: Axes, section: Section, column: Column, ticks: int) -> None:
    losses, styles = losses_of(section), looks(section)
    floor = section.floors[column.name]
    axis.axvspan(*sorted(floor), color="0.88", linewidth=0)
    axis.axvline(floor.mean, color="black", linestyle=":", linewidth=1)
    for line in range(1, len(losses)):
        axis.axhline(line - 0.5, color="0.9", linewidth=0.8)
    for row in section.rows:
        score = row.scores[column.name]
        colour, marker = styles[section.player(row)]
        share = 0.8 / len(styles)
        y = losses.index(row.loss) + (list(styles).index(section.player(row)) + 0.5) * share - 0.4
        if not score.n:
            text = row.status if row.status != "ok" else "no score"
            where = axis.get_yaxis_transform()
            axis.text(0.02, y, text, color=colour, fontsize=SMALL, va="center", transform=where)
            continue
        values, below = list(score.values.values()), y + share / 5
        axis.scatter(values, [y - share / 5] * score.n, s=13, color=colour, alpha=0.45, lw=0)
        axis.errorbar(score.mean, below, xerr=score.half, color=colour, capsize=2, lw=1.3)
        axis.scatter(score.mean, below, s=22, color=colour, marker=marker, lw=0, zorder=3)
    scores = [row.scores[column.name] for row in section.rows]
    every = [value for score in scores for value in score.values.values()]
    ends = [end for score in scores for end in (score.low, score.high)]
    log_where_wide(axis, "x", np.array([*every, floor.mean]), np.array(ends), ticks)


def _caption(results: Results, dataset: str) -> str:
    return (
        "Pale points are single seeds; beneath them their mean with its 95% t interval, over "
        f"{seeds_of(section_of(results, dataset))}. The dotted line is the mean of the same score "
        "between two real samples, and the grey band reaches to its 95% point."
    )


STRIPS = Kind("seed-strips", "Scores by seed", seed_strips, _caption)
