"""Samples of vectors as points of a plane."""

from collections.abc import Callable

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ganbench.api import Dataset
from ganbench.report.figures.galleries import gallery
from ganbench.report.figures.marginals import line
from ganbench.report.figures.style import SMALL
from ganbench.report.figures.typical import Cells
from ganbench.report.tables import Section

MASSES = (0.99, 0.9, 0.5)


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
        say_outside(axis, (points.abs() > reach).any(1))

    return gallery(section, cells, real, draw, below=0.12)


def say_outside(axis: Axes, outside: Tensor) -> None:
    """Say below a panel which share (n,) of what it shows lies outside of it."""
    share = float(outside.float().mean())
    if share > 0.005:
        axis.set_xlabel(f"{share:.0%} outside", fontsize=SMALL)


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
