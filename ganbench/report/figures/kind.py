"""What a kind of figure is, and how its cells are chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from matplotlib.figure import Figure

from ganbench.errors import GanbenchError
from ganbench.report.marginals import Drawn
from ganbench.report.samples import typical_seed
from ganbench.report.tables import Section
from ganbench.results import Results

T = TypeVar("T")


@dataclass(frozen=True)
class Kind:
    """A figure that can be asked for by name.

    Attributes:
        name: as the command line names it.
        title: a heading for it.
        draw: results and a dataset -> the figure, or the pictures of a film; raises
            `GanbenchError` where it does not fit. Where it is `whole`, the second argument only
            names what is drawn.
        caption: the same arguments -> what is drawn, of how many seeds, and what intervals are.
        whole: whether it takes in all datasets at once.
        on_request: whether it is drawn only where it is named, since it takes long.
    """

    name: str
    title: str
    draw: Callable[[Results, str], Figure | Sequence[Figure]]
    caption: Callable[[Results, str], str]
    whole: bool = False
    on_request: bool = False


def seeds_of(section: Section) -> str:
    """Say how many seeds of each cell are ok."""
    counts = sorted({len(row.runs) for row in section.rows})
    if counts[0] == counts[-1]:
        return f"n = {counts[0]} ok seed{'s' if counts[0] != 1 else ''}"
    return f"n = {counts[0]} to {counts[-1]} ok seeds"


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
