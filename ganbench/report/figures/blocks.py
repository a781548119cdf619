"""Panels in blocks, one for each loss, of which each has the same panels."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganbench.report.figures.layout import LINE, canvas, heading, points, side_by_side
from ganbench.report.figures.lettering import height, label, letters

WIDEST = 1.9


def in_blocks(
    headings: Sequence[str], names: Sequence[str], least: float, ratio: float, below: float = 0.0
) -> tuple[Figure, list[list[Axes]], int, float]:
    """Lay out a block of panels below each heading; panels of a name share the horizontal axis.

    Args:
        headings: one for each block.
        names: of the panels of every block.
        least: inches of a panel that is not alone in its line.
        ratio: height of a panel, without its title, to its width.
        below: inches that ticks of a line take, which only the last block has.

    Returns:
        The figure, for each block its panels, how many stand in a row, and the inches of each.
    """
    per_row, width = side_by_side(len(names), WIDEST, least)
    size = points("axes.titlesize")
    titles = [label(name, letters(width - 0.2, size), 3) for name in names]
    heads = [label(text, letters(per_row * width, size), 3) for text in headings]
    lines = -(-len(names) // per_row)
    panel = min(1.35, ratio * width) + LINE * height(titles)
    ratios = [part for head in heads for part in (LINE * height([head]), *[panel] * lines)]
    figure = canvas(0.1 + per_row * width, sum(ratios) + lines * below + 0.4)
    grid = figure.add_gridspec(len(ratios), per_row, height_ratios=ratios)
    blocks: list[list[Axes]] = []
    for place, head in enumerate(heads):
        row = place * (lines + 1)
        heading(figure.add_subplot(grid[row, :]), head)
        panels: list[Axes] = []
        for i, text in enumerate(titles):
            shared = blocks[0][i] if blocks else None
            axis = figure.add_subplot(grid[row + 1 + i // per_row, i % per_row], sharex=shared)
            axis.set_title(text)
            axis.tick_params(labelbottom=place == len(heads) - 1)
            panels.append(axis)
        blocks.append(panels)
    return figure, blocks, per_row, width
