"""How the columns of a table depend on each other: real, generated, and the difference."""

from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from torch import Tensor

from ganbench.api import Dataset
from ganbench.errors import GanbenchError
from ganbench.metrics import associations
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import (
    LINE,
    canvas,
    points,
    scale_below,
    side_by_side,
    styled,
    title,
)
from ganbench.report.figures.lettering import height, inches, label, letters, short
from ganbench.report.figures.sections import section_of
from ganbench.report.figures.style import SMALL, SMALLEST
from ganbench.report.figures.typical import POINTS, Drawn, typical, which_seed
from ganbench.report.ranking import best_cells
from ganbench.report.tables import Section
from ganbench.results import Results

MOST_CELLS = 12
MOST_COLUMNS = 20
LEAST_SQUARE = 0.3
"""Inches of a square into which a number fits."""
_COLOURS = "PuOr_r"
_SCALE = Normalize(-1, 1)

Pair = tuple[pd.DataFrame, pd.DataFrame]
"""Associations in the real and in the generated table."""


@styled
def correlation_maps(results: Results, dataset: str) -> Figure:
    """Draw the associations of columns, first of the real table, then of every cell.

    A map of a cell has those of the generated table below the diagonal, and above it how much
    they differ from the real ones.

    Raises:
        GanbenchError: if the dataset is no table, or has a single column.
    """
    section, data = _best(section_of(results, dataset)), results.dataset(dataset)
    real = _table(data, data.sample(POINTS, "test", torch.Generator().manual_seed(0)))
    cells = typical(
        section,
        lambda run: associations(real, _table(data, results.samples(run)[:POINTS])),
    )
    known, _ = next(cell.x for cell in cells.values() if cell.x is not None)
    names = [short(str(name), 16) for name in known.columns]
    size = SMALL if len(names) <= 10 else SMALLEST
    beside = inches(max(map(len, names)), size)
    per_row, side = side_by_side(1 + len(cells), min(3.0, 1.2 + 0.16 * len(names)), 1.1, beside)
    wide = letters(0.95 * side, points("axes.titlesize"))
    many = len({player for player, _ in cells}) > 1
    titles = [("real", known), *(_titled(key, cell, many, wide) for key, cell in cells.items())]
    down = -(-len(titles) // per_row)
    above = LINE * height([text for text, _ in titles])
    figure = canvas(beside + per_row * side, beside + down * (side + above) + 0.25)
    grid = figure.subplots(down, per_row, sharex=True, sharey=True, squeeze=False).ravel()
    for axis, (text, matrix) in zip(grid, titles, strict=False):
        axis.set_title(text)
        axis.spines[:].set_visible(False)
        axis.tick_params(length=0)
        axis.set_facecolor("0.92" if matrix is None else "white")
        if matrix is not None:
            _map(axis, matrix, side / len(names) >= LEAST_SQUARE)
    for axis in grid[max(0, len(titles) - per_row) : len(titles)]:  # nothing is below them
        axis.tick_params(labelbottom=True)
    grid[0].set_xticks(range(len(names)), names, rotation=90, fontsize=size)
    grid[0].set_yticks(range(len(names)), names, fontsize=size)
    for axis in grid:
        axis.tick_params(axis="x", labelrotation=90, labelsize=size)
        axis.tick_params(axis="y", labelsize=size)
    for spare in grid[len(titles) :]:
        spare.remove()
    scale_below(figure, _COLOURS, _SCALE, "association, or difference of two")
    title(figure, f"{dataset}: how columns depend on each other")
    return figure


def _titled(
    key: tuple[str, str], cell: Drawn[Pair], many: bool, wide: int
) -> tuple[str, pd.DataFrame | None]:
    """Return the title of a cell and its map, None where it has none."""
    player, loss = key
    names = [label(loss, wide, 4), *([label(player, wide, 3)] if many else [])]
    if cell.x is None:
        return "\n".join([*names, cell.said]), None
    real, fake = cell.x
    below = np.tri(len(real), k=-1, dtype=bool)
    matrix = (fake - real).mask(below, fake).mask(np.eye(len(real), dtype=bool))
    return "\n".join([*names, f"seed {cell.said}"]), matrix


def _table(data: Dataset, x: Tensor) -> pd.DataFrame:
    """Return samples as a table of the columns that are drawn."""
    table = data.to_frame(x)
    if table is None or table.shape[1] < 2:
        raise GanbenchError("The dataset is no table of two columns or more")
    return table.iloc[:, :MOST_COLUMNS]


def _best(section: Section) -> Section:
    places = best_cells(section, MOST_CELLS)
    return replace(section, rows=tuple(section.rows[place] for place in places))


def _map(axis: Axes, matrix: pd.DataFrame, written: bool) -> None:
    axis.imshow(np.ma.masked_invalid(matrix.to_numpy()), cmap=_COLOURS, norm=_SCALE)
    for (line, column), value in np.ndenumerate(matrix.to_numpy()):
        if not written or line == column:
            continue
        colour = "white" if abs(value) > 0.7 else "0.2"
        text = f"{value:.2f}".replace("0.", ".").replace("-.00", ".00")
        axis.text(column, line, text, ha="center", va="center", fontsize=SMALLEST, color=colour)


def _caption(results: Results, dataset: str) -> str:
    section = section_of(results, dataset)
    kept = ""
    if len(section.rows) > MOST_CELLS:
        kept = f" Shown are the best {MOST_CELLS} of {len(section.rows)} cells."
    return (
        "Pearson's correlation of two numeric columns, the correlation ratio of a numeric and a "
        f"categorical one, Cramer's V of two categorical ones, among {POINTS:,} real and up to as "
        "many generated rows. The first map is that of the real rows. Those of cells have the "
        "generated rows below the diagonal, and above it generated minus real: violet where "
        f"columns go together too little, orange where too much.{kept} {which_seed(section)}"
    )


CORRELATIONS = Kind("correlation-maps", "Associations of columns", correlation_maps, _caption)
