"""Samples along a path through the noise, for data of every kind."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ganbench.api import DataKind, Dataset
from ganbench.errors import GanbenchError
from ganbench.report.figures.kind import Kind, typical, which_seed
from ganbench.report.figures.plane import OUTLINE, Plane, plane_of
from ganbench.report.galleries import LETTER, gallery, sheet
from ganbench.report.plots import STYLE, section_of, short, title
from ganbench.results import Results

STEPS = 9
"""Samples along a path that is shown sample by sample."""
FINE = 121
"""Samples along a path that is drawn as a line."""
PATHS = 4
COORDINATES = 8
"""Of samples beyond the plane that are drawn."""
WIDEST = 12
"""Letters of an entry of a table."""

Draw = Callable[[Axes, Tensor, str], None]


@matplotlib.rc_context(STYLE)
def interpolation(results: Results, dataset: str) -> Figure:
    """Draw what generators make of the noise along paths between random points.

    Light-tailed noise is followed along the great circle through both ends, on which it keeps
    its usual norm (White 2016, arXiv:1609.04468), and bounded or heavy-tailed noise along the
    straight line.

    Raises:
        GanbenchError: if no generator is stored.
    """
    section, data = section_of(results, dataset), results.dataset(dataset)
    kind = data.spec.kind
    steps = FINE if kind == "vector" else STEPS

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
    draw, across = _DRAWN[kind](results, dataset, data)
    figure = gallery(section, cells, None, draw, across)
    title(figure, f"{dataset}: samples along paths through the noise")
    return figure


def path(start: Tensor, end: Tensor, steps: int, straight: bool) -> Tensor:
    """Return noise (steps, width) from `start` to `end`, both (width,)."""
    part = torch.linspace(0, 1, steps)[:, None]
    cosine = torch.nn.functional.cosine_similarity(start, end, dim=0).clamp(-1, 1)
    angle = float(torch.arccos(cosine))
    if straight or math.sin(angle) < 1e-3:
        return start + part * (end - start)
    return ((((1 - part) * angle).sin()) * start + (part * angle).sin() * end) / math.sin(angle)


def _images(results: Results, dataset: str, data: Dataset) -> tuple[Draw, float]:  # noqa: ARG001
    def draw(axis: Axes, x: Tensor, colour: str) -> None:  # noqa: ARG001
        axis.imshow(sheet(x.flatten(0, 1), data.spec, STEPS))
        axis.spines[:].set_visible(False)

    return draw, 2.6


def _vectors(results: Results, dataset: str, data: Dataset) -> tuple[Draw, float]:
    if data.spec.size == 2:
        return partial(_walk, plane_of(results, dataset)), 1.9
    return _coordinates, 2.2


def _walk(plane: Plane, axis: Axes, x: Tensor, colour: str) -> None:
    plane.outline(axis)
    for line in x.flatten(2).numpy():
        axis.plot(*line.T, color=colour, lw=0.9)
        axis.plot(*line[[0, -1]].T, "o", ms=3.5, color=colour)
    plane.frame(axis)


def _coordinates(axis: Axes, x: Tensor, colour: str) -> None:
    """Draw the coordinates of the first path against the position on it."""
    lines = x[0].flatten(1)[:, :COORDINATES].numpy()
    axis.plot(np.linspace(0, 1, len(lines)), lines, color=colour, lw=0.9, alpha=0.8)
    axis.set(xticks=[0, 1], xlabel="position on the path")
    axis.locator_params(axis="y", nbins=3)


def _texts(results: Results, dataset: str, data: Dataset) -> tuple[Draw, float]:  # noqa: ARG001
    letters = 44

    def draw(axis: Axes, x: Tensor, colour: str) -> None:
        _written(axis, [short(line, letters) for line in data.to_text(x[0]) or []], colour)

    return draw, 0.3 + LETTER * letters


def _tables(results: Results, dataset: str, data: Dataset) -> tuple[Draw, float]:  # noqa: ARG001
    columns = 5

    def draw(axis: Axes, x: Tensor, colour: str) -> None:
        table = data.to_frame(x[0])
        if table is None:
            raise GanbenchError("Samples cannot be shown as a table")
        shown = table.iloc[:, :columns].map(_entry)
        shown.columns = [_entry(name) for name in shown.columns]
        _written(axis, shown.to_string(index=False).split("\n"), colour)

    return draw, 0.3 + LETTER * (WIDEST + 1) * columns


def _entry(value: object) -> str:
    return short(f"{value:.4g}" if isinstance(value, float) else str(value), WIDEST)


def _written(axis: Axes, lines: list[str], colour: str) -> None:
    """Print lines into a panel, one below the other."""
    axis.spines[:].set_visible(False)
    axis.text(
        0.02, 0.97, "\n".join(lines), transform=axis.transAxes, va="top", color=colour,
        fontsize=6, family="monospace", linespacing=1.6, parse_math=False,
    )  # fmt: skip


_DRAWN: Mapping[DataKind, Callable[[Results, str, Dataset], tuple[Draw, float]]] = {
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
    "sequence": f"Each line of text is a step on one path, of {STEPS} equal ones.",
    "table": f"Each row is a step on one path, of {STEPS} equal ones; up to five columns.",
}


def _caption(results: Results, dataset: str) -> str:
    section = section_of(results, dataset)
    return (
        f"{_SHOWN[results.dataset(dataset).spec.kind]} Paths lead from one random point of the "
        "noise to another: along the great circle through both for light-tailed noise, straight "
        f"for other noise. {which_seed(section)}"
    )


INTERPOLATION = Kind("interpolation", "Paths through the noise", interpolation, _caption)
