"""How the order of cells changes while they are trained."""

import itertools
import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, PercentFormatter

from ganbench.cells import pair_label
from ganbench.comparison.columns import ARROWS, runs
from ganbench.errors import GanbenchError
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import (
    canvas,
    legend,
    name_below,
    points,
    side_by_side,
    styled,
    title,
)
from ganbench.report.figures.lettering import label, letters
from ganbench.report.figures.sections import section_of, seeds_of
from ganbench.report.figures.style import dashes, palette
from ganbench.results import Results
from ganbench.store import FAILURES

BUDGET = np.linspace(0.1, 1, 10)
"""Shares of the generator steps of a cell at which its ranks are taken."""
MOST_SCORES = 6


def running_ranks(results: Results, dataset: str) -> pd.DataFrame:
    """Rank cells by each running score over their budget, seed by seed.

    Runs that failed or diverged share the worst rank throughout; runs that are missing are left
    out. Between two pauses a score is that of the last one.

    Returns:
        One row for each cell, score and share of the budget: score (`metric/estimator`),
        architecture, loss, budget (0 to 1), rank (mean over seeds, 1 is best), low and high
        (smallest and largest rank of the seeds), n (seeds).

    Raises:
        GanbenchError: if there are fewer than two cells, or none has running scores with a better
            side.
    """
    section = section_of(results, dataset)
    games = section.games
    if len(games) < 2:
        raise GanbenchError(f"Only one cell was trained on '{dataset}'")
    values = _running(results, dataset)
    if values.empty:
        raise GanbenchError(f"No run on '{dataset}' has running scores with a better side")
    ranks = values.groupby(["score", "seed", "budget"])["worse"].rank(na_option="bottom")
    cells = values.assign(rank=ranks).groupby(
        ["score", "architecture", "loss", "budget"], sort=False
    )["rank"]
    return cells.agg(rank="mean", low="min", high="max", n="count").reset_index()


def _running(results: Results, dataset: str) -> pd.DataFrame:
    """Return running scores, turned so that more is worse, at the shares of the budget."""
    section, signs = section_of(results, dataset), _signs(results, dataset)
    failed = _failed(results, dataset)
    rows = []
    for row in section.games:
        cell = (section.player(row), row.loss)
        for seed, run in row.runs.items():
            history = results.history(run)
            for score, sign in signs.items():
                curve = history[history["quantity"].eq(score)]
                last = float(history["step"].max()) if len(history) else 0.0
                values = sign * _at(curve, BUDGET * last)
                rows += [(score, *cell, seed, *each) for each in zip(BUDGET, values, strict=True)]
        seeds = failed.get((row.prior, row.architecture, row.loss), [])
        rows += [
            (score, *cell, seed, share, math.nan)
            for score, seed, share in itertools.product(signs, seeds, BUDGET)
        ]
    columns = ["score", "architecture", "loss", "seed", "budget", "worse"]
    table = pd.DataFrame(rows, columns=columns)
    known = set(table["score"][table["worse"].notna()])
    return table[table["score"].isin(known)]


def _at(curve: pd.DataFrame, steps: np.ndarray) -> np.ndarray:
    """Return the last values of a curve at these steps, NaN before the first one."""
    places = np.searchsorted(curve["step"].to_numpy(), steps + 1e-9, side="right")
    values: np.ndarray = np.r_[math.nan, curve["value"].to_numpy()][places]
    return values


def _signs(results: Results, dataset: str) -> dict[str, float]:
    """Return what turns each running score that tables show so that more is worse."""
    columns = section_of(results, dataset).columns
    ranked = [column for column in columns if column.better in ARROWS][:MOST_SCORES]
    return {
        f"{column.metric}/{column.estimator}": 1.0 if column.better == "lower" else -1.0
        for column in ranked
    }


def _failed(results: Results, dataset: str) -> dict[tuple[str, str, str], list[int]]:
    """Return the seeds that were tried and gave nothing: (prior, architecture, loss) -> seeds."""
    every = runs(results.frame[results.frame["dataset"].eq(dataset)])
    failed: dict[tuple[str, str, str], list[int]] = {}
    for run in every[every["status"].isin(FAILURES)].to_dict("records"):
        players = pair_label(run["generator"], run["discriminator"])
        failed.setdefault((run["prior"], players, run["loss"]), []).append(run["seed"])
    return failed


@styled
def rank_evolution(ranks: pd.DataFrame, *, heading: str = "rank while training") -> Figure:
    """Draw the rank of each cell against the share of its budget, one panel for each score.

    Args:
        ranks: as `running_ranks` returns them.
        heading: what is drawn.
    """
    scores = list(dict.fromkeys(ranks["score"]))
    cells = list(dict.fromkeys(zip(ranks["architecture"], ranks["loss"], strict=True)))
    many = len(dict.fromkeys(player for player, _ in cells)) > 1
    names = [f"{loss}, {player}" if many else loss for player, loss in cells]
    colours, styles = palette(len(cells)), dashes(len(cells))
    across, width = side_by_side(len(scores), 3.6, 1.3)
    down = -(-len(scores) // across)
    figure = canvas(across * width, 0.6 + (0.3 + 0.72 * width) * down)
    grid = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    wide = letters(width - 0.3, points("axes.titlesize"))
    for axis, score in zip(grid, scores, strict=False):
        part = ranks[ranks["score"].eq(score)]
        for place, (player, loss) in enumerate(cells):
            mine = part[part["architecture"].eq(player) & part["loss"].eq(loss)]
            _line(axis, mine.sort_values("budget"), colours[place], styles[place])
        axis.set(title=label(score.replace("/", " "), wide, 3), xlim=(0, 1.03))
        axis.xaxis.set_major_locator(FixedLocator([0, 0.5, 1]))
        axis.xaxis.set_major_formatter(PercentFormatter(1))
        axis.set_ylim(len(cells) + 0.3, 0.7)
        axis.yaxis.set_major_locator(MaxNLocator(8, integer=True))
        axis.grid(axis="y")
    for axis in grid[::across]:
        axis.set_ylabel("rank (1 is best)")
    for spare in grid[len(scores) :]:
        spare.remove()
    handles = [
        Line2D([], [], color=colour, ls=dash, marker=".", label=name)
        for name, colour, dash in zip(names, colours, styles, strict=True)
    ]
    name_below(list(grid[: len(scores)]), across, "share of the budget", width)
    legend(figure, handles)
    title(figure, heading)
    return figure


def _line(axis: Axes, ranks: pd.DataFrame, colour: str, dash: str) -> None:
    axis.fill_between(ranks["budget"], ranks["low"], ranks["high"], color=colour, alpha=0.1, lw=0)
    axis.plot(ranks["budget"], ranks["rank"], color=colour, ls=dash, marker=".", lw=1.4)


def _drawn(results: Results, dataset: str) -> Figure:
    return rank_evolution(
        running_ranks(results, dataset), heading=f"{dataset}: rank by running score"
    )


def _caption(results: Results, dataset: str) -> str:
    return (
        "Rank of each cell among all trained cells by the running scores, at shares of its "
        "generator steps: mean (line) and smallest to largest rank (band) over "
        f"{seeds_of(section_of(results, dataset))}, ranked seed by seed. Runs that failed or "
        "diverged share the worst rank throughout. Running scores are taken from fewer samples "
        "than final ones."
    )


RANKS = Kind("rank-evolution", "Ranks while training", _drawn, _caption)
