"""The mean of every score for every loss and architecture, at a glance."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganbench.comparison.columns import ARROWS, Column
from ganbench.comparison.wording import number
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import LINE, points, room, side_by_side, styled, title
from ganbench.report.figures.lettering import height, label, letters
from ganbench.report.figures.panels import beside, lines_of, score_panels, slot
from ganbench.report.figures.sections import losses_of, players_of, section_of, seeds_of
from ganbench.report.figures.style import SMALL
from ganbench.report.tables import Section
from ganbench.results import Results

SQUARE = 0.72
"""Inches of a square where there is room."""
LEAST = 0.56
"""Inches of a square that holds its number."""


@styled
def heatmaps(results: Results, dataset: str) -> Figure:
    """Draw the mean of each score for every loss and architecture.

    Darker is better; scores without a better side are grey.
    """
    section = section_of(results, dataset)
    players, losses = players_of(section), losses_of(section)
    most = max(1, int((room() - beside()) / LEAST))
    chunks = [players[i : i + most] for i in range(0, len(players), most)]
    square = SQUARE if room() > 6 else LEAST
    widest = max(0.4 + square * len(chunks[0]), 1.5)  # else titles run into each other
    least = max(square * len(chunks[0]), 1.05)
    parts = [(column, chunk) for column in section.columns for chunk in chunks]
    _, each = side_by_side(max(1, len(parts)), widest, least, beside())
    wide = letters(each, points("axes.titlesize"))
    titles = [label(column.title, wide, 3) for column, _ in parts]
    names = {player: label(player, letters(each / len(chunks[0]), SMALL), 6) for player in players}
    labels = LINE * (height(titles) + height([*names.values()]))
    down = 0.3 + labels + slot(losses, 0.58 * square) * len(losses)
    figure, panels, _ = score_panels(section, len(parts), widest, least, down)
    for axis, (column, chunk) in zip(panels, parts, strict=True):
        _heatmap(axis, section, column, chunk)
    for axis, (_, chunk), text in zip(panels, parts, titles, strict=True):  # seaborn draws all
        axis.set(title=text, xlabel="", ylabel="")
        axis.set_xticks(
            np.arange(len(chunk)) + 0.5, [names[p] for p in chunk], va="top", fontsize=SMALL
        )
        axis.tick_params(length=0)
        axis.set_yticks(np.arange(len(losses)) + 0.5, lines_of(losses))
    sided = {column.better in ARROWS for column in section.columns}
    grey = "; grey: no better side" if False in sided else ""
    title(figure, f"{dataset}: mean over seeds, darker is better{grey}")
    return figure


def _heatmap(axis: Axes, section: Section, column: Column, players: list[str]) -> None:
    losses = losses_of(section)
    values = pd.DataFrame(np.nan, index=losses, columns=players)
    notes = pd.DataFrame("", index=losses, columns=players)
    for row in section.rows:
        mean = row.scores[column.name].mean
        where = (row.loss, section.player(row))
        if where[1] not in players:
            continue
        values.loc[where] = mean
        whole = len(row.runs) == row.planned
        notes.loc[where] = number(mean) if whole else f"{number(mean)}\n{row.ok} ok"
        if np.isnan(mean):
            x, y = players.index(where[1]) + 0.5, losses.index(row.loss) + 0.5
            text = row.status if row.status != "ok" else "no score"
            axis.text(x, y, label(text, 10), ha="center", va="center", fontsize=6.5, color="0.3")
    axis.set_facecolor("0.92")
    means = np.array([row.scores[column.name].mean for row in section.rows])
    means = means[~np.isnan(means)]
    low, high = (means.min(), means.max()) if len(means) else (0.0, 0.0)
    # Where all cells tie, none is best: the middle of the colours.
    margin = 1.0 if low == high else 0.0
    sns.heatmap(
        values,
        annot=notes,
        fmt="",
        annot_kws={"fontsize": SMALL},
        cmap={"lower": "viridis", "higher": "viridis_r"}.get(column.better, "Greys"),
        cbar=False,
        linewidths=1.5,
        xticklabels=False,
        yticklabels=False,
        ax=axis,
        vmin=low - margin,
        vmax=high + margin,
    )


def _caption(results: Results, dataset: str) -> str:
    return (
        f"Mean of each score over {seeds_of(section_of(results, dataset))}; where fewer runs than "
        "planned are ok, their number stands below the mean. Each score has its own colours, and "
        "darker is better, but for grey panels, whose scores have no better side."
    )


HEATMAPS = Kind("heatmaps", "Scores at a glance", heatmaps, _caption)
