"""Samples as lines of text."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ganbench.api import Dataset
from ganbench.report.figures.galleries import ACROSS, gallery
from ganbench.report.figures.layout import room
from ganbench.report.figures.lettering import inches, letters, short
from ganbench.report.figures.style import REAL_COLOUR, SMALLEST
from ganbench.report.figures.typical import Cells, Drawn
from ganbench.report.tables import Section

LINES = 12
LETTERS = 44
_MARGIN = 0.15


def texts(section: Section, cells: Cells, data: Dataset, real: Tensor) -> Figure:
    """Print the first sequences of each sample, shortened to what a panel holds."""

    def lines(x: Tensor) -> list[str]:
        return data.to_text(x[:LINES]) or []

    shown = {key: Drawn(said, None if x is None else lines(x)) for key, (said, x) in cells.items()}
    return printed(section, shown, lines(real), LETTERS)


def printed(
    section: Section,
    cells: Mapping[tuple[str, str], Drawn[list[str]]],
    real: list[str] | None,
    most: int,
) -> Figure:
    """Print the lines of each cell below each other; what cannot be printed becomes a dot.

    Args:
        section: names and orders the cells.
        cells: (architecture, loss) -> lines.
        real: lines of the real sample, None for no panel of it.
        most: letters of a line, of longer ones the end is cut; fewer where there is no room.
    """
    every = [real or [], *(cell.x or [] for cell in cells.values())]
    longest = max((len(line) for lines in every for line in lines), default=1)
    width = min(longest, most, letters(room() - 0.5 - _MARGIN, SMALLEST))
    count = max(map(len, every))

    def draw(axis: Axes, lines: list[str], colour: str) -> None:
        axis.spines[:].set_visible(False)
        axis.text(
            0.02, 0.97, "\n".join(short(line, width) for line in lines),
            transform=axis.transAxes, va="top", fontsize=SMALLEST, family="monospace",
            color="0.3" if colour == REAL_COLOUR else colour, linespacing=1.5, parse_math=False,
        )  # fmt: skip

    across = inches(width, SMALLEST) + _MARGIN
    down = 0.15 + count * 1.5 * SMALLEST / 72
    across = max(min(ACROSS, 0.31 * room()), across)
    return gallery(section, cells, real, draw, across=across, least=across, ratio=down / across)
