"""One panel for each architecture and loss, in lines."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganbench.report.figures.layout import LINE, canvas, heading, points, side_by_side
from ganbench.report.figures.lettering import height, label, letters
from ganbench.report.figures.sections import looks, losses_of, players_of
from ganbench.report.figures.style import REAL_COLOUR
from ganbench.report.figures.typical import Drawn
from ganbench.report.tables import Section

ACROSS = 1.7
"""Inches of a panel where there is room."""
LEAST = 0.9
"""Inches of a panel that is not alone in its line."""

ALONE = 2.4
"""Inches of a figure that has one panel, so that its title has room."""

T = TypeVar("T")


def gallery(
    section: Section,
    cells: Mapping[tuple[str, str], Drawn[T]],
    real: T | None,
    draw: Callable[[Axes, T, str], None],
    across: float = ACROSS,
    least: float = LEAST,
    ratio: float = 1.0,
    below: float = 0.0,
    seeds: bool = True,
) -> Figure:
    """Lay out one panel per cell, in lines below the name of their architecture.

    Args:
        section: names and orders the cells.
        cells: (architecture, loss) -> what its panel shows; who is not there gets no panel.
        real: what the first panel of every architecture shows, None for no such panel.
        draw: draws into a panel, in a colour.
        across: inches of a panel where there is room.
        least: inches of a panel that is not alone in its line.
        ratio: height of a panel, without its title, to its width.
        below: inches of what stands below a panel.
        seeds: whether what cells say is the seed that they show.
    """
    groups = {
        player: [*([None] if real is not None else []), *_losses(section, cells, player)]
        for player in players_of(section)
    }
    per_row, width = side_by_side(max(map(len, groups.values())), across, least)
    wide = letters(0.85 * width, points("axes.titlesize"))
    titles = {loss: label(loss, wide, 4) for loss in losses_of(section)}
    heads = [label(player, letters(per_row * width, points("axes.titlesize")), 3)
             for player in groups]  # fmt: skip
    down = ratio * width + LINE * (height([*titles.values()]) + 1) + below
    lines = [-(-len(panels) // per_row) for panels in groups.values()]
    ratios = [
        part
        for head, count in zip(heads, lines, strict=True)
        for part in (LINE * height([head]), *[down] * count)
    ]
    figure = canvas(max(ALONE, 0.1 + width * per_row), 0.3 + sum(ratios))
    grid, row = figure.add_gridspec(len(ratios), per_row, height_ratios=ratios), 0
    for (player, panels), head, count in zip(groups.items(), heads, lines, strict=True):
        heading(figure.add_subplot(grid[row, :]), head)
        for place, loss in enumerate(panels):
            axis = figure.add_subplot(grid[row + 1 + place // per_row, place % per_row])
            axis.set(xticks=[], yticks=[])
            if loss is None:
                assert real is not None
                axis.set_title("real")
                draw(axis, real, REAL_COLOUR)
                continue
            said, x = cells[player, loss]
            axis.set_title(f"{titles[loss]}\n{'seed ' if seeds and x is not None else ''}{said}")
            if x is None:
                axis.set_facecolor("0.92")
            else:
                draw(axis, x, looks(section)[player][0])
        row += 1 + count
    return figure


def _losses(
    section: Section, cells: Mapping[tuple[str, str], Drawn[T]], player: str
) -> list[str | None]:
    """Name the losses that have a panel for an architecture."""
    return [loss for loss in losses_of(section) if (player, loss) in cells]
