"""A panel for each score, with losses as lines that all panels share."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganbench.errors import GanbenchError
from ganbench.report.figures.layout import LINE, canvas, points, room, side_by_side
from ganbench.report.figures.lettering import height, label, letters
from ganbench.report.tables import Section


def score_panels(
    section: Section, count: int, widest: float, least: float, down: float
) -> tuple[Figure, list[Axes], float]:
    """Return a figure with panels that share the vertical axis, and the inches of a panel.

    Args:
        section: what is drawn.
        count: of panels.
        widest: inches of a panel.
        least: inches of a panel that is not alone in its line.
        down: inches of a panel with its title.

    Raises:
        GanbenchError: if there is no score.
    """
    if not section.columns:
        raise GanbenchError(f"No run on '{section.dataset}' has a score yet")
    per_row, each = side_by_side(count, widest, least, beside=beside())
    n_rows = -(-count // per_row)
    figure = canvas(beside() + per_row * each, n_rows * down + 0.3)
    grid = figure.subplots(n_rows, per_row, sharey=True, squeeze=False).ravel()
    for spare in grid[count:]:
        spare.remove()
    return figure, list(grid[:count]), each


def beside() -> float:
    """Return the inches that names of losses take beside panels."""
    return min(1.5, 0.28 * room())


def lines_of(losses: Sequence[str]) -> list[str]:
    """Write losses as the names of lines."""
    return [label(loss, letters(beside(), points("ytick.labelsize")), 4) for loss in losses]


def slot(losses: Sequence[str], least: float) -> float:
    """Return the inches of a line, which its name must fit into."""
    return max(least, LINE * height(lines_of(losses)) * points("ytick.labelsize") / 8)
