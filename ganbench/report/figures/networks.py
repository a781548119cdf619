"""What the stored players of 2-D laws do: what critics score, and where generators send noise."""

from typing import NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from torch import Tensor

from ganbench.comparison.wording import number
from ganbench.errors import GanbenchError
from ganbench.report.figures.clouds import say_outside
from ganbench.report.figures.galleries import gallery
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import styled, title
from ganbench.report.figures.plane import OUTLINE, SHOWN, plane_of
from ganbench.report.figures.sections import section_of
from ganbench.report.figures.style import SMALL
from ganbench.report.figures.typical import POINTS, typical, which_seed
from ganbench.results import Results

_LANDSCAPE = "cividis"
LINES = 21
"""Lines of noise in each direction."""


# ----------------------------------------------------------------------------------- landscapes


class Landscape(NamedTuple):
    """What a critic scores on the plane, and what it was trained against."""

    scores: np.ndarray
    fake: Tensor


@styled
def critic_landscapes(results: Results, dataset: str) -> Figure:
    """Draw what each critic scores on the plane, with real and generated points.

    Raises:
        GanbenchError: if the dataset is no law on the plane, or no critic is stored.
    """
    section, plane = section_of(results, dataset), plane_of(results.dataset(dataset))

    def seen(run: str) -> Landscape:
        scores = results.stored(run).scores(plane.points()).numpy()
        if not np.isfinite(scores).all():
            raise GanbenchError(f"The critic of the run {run} gives numbers that are not finite")
        return Landscape(scores, results.samples(run)[:POINTS])

    def draw(axis: Axes, landscape: Landscape, colour: str) -> None:
        low, high = np.quantile(landscape.scores, [0.005, 0.995])
        plane.map(axis, landscape.scores, _LANDSCAPE, Normalize(low, high))
        plane.scatter(axis, plane.real, "black")
        plane.scatter(axis, landscape.fake, colour)
        axis.set_xlabel(f"{number(float(low))} to {number(float(high))}", fontsize=SMALL)

    figure = gallery(section, typical(section, seen), None, draw, below=0.15)
    title(figure, f"{dataset}: what critics score, real points black")
    return figure


def _landscape_caption(results: Results, dataset: str) -> str:
    section = section_of(results, dataset)
    return (
        "What the critic scores at the end of training, brighter where more; each panel on a "
        "scale of its own, as losses are, whose ends (the 0.5% and the 99.5% point on the "
        f"square) stand below it. {SHOWN} real samples are black, as many generated ones "
        f"coloured. {which_seed(section)}"
    )


LANDSCAPES = Kind("critic-landscapes", "Critic landscapes", critic_landscapes, _landscape_caption)


# ---------------------------------------------------------------------------------- maps of noise


@styled
def noise_maps(results: Results, dataset: str) -> Figure:
    """Draw where a lattice in the space of noise lands on the plane.

    The lattice spans the middle 98% of the first two coordinates; all others stay at their
    median.

    Raises:
        GanbenchError: if the dataset is no law on the plane, or no generator is stored.
    """
    section, plane = section_of(results, dataset), plane_of(results.dataset(dataset))

    def landed(run: str) -> Tensor:
        stored = results.stored(run)
        mesh = lattice(stored.noise(POINTS, 0))
        landing = stored.samples(mesh.reshape(-1, mesh.shape[-1])).flatten(1)
        return landing.reshape(*mesh.shape[:2], 2)

    cells = typical(section, landed)
    whole = plane.grown(*(cell.x for cell in cells.values() if cell.x is not None))

    def draw(axis: Axes, mesh: Tensor, colour: str) -> None:  # noqa: ARG001
        whole.outline(axis)
        _mesh(axis, mesh.numpy())
        whole.frame(axis)
        say_outside(axis, whole.outside(mesh))

    figure = gallery(section, cells, None, draw, below=0.12)
    title(figure, f"{dataset}: where a lattice of noise lands")
    return figure


def lattice(noise: Tensor) -> Tensor:
    """Lay a lattice (lines, lines, width) through the first two coordinates of noise (n, width).

    Noise of one coordinate gives a lattice with one line.
    """
    middle = noise.median(0).values
    low, high = (noise.quantile(part, dim=0) for part in (0.01, 0.99))
    ends = list(zip(low.tolist(), high.tolist(), strict=True))[:2]
    steps = [torch.linspace(*each, LINES) for each in ends]
    mesh = middle.repeat(LINES, LINES if len(steps) > 1 else 1, 1)
    for place, values in enumerate(torch.meshgrid(*steps, indexing="ij")):
        mesh[..., place] = values.view(mesh.shape[:2])
    return mesh


def _mesh(axis: Axes, mesh: np.ndarray) -> None:
    """Draw the lines of the first coordinate in colours, those of the second across in grey."""
    across = LineCollection(list(mesh.transpose(1, 0, 2)), colors="0.45", linewidths=0.4)
    axis.add_collection(across)
    along = LineCollection(list(mesh), cmap="viridis", linewidths=0.9)
    along.set_array(np.linspace(0, 1, len(mesh)))
    axis.add_collection(along)


def _noise_caption(results: Results, dataset: str) -> str:
    section = section_of(results, dataset)
    return (
        f"Where the generator sends a lattice of {LINES} by {LINES} lines through the first two "
        "coordinates of its noise, over the middle 98% of each, with all others at their median: "
        "along a coloured line the first coordinate is constant (dark to bright: low to high), "
        f"along a grey one the second. {OUTLINE} Below a panel stands how much of the lattice "
        f"lies outside of it. {which_seed(section)}"
    )


NOISE_MAPS = Kind("noise-maps", "From noise to samples", noise_maps, _noise_caption)
