"""Samples along a path through the noise, for data of every kind."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from ganbench.api import DataKind, Dataset
from ganbench.errors import GanbenchError
from ganbench.report.figures.galleries import gallery
from ganbench.report.figures.images import sheet
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import styled, title
from ganbench.report.figures.lettering import short
from ganbench.report.figures.plane import OUTLINE, plane_of
from ganbench.report.figures.sections import section_of
from ganbench.report.figures.style import palette
from ganbench.report.figures.texts import printed
from ganbench.report.figures.typical import Cells, Drawn, typical, which_seed
from ganbench.report.tables import Section
from ganbench.results import Results

STEPS = 9
"""Samples along a path that is shown sample by sample."""
FINE = 121
"""Samples along a path that is drawn as a line."""
PATHS = 4
COORDINATES = 8
"""Of samples beyond the plane that are drawn."""
COLUMNS = 5
"""Of tables that are printed."""
WIDEST = 12
"""Letters of an entry of a table."""
LONGEST = 64
"""Letters of a line that is printed."""


@styled
def interpolation(results: Results, dataset: str) -> Figure:
    """Draw what generators make of the noise along paths between random points.

    Light-tailed noise is followed along the great circle through both ends, on which it keeps
    its usual norm (White 2016, arXiv:1609.04468), and bounded or heavy-tailed noise along the
    straight line.

    Raises:
        GanbenchError: if no generator is stored.
    """
    section, data = section_of(results, dataset), results.dataset(dataset)
    steps = FINE if data.spec.kind == "vector" else STEPS

    def walked(run: str) -> Tensor:
        stored = results.stored(run)
        ends = stored.noise(2 * PATHS, 0)
        straight = stored.cell.prior.value.tails != "light"
        noise = torch.stack(
            [path(ends[i], ends[i + PATHS], steps, straight) for i in range(PATHS)]
        )
        samples = stored.samples(noise.reshape(-1, noise.shape[-1]))
        return samples.reshape(PATHS, steps, *samples.shape[1:])

    cells = typical(section, walked)
    figure = _DRAWN[data.spec.kind](section, cells, data)
    title(figure, f"{dataset}: samples along paths through the noise")
    return figure


def path(start: Tensor, end: Tensor, steps: int, straight: bool) -> Tensor:
    """Return noise (steps, width) from `start` to `end`, both (width,).

    Off the straight line, the direction moves at constant speed and the norm grows evenly.
    """
    part = torch.linspace(0, 1, steps)[:, None]
    norms = torch.stack([start.norm(), end.norm()])
    first, last = start / norms[0], end / norms[1]
    angle = float(torch.arccos((first @ last).clamp(-1, 1)))
    if straight or not math.sin(angle) > 1e-3:
        return start + part * (end - start)
    way = (((1 - part) * angle).sin() * first + (part * angle).sin() * last) / math.sin(angle)
    return torch.lerp(norms[0], norms[1], part) * way


def _images(section: Section, cells: Cells, data: Dataset) -> Figure:
    def draw(axis: Axes, x: Tensor, colour: str) -> None:  # noqa: ARG001
        axis.imshow(sheet(x.flatten(0, 1), data.spec, STEPS))
        axis.spines[:].set_visible(False)

    return gallery(section, cells, None, draw, across=2.6, least=1.35, ratio=PATHS / STEPS)


def _vectors(section: Section, cells: Cells, data: Dataset) -> Figure:
    if data.spec.size != 2:
        return gallery(section, cells, None, _coordinates, across=2.2, ratio=0.7, below=0.3)
    plane = plane_of(data).grown(*(cell.x for cell in cells.values() if cell.x is not None))

    def draw(axis: Axes, x: Tensor, colour: str) -> None:  # noqa: ARG001
        plane.outline(axis)
        for line, hue in zip(x.flatten(2).numpy(), palette(PATHS), strict=True):
            axis.plot(*line.T, color=hue, lw=0.9)
            axis.plot(*line[[0, -1]].T, "o", ms=3.5, color=hue)
        plane.frame(axis)

    return gallery(section, cells, None, draw)


def _coordinates(axis: Axes, x: Tensor, colour: str) -> None:
    """Draw the coordinates of the first path against the position on it."""
    lines = x[0].flatten(1)[:, :COORDINATES].numpy()
    axis.plot(np.linspace(0, 1, len(lines)), lines, color=colour, lw=0.9, alpha=0.8)
    axis.set(xticks=[0, 1], xlabel="position")
    axis.yaxis.set_major_locator(MaxNLocator(3))


def _texts(section: Section, cells: Cells, data: Dataset) -> Figure:
    return _printed(section, cells, lambda x: data.to_text(x) or [])


def _tables(section: Section, cells: Cells, data: Dataset) -> Figure:
    def lines(x: Tensor) -> list[str]:
        table = data.to_frame(x)
        if table is None:
            raise GanbenchError("Samples cannot be shown as a table")
        shown = table.iloc[:, :COLUMNS].map(_entry)
        shown.columns = pd.Index([_entry(name) for name in shown.columns])
        return shown.to_string(index=False).split("\n")

    return _printed(section, cells, lines)


def _entry(value: object) -> str:
    return short(f"{value:.4g}" if isinstance(value, float) else str(value), WIDEST)


def _printed(section: Section, cells: Cells, lines: Callable[[Tensor], list[str]]) -> Figure:
    """Print the samples of the first path of each cell, one below the other."""
    shown = {
        key: Drawn(said, None if x is None else lines(x[0])) for key, (said, x) in cells.items()
    }
    return printed(section, shown, None, LONGEST)


_DRAWN: Mapping[DataKind, Callable[[Section, Cells, Dataset], Figure]] = {
    "image": _images,
    "vector": _vectors,
    "sequence": _texts,
    "table": _tables,
}

_SHOWN: Mapping[DataKind, str] = {
    "image": f"Each line of images is a path in {STEPS} equal steps.",
    "vector": (
        f"Each line is the image of a path, with dots at its ends. {OUTLINE} Of laws beyond the "
        f"plane, the first {COORDINATES} coordinates on one path."
    ),
    "sequence": (
        f"Each line of text is a step on one path, of {STEPS} equal ones; where a generator draws "
        "more random numbers than its noise, these change from line to line."
    ),
    "table": f"Each row is a step on one path, of {STEPS} equal ones; up to {COLUMNS} columns.",
}


def _caption(results: Results, dataset: str) -> str:
    section = section_of(results, dataset)
    return (
        f"{_SHOWN[results.dataset(dataset).spec.kind]} Paths lead from one random point of the "
        "noise to another: along the great circle through both for light-tailed noise, straight "
        f"for other noise. {which_seed(section)}"
    )


INTERPOLATION = Kind("interpolation", "Paths through the noise", interpolation, _caption)
