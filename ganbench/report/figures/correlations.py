"""How the columns of a table depend on each other: real, generated, and the difference."""

from collections.abc import Sequence
from dataclasses import replace

import matplotlib
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from torch import Tensor

from ganbench.api import Dataset
from ganbench.errors import GanbenchError
from ganbench.metrics import associations
from ganbench.report.figures.kind import Kind, typical, which_seed
from ganbench.report.plots import STYLE, canvas, label, section_of, short, title
from ganbench.report.ranking import best_cells
from ganbench.report.samples import POINTS
from ganbench.report.tables import Section
from ganbench.results import Results

MOST_CELLS = 12
MOST_COLUMNS = 20
MOST_WRITTEN = 7
"""Columns up to which numbers are written into the maps."""
_COLOURS = "PuOr_r"
_SCALE = Normalize(-1, 1)


@matplotlib.rc_context(STYLE)
def correlation_maps(results: Results, dataset: str) -> Figure:
    """Draw the associations of columns, real and generated, and their difference, by cell.

    Raises:
        GanbenchError: if the dataset is no table, or has a single column.
    """
    section, data = _best(section_of(results, dataset)), results.dataset(dataset)
    real = _table(data, data.sample(POINTS, "test", torch.Generator().manual_seed(0)))
    cells = typical(
        section,
        lambda run: associations(real, _table(data, results.samples(run)[:POINTS])),
    )
    side = min(3.0, 1.2 + 0.16 * real.shape[1])
    figure = canvas(2.2 + 3 * side, 0.8 + (side + 0.3) * len(cells))
    grid = figure.subplots(len(cells), 3, sharex=True, sharey=True, squeeze=False)
    for axes, ((player, loss), cell) in zip(grid, cells.items(), strict=True):
        text = f"{label(player)}\n{label(loss)}\n{'seed ' if cell.x else ''}{cell.said}"
        axes[0].set_ylabel(text, rotation=0, ha="right", va="center")
        _line(axes, cell.x)
    for axis, text in zip(grid[0], ("real", "generated", "generated - real"), strict=True):
        axis.set_title(text)
    bar = figure.colorbar(
        ScalarMappable(_SCALE, _COLOURS), ax=list(grid.ravel()), shrink=0.6, aspect=30, pad=0.01
    )
    bar.outline.set_visible(False)
    title(figure, f"{dataset}: how columns depend on each other")
    return figure


def _table(data: Dataset, x: Tensor) -> pd.DataFrame:
    """Return samples as a table of the columns that are drawn."""
    table = data.to_frame(x)
    if table is None or table.shape[1] < 2:
        raise GanbenchError("The dataset is no table of two columns or more")
    return table.iloc[:, :MOST_COLUMNS]


def _best(section: Section) -> Section:
    places = best_cells(section, MOST_CELLS)
    return replace(section, rows=tuple(section.rows[place] for place in places))


def _line(axes: Sequence[Axes], found: tuple[pd.DataFrame, pd.DataFrame] | None) -> None:
    """Fill the panels of a cell."""
    if found is None:
        for axis in axes:
            axis.set_facecolor("0.92")
        return
    real, fake = found
    for axis, matrix in zip(axes, (real, fake, fake - real), strict=True):
        _map(axis, matrix)


def _map(axis: Axes, matrix: pd.DataFrame) -> None:
    values = matrix.to_numpy()
    axis.imshow(values, cmap=_COLOURS, norm=_SCALE)
    axis.spines[:].set_visible(False)
    names = [short(str(name), 16) for name in matrix.columns]
    size = 7 if len(names) <= 10 else 5
    axis.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
    axis.set_yticks(range(len(names)), names, fontsize=size)
    axis.tick_params(length=0)
    if len(names) > MOST_WRITTEN:
        return
    for (line, column), value in np.ndenumerate(values):
        colour = "white" if abs(value) > 0.7 else "0.2"
        text = f"{value:.2f}".replace("0.", ".").replace("-.00", ".00")
        axis.text(column, line, text, ha="center", va="center", fontsize=5.5, color=colour)


def _caption(results: Results, dataset: str) -> str:
    section = section_of(results, dataset)
    kept = ""
    if len(section.rows) > MOST_CELLS:
        kept = f" Shown are the best {MOST_CELLS} of {len(section.rows)} cells."
    return (
        "Pearson's correlation of two numeric columns, the correlation ratio of a numeric and a "
        f"categorical one, Cramer's V of two categorical ones, among {POINTS:,} real and up to as "
        f"many generated rows.{kept} {which_seed(section)}"
    )


CORRELATIONS = Kind("correlation-maps", "Associations of columns", correlation_maps, _caption)
