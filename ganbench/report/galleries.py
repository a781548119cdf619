"""Samples of every architecture and loss as panels: images, points of the plane, lines of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional

from ganbench.api import Dataset, DataSpec
from ganbench.report.marginals import Cells, Drawn, line
from ganbench.report.plots import (
    REAL_COLOUR,
    canvas,
    label,
    looks,
    losses_of,
    players_of,
    printable,
)
from ganbench.report.tables import Section

PER_ROW = 5
MASSES = (0.99, 0.9, 0.5)
SIDE = 5
LINES = 12
LETTERS = 44
LETTER = 0.052
"""Inches that a letter takes."""
ACROSS = 1.7
"""Least inches of a panel, which a loss above it needs."""
DOWN = 2.1
"""Inches of a panel with its title."""


T = TypeVar("T")


def gallery(
    section: Section,
    cells: Mapping[tuple[str, str], Drawn[T]],
    real: T | None,
    draw: Callable[[Axes, T, str], None],
    across: float = ACROSS,
    down: float = DOWN,
    seeds: bool = True,
) -> Figure:
    """Lay out one panel per cell, in lines of one architecture.

    Args:
        section: names and orders the cells.
        cells: (architecture, loss) -> what its panel shows; who is not there gets no panel.
        real: what the panel at the head of every line shows, None for no such panel.
        draw: draws into a panel, in a colour.
        across: inches of a panel.
        down: inches of a panel with its title.
        seeds: whether what cells say is the seed that they show.
    """
    lines = []
    for player in players_of(section):
        losses = [loss for loss in losses_of(section) if (player, loss) in cells]
        chunks = [losses[i : i + PER_ROW] for i in range(0, len(losses), PER_ROW)]
        lines += [(player, chunk) for chunk in chunks]
    heads = int(real is not None)
    width = heads + max(len(chunk) for _, chunk in lines)
    figure = canvas(0.8 + across * width, 0.5 + down * len(lines))
    grid = figure.subplots(len(lines), width, squeeze=False)
    for axes, (player, chunk) in zip(grid, lines, strict=True):
        colour, _ = looks(section)[player]
        axes[0].set_ylabel(label(player))
        for axis in axes:
            axis.set(xticks=[], yticks=[])
        if real is not None:
            draw(axes[0], real, REAL_COLOUR)
            axes[0].set_title("real")
        for axis, loss in zip(axes[heads:], chunk, strict=False):
            cell = cells[player, loss]
            if cell.x is None:
                axis.set_facecolor("0.92")
                axis.set_title(f"{label(loss)}\n{cell.said}")
            else:
                axis.set_title(f"{label(loss)}\n{'seed ' if seeds else ''}{cell.said}")
                draw(axis, cell.x, colour)
        for spare in axes[heads + len(chunk) :]:
            spare.remove()
    return figure


def images(section: Section, cells: Cells, data: Dataset, real: Tensor) -> Figure:
    """Show the first images of each sample."""

    def draw(axis: Axes, x: Tensor, colour: str) -> None:  # noqa: ARG001
        axis.imshow(sheet(x[: SIDE**2], data.spec, SIDE))
        axis.spines[:].set_visible(False)

    return gallery(section, cells, real, draw)


def sheet(x: Tensor, spec: DataSpec, width: int) -> np.ndarray:
    """Lay images (n, c, h, w) out in lines of `width`, as pixels (H, W, 3) from 0 to 1.

    An incomplete last line ends in white; images of other than three channels show the first.
    """
    low, high = spec.low or 0.0, 1.0 if spec.high is None else spec.high
    pixels = ((x.float() - low) / (high - low)).clamp(0, 1)
    pixels = pixels if pixels.shape[1] == 3 else pixels[:, :1].expand(-1, 3, -1, -1)
    tiles = functional.pad(pixels, (1, 1, 1, 1), value=1.0)
    tiles = functional.pad(tiles, (0, 0, 0, 0, 0, 0, 0, -len(tiles) % width), value=1.0)
    _, c, h, w = tiles.shape
    lines = tiles.reshape(-1, width, c, h, w).permute(0, 3, 1, 4, 2)
    return lines.reshape(-1, width * w, c).numpy()


def vectors(section: Section, cells: Cells, data: Dataset, real: Tensor) -> Figure:
    """Scatter the plane, or the two main directions of the real sample beyond it."""
    if data.spec.size == 1:
        return line(section, cells, real)
    flat = real.flatten(1)
    centre = flat.mean(0)
    turn = torch.eye(2) if flat.shape[1] == 2 else torch.linalg.svd(flat - centre)[2][:2].T
    plane = (flat - centre) @ turn
    middle = (plane.amax(0) + plane.amin(0)) / 2
    reach = 0.6 * float((plane.amax(0) - plane.amin(0)).max())

    def draw(axis: Axes, x: Tensor, colour: str) -> None:
        points = (x.flatten(1) - centre) @ turn - middle
        if data.log_prob is not None and flat.shape[1] == 2:
            _contours(axis, data.log_prob, centre + middle, reach)
        x_axis, y_axis = points.T.numpy()
        axis.scatter(x_axis, y_axis, s=2, color=colour, alpha=0.5, lw=0, rasterized=True)
        axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        outside = float((points.abs() > reach).any(1).float().mean())
        if outside > 0.005:
            axis.set_xlabel(f"{outside:.0%} outside", fontsize=7)

    return gallery(section, cells, real, draw)


def texts(section: Section, cells: Cells, data: Dataset, real: Tensor) -> Figure:
    """Print the first sequences of each sample, shortened to what a panel holds."""
    length = max(map(len, _lines(data, real)))

    def draw(axis: Axes, x: Tensor, colour: str) -> None:
        axis.spines[:].set_visible(False)
        text = "\n".join(_lines(data, x))
        colour = "0.3" if colour == REAL_COLOUR else colour
        axis.text(
            0.02, 0.97, text, transform=axis.transAxes, va="top", color=colour, fontsize=6,
            family="monospace", linespacing=1.5, parse_math=False,
        )  # fmt: skip

    return gallery(section, cells, real, draw, across=max(ACROSS, 0.3 + LETTER * length))


def _lines(data: Dataset, x: Tensor) -> list[str]:
    """Return the first sequences, one line each; what cannot be printed becomes a dot."""
    texts = data.to_text(x[:LINES]) or []
    printed = list(map(printable, texts))
    return [line if len(line) <= LETTERS else f"{line[: LETTERS - 1]}…" for line in printed]


def _contours(
    axis: Axes, log_prob: Callable[[Tensor], Tensor], centre: Tensor, reach: float
) -> None:
    """Enclose 50, 90 and 99% of a density on the plane."""
    ticks = torch.linspace(-reach, reach, 250)
    y, x = torch.meshgrid(ticks, ticks, indexing="ij")
    points = torch.stack([x, y], -1).reshape(-1, 2) + centre
    density = log_prob(points).double().exp().numpy()
    levels = enclosing(density)
    axis.contour(ticks, ticks, density.reshape(x.shape), levels, colors="0.35", linewidths=0.6)


def enclosing(density: np.ndarray) -> np.ndarray:
    """Return the levels above which 99, 90 and 50% of a density (n,) on a lattice lie."""
    ranked = np.sort(density)[::-1]
    mass = np.cumsum(ranked) / ranked.sum()
    return np.unique([ranked[np.searchsorted(mass, part)] for part in MASSES])
