"""The one seed of each cell that a figure shows: that with the median of the first score."""

from collections.abc import Callable, Mapping
from typing import Generic, NamedTuple, TypeVar

from torch import Tensor

from ganbench.errors import GanbenchError
from ganbench.report.figures.sections import seeds_of
from ganbench.report.tables import Row, Section

T = TypeVar("T")

POINTS = 1000
"""Samples that figures are made of."""


class Drawn(NamedTuple, Generic[T]):
    """What a panel shows of one seed of a cell, or why there is nothing to show.

    Attributes:
        said: the seed, or the reason.
        x: its samples, or what was made of them.
    """

    said: str
    x: T | None


Cells = Mapping[tuple[str, str], Drawn[Tensor]]
"""(architecture, loss) -> what was drawn."""


def typical_seed(section: Section, row: Row) -> int:
    """Return the seed with the median of the first score that the row has, or any ok seed."""
    for column in section.columns:
        values = row.scores[column.name].values
        if values:
            return sorted(values, key=values.__getitem__)[(len(values) - 1) // 2]
    return min(row.runs)


def typical(section: Section, make: Callable[[str], T]) -> dict[tuple[str, str], Drawn[T]]:
    """Make something of the median seed of every cell.

    Args:
        section: the cells.
        make: run id -> what a panel shows; raises `GanbenchError` where a cell has nothing.

    Returns:
        (architecture, loss) -> what was made; without cells that have nothing.

    Raises:
        GanbenchError: the first of those of `make`, if there is nothing to show at all.
    """
    cells: dict[tuple[str, str], Drawn[T]] = {}
    unfit: list[GanbenchError] = []
    for row in section.rows:
        key = (section.player(row), row.loss)
        if not row.runs:
            cells[key] = Drawn(row.status, None)
            continue
        seed = typical_seed(section, row)
        try:
            cells[key] = Drawn(str(seed), make(row.runs[seed]))
        except GanbenchError as error:
            unfit.append(error)
    if not any(cell.x is not None for cell in cells.values()):
        raise unfit[0] if unfit else GanbenchError(f"No run on '{section.dataset}' is ok")
    return cells


def which_seed(section: Section) -> str:
    """Say whose samples panels show, as the end of a caption."""
    columns = section.columns
    what = f"the median {columns[0].name}" if columns else "a result"
    return (
        f"Each panel shows the seed with {what}, which its title names (of {seeds_of(section)})."
    )
