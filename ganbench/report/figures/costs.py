"""What a score costs: scores against the seconds of training."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ganbench.comparison.columns import ARROWS, runs
from ganbench.errors import GanbenchError
from ganbench.report.cost import front
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import (
    canvas,
    legend,
    name_below,
    points,
    side_by_side,
    styled,
    ticks_within,
    title,
)
from ganbench.report.figures.lettering import label, letters
from ganbench.report.figures.scales import log_where_wide
from ganbench.report.figures.sections import section_of, seeds_of
from ganbench.report.figures.style import markers, palette
from ganbench.report.tables import Section
from ganbench.results import Results

MOST_SCORES = 6


def cost_frame(results: Results, dataset: str) -> pd.DataFrame:
    """Tabulate the scores of every cell against the seconds that its runs were trained.

    Returns:
        One row for each cell and score that has a better side: score (its title), better,
        architecture, loss, mean, low and high (95% t interval of the mean over the ok seeds),
        seconds (mean over the same seeds), n, front
        (whether no cell of less or equal time scores better).

    Raises:
        GanbenchError: if no run has a score with a better side, or none has its time.
    """
    section = section_of(results, dataset)
    spent = runs(results.frame).set_index("run_id")["train_seconds"].astype(float)
    rows = []
    for column in [each for each in section.columns if each.better in ARROWS][:MOST_SCORES]:
        for row in section.rows:
            score = row.scores[column.name]
            seconds = np.array([spent[row.runs[seed]] for seed in score.values])
            if not len(seconds) or not np.isfinite([score.mean, *seconds]).all():
                continue
            rows.append(
                {
                    "score": column.title,
                    "better": column.better,
                    "architecture": section.player(row),
                    "loss": row.loss,
                    "mean": score.mean,
                    "low": score.low,
                    "high": score.high,
                    "seconds": float(seconds.mean()),
                    "n": score.n,
                }
            )
    if not rows:
        raise GanbenchError(f"No run on '{dataset}' has a score with a better side, and its time")
    frame = pd.DataFrame(rows)
    parts = [front(part) for _, part in frame.groupby("score", sort=False)]
    return frame.assign(front=pd.concat(parts))


@styled
def pareto(cells: pd.DataFrame, *, heading: str = "score against seconds of training") -> Figure:
    """Draw scores against seconds, and mark the cells that no other beats in both.

    Args:
        cells: as `cost_frame` returns them; one panel for each score.
        heading: what is drawn.
    """
    scores = list(dict.fromkeys(cells["score"]))
    losses, players = (list(dict.fromkeys(cells[name])) for name in ("loss", "architecture"))
    colours = dict(zip(losses, palette(len(losses)), strict=True))
    shapes = dict(zip(players, markers(len(players)), strict=True))
    across, width = side_by_side(len(scores), 3.2, 1.3)
    down = -(-len(scores) // across)
    figure = canvas(across * width, 0.4 + (0.3 + 0.72 * width) * down)
    grid = figure.subplots(down, across, squeeze=False).ravel()
    wide, ticks = letters(width - 0.3, points("axes.titlesize")), ticks_within(width - 0.4)
    for axis, score in zip(grid, scores, strict=False):
        _panel(axis, cells[cells["score"].eq(score)], colours, shapes, ticks)
        axis.set_title(label(score, wide, 3))
    name_below(list(grid[: len(scores)]), across, "seconds of training per run", width)
    for spare in grid[len(scores) :]:
        spare.remove()
    handles = [
        *(_dot(loss, colour, "s") for loss, colour in colours.items()),
        *(_dot(player, "0.3", marker) for player, marker in shapes.items() if len(shapes) > 1),
        Line2D([], [], color="0.3", ls="--", lw=1, label="front"),
    ]
    legend(figure, handles)
    title(figure, heading)
    return figure


def _dot(name: str, colour: str, marker: str) -> Line2D:
    return Line2D([], [], color=colour, marker=marker, ls="", label=name)


def _panel(
    axis: Axes,
    cells: pd.DataFrame,
    colours: dict[str, str],
    shapes: dict[str, str],
    ticks: int,
) -> None:
    best = cells[cells["front"]].sort_values("seconds")
    axis.step(best["seconds"], best["mean"], where="post", color="0.3", ls="--", lw=1, zorder=1)
    for cell in cells.to_dict("records"):
        colour, leads = colours[cell["loss"]], cell["front"]
        x, y = cell["seconds"], cell["mean"]
        along = [[y - cell["low"]], [cell["high"] - y]]
        axis.errorbar(x, y, yerr=along, color=colour, lw=0.8, alpha=0.7)
        axis.scatter(
            x, y, s=42 if leads else 20, marker=shapes[cell["architecture"]], color=colour,
            edgecolors="black" if leads else "none", linewidths=0.8, zorder=3,
        )  # fmt: skip
    axis.grid()
    log_where_wide(axis, "x", cells["seconds"].to_numpy(), ticks=ticks)
    log_where_wide(axis, "y", cells["mean"].to_numpy())
    _look_at(axis, cells)


def _look_at(axis: Axes, cells: pd.DataFrame) -> None:
    """Let intervals be seen as far as the means reach, and half as far again."""
    turn, back = (np.log, np.exp) if axis.get_yscale() == "log" else (np.array, np.array)
    means = turn(cells["mean"].to_numpy())
    margin = 0.5 * float(np.ptp(means)) or 0.5 * abs(float(means[0])) or 1.0
    low, high = back([means.min() - margin, means.max() + margin])
    axis.set_ylim(float(low), float(high))


@styled
def _drawn(results: Results, dataset: str) -> Figure:
    return pareto(
        cost_frame(results, dataset), heading=f"{dataset}: score against seconds of training"
    )


def _caption(results: Results, dataset: str) -> str:
    section: Section = section_of(results, dataset)
    return (
        f"Each point is a cell: the mean over {seeds_of(section)}, with the 95% t interval of "
        "the score. Seconds are those of training alone, a block of seeds divided by its seeds, "
        "by a clock on the wall: cells that shared the cores with others took longer. "
        "Cells with a black edge, joined by the dashed line, are the front: no other cell is as "
        "good and as fast, and better in one of the two. Intervals may be cut at the edge of a "
        "panel."
    )


PARETO = Kind("pareto", "Score against time", _drawn, _caption)
