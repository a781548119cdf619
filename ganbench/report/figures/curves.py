"""Objectives and running scores while cells are trained."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ganbench.errors import GanbenchError
from ganbench.report.figures.blocks import in_blocks
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import legend, name_below, styled, ticks_within, title
from ganbench.report.figures.scales import log_where_wide
from ganbench.report.figures.sections import looks, section_of, seeds_of
from ganbench.report.tables import Row
from ganbench.results import Results

LOSSES = ("critic_loss", "generator_loss")
LEAST = 1.0


@styled
def learning_curves(results: Results, dataset: str) -> Figure:
    """Draw both objectives and the running scores against the step: mean and range of seeds."""
    section = section_of(results, dataset)
    curves = {
        (row.loss, section.player(row)): _curves(results, row) for row in section.games if row.runs
    }
    found = {name for curve in curves.values() for name in curve.index.get_level_values(0)}
    names = [*(name for name in LOSSES if name in found), *sorted(found.difference(LOSSES))]
    if not names:
        raise GanbenchError(f"No run on '{dataset}' has a history yet")
    losses = list(dict.fromkeys(row.loss for row in section.games))
    titles = [name.replace("_" if name in LOSSES else "/", " ") for name in names]
    figure, parts, per_row, width = in_blocks(losses, titles, LEAST, 0.55)
    for axes, loss in zip(parts, losses, strict=True):
        for axis, name in zip(axes, names, strict=True):
            for player, (colour, _) in looks(section).items():
                _curve(axis, curves.get((loss, player)), name, colour)
    for place, name in enumerate(names):
        same = [axes[place] for axes in parts]
        _share(same, joint=name not in LOSSES)
    for axis in parts[0]:
        axis.xaxis.set_major_locator(MaxNLocator(ticks_within(width - 0.4), integer=True))
    name_below(parts[-1], per_row, "step", width)
    trained = {section.player(row) for row in section.games}
    handles = [
        Line2D([], [], color=colour, label=player)
        for player, (colour, _) in looks(section).items()
        if player in trained
    ]
    legend(figure, handles)
    title(figure, f"{dataset}: mean and range over the ok seeds")
    return figure


def _curves(results: Results, row: Row, points: int = 200) -> pd.DataFrame:
    """Return mean, min and max over seeds, by quantity and (thinned) step."""
    histories = {seed: results.history(run_id) for seed, run_id in row.runs.items()}
    history = pd.concat(histories, names=["seed"])
    last = int(history["step"].max()) if len(history) else 0
    thinning = max(1, last // points)
    history["step"] = history["step"] // thinning * thinning
    by_seed = history.groupby(["seed", "quantity", "step"])["value"].mean()
    return by_seed.groupby(["quantity", "step"]).agg(["mean", "min", "max"])


def _curve(axis: Axes, curves: pd.DataFrame | None, name: str, colour: str) -> None:
    if curves is None or name not in curves.index.get_level_values(0):
        return
    curve = curves.loc[name]
    axis.fill_between(curve.index, curve["min"], curve["max"], color=colour, alpha=0.2, lw=0)
    axis.plot(curve.index, curve["mean"], color=colour, lw=1.2)


def _share(axes: Sequence[Axes], joint: bool) -> None:
    """Scale the panels of a quantity; scores are comparable across losses, objectives are not."""
    for axis in axes:
        group = axes if joint else [axis]
        lines = [line for each in group for line in each.get_lines()]
        bands = [band for each in group for band in each.collections]
        values = [np.asarray(line.get_ydata(), dtype=float) for line in lines]
        ends = [np.asarray(path.vertices)[:, 1] for band in bands for path in band.get_paths()]
        log_where_wide(axis, "y", np.concatenate([[], *values]), np.concatenate([[], *ends]))
        axis.grid(axis="y")
        if joint and axis is not axes[0]:
            axis.sharey(axes[0])
    axes[0].autoscale_view()


def _caption(results: Results, dataset: str) -> str:
    return (
        "By generator step: mean (line) and smallest to largest value (band) over "
        f"{seeds_of(section_of(results, dataset))}. Objectives of different losses are on scales "
        "of their own, running scores on one; where a band of a logarithmic axis reaches zero, "
        "the axis is linear around it."
    )


CURVES = Kind("learning-curves", "Learning curves", learning_curves, _caption)
