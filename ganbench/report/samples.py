"""Panels of generated samples beside real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from torch import Tensor
from torch.nn import functional

from ganbench.api import DataKind, Dataset, DataSpec
from ganbench.errors import GanbenchError
from ganbench.report.plots import (
    REAL_COLOUR,
    STYLE,
    canvas,
    legend,
    looks,
    losses_of,
    players_of,
    section_of,
)
from ganbench.report.tables import Row, Section, wrapped
from ganbench.results import Results

PER_ROW = 5
POINTS = 1000
MASSES = (0.99, 0.9, 0.5)
MAX_COLUMNS = 10
MAX_LEVELS = 8
SIDE = 5


class Drawn(NamedTuple):
    """The samples of one seed of a cell, or why there are none."""

    said: str
    x: Tensor | None


Cells = Mapping[tuple[str, str], Drawn]
"""(architecture, loss) -> what was drawn."""


def typical_seed(section: Section, row: Row) -> int:
    """Return the seed with the median of the first score that the row has, or any ok seed."""
    for column in section.columns:
        values = row.scores[column.name].values
        if values:
            return sorted(values, key=values.__getitem__)[(len(values) - 1) // 2]
    return min(row.runs)


@matplotlib.rc_context(STYLE)
def samples(results: Results, dataset: str) -> Figure:
    """Draw samples of the median seed of every architecture and loss beside real ones.

    Raises:
        GanbenchError: the dataset's plugin is not installed, or its kind has no picture.
    """
    section = section_of(results, dataset)
    data = results.dataset(dataset)
    kind = data.spec.kind
    if kind not in _PICTURES:
        raise GanbenchError(f"Samples of the kind '{kind}' have no picture")
    cells = {
        (section.player(row), row.loss): _drawn(results, section, row) for row in section.rows
    }
    real = data.sample(POINTS, "test", torch.Generator().manual_seed(0))
    figure = _PICTURES[kind](section, cells, data, real)
    figure.suptitle(f"{dataset}: real and generated", fontsize=10)
    return figure


def _drawn(results: Results, section: Section, row: Row) -> Drawn:
    if not row.runs:
        return Drawn(row.status, None)
    seed = typical_seed(section, row)
    return Drawn(str(seed), results.samples(row.runs[seed])[:POINTS].cpu())


# ------------------------------------------------------------------------------------ galleries

Draw = Callable[[Axes, Tensor, str], None]


def _gallery(section: Section, cells: Cells, real: Tensor, draw: Draw) -> Figure:
    """Lay out one panel per cell, real samples first in every line."""
    lines = []
    for player in players_of(section):
        losses = [loss for loss in losses_of(section) if (player, loss) in cells]
        chunks = [losses[i : i + PER_ROW] for i in range(0, len(losses), PER_ROW)]
        lines += [(player, chunk) for chunk in chunks]
    width = 1 + max(len(chunk) for _, chunk in lines)
    figure = canvas(0.8 + 1.7 * width, 0.5 + 2.1 * len(lines))
    grid = figure.subplots(len(lines), width, squeeze=False)
    for axes, (player, chunk) in zip(grid, lines, strict=True):
        colour, _ = looks(section)[player]
        axes[0].set_ylabel(wrapped(player))
        for axis in axes:
            axis.set(xticks=[], yticks=[])
        draw(axes[0], real, REAL_COLOUR)
        axes[0].set_title("real")
        for axis, loss in zip(axes[1:], chunk, strict=False):
            cell = cells[player, loss]
            if cell.x is None:
                axis.set_facecolor("0.92")
                axis.set_title(f"{wrapped(loss, 22)}\n{cell.said}")
            else:
                axis.set_title(f"{wrapped(loss, 22)}\nseed {cell.said}")
                draw(axis, cell.x, colour)
        for spare in axes[1 + len(chunk) :]:
            spare.remove()
    return figure


def _images(section: Section, cells: Cells, data: Dataset, real: Tensor) -> Figure:
    def draw(axis: Axes, x: Tensor, colour: str) -> None:  # noqa: ARG001
        axis.imshow(sheet(x[: SIDE**2], data.spec, SIDE))
        axis.spines[:].set_visible(False)

    return _gallery(section, cells, real, draw)


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


def _vectors(section: Section, cells: Cells, data: Dataset, real: Tensor) -> Figure:
    """Scatter the plane, or the two main directions of the real sample beyond it."""
    if data.spec.size == 1:
        names = ["value"]
        frames = {key: _frame(cell.x, names) for key, cell in cells.items()}
        return _marginals(section, cells, frames, _frame(real, names))
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

    return _gallery(section, cells, real, draw)


def _contours(
    axis: Axes, log_prob: Callable[[Tensor], Tensor], centre: Tensor, reach: float
) -> None:
    """Enclose 50, 90 and 99% of a density on the plane."""
    ticks = torch.linspace(-reach, reach, 250)
    y, x = torch.meshgrid(ticks, ticks, indexing="ij")
    points = torch.stack([x, y], -1).reshape(-1, 2) + centre
    density = log_prob(points).double().exp().numpy()
    ranked = np.sort(density)[::-1]
    mass = np.cumsum(ranked) / ranked.sum()
    levels = np.unique([ranked[np.searchsorted(mass, part)] for part in MASSES])
    axis.contour(ticks, ticks, density.reshape(x.shape), levels, colors="0.35", linewidths=0.6)


# ------------------------------------------------------------------------------------ marginals


def _frame(x: Tensor | None, names: Sequence[str]) -> pd.DataFrame | None:
    return None if x is None else pd.DataFrame(x.flatten(1).numpy(), columns=list(names))


def _tables(section: Section, cells: Cells, data: Dataset, real: Tensor) -> Figure:
    frames = {
        key: None if cell.x is None else data.to_frame(cell.x) for key, cell in cells.items()
    }
    return _marginals(section, cells, frames, data.to_frame(real))


def _marginals(
    section: Section,
    cells: Cells,
    frames: Mapping[tuple[str, str], pd.DataFrame | None],
    real: pd.DataFrame | None,
) -> Figure:
    """Draw the law of every column: losses below each other, architectures as colours."""
    if real is None:
        raise GanbenchError(f"Samples of '{section.dataset}' cannot be shown as a table")
    names, losses, styles = list(real.columns)[:MAX_COLUMNS], losses_of(section), looks(section)
    width = max(1.4, min(2.6, 10 / len(names)))
    figure = canvas(max(5.0, 1.0 + width * len(names)), 1.2 + 1.3 * len(losses))
    grid = figure.subplots(len(losses), len(names), sharex="col", squeeze=False)
    for axes, loss in zip(grid, losses, strict=True):
        shown = {p: frame for p in styles if (frame := frames.get((p, loss))) is not None}
        said = ", ".join(cells[p, loss].said for p in styles if (p, loss) in cells)
        plural = "seeds" if "," in said else "seed"
        label = f"{wrapped(loss)}\n{wrapped(f'{plural} {said}')}"
        axes[0].set_ylabel(label, rotation=0, ha="right", va="center")
        for axis, name in zip(axes, names, strict=True):
            columns = {styles[p][0]: frame[name] for p, frame in shown.items()}
            _marginal(axis, real[name], columns)
    for axis, name in zip(grid[0], names, strict=True):
        axis.set_title(wrapped(str(name), 12))
    handles = [Line2D([], [], color=colour, label=p) for p, (colour, _) in styles.items()]
    grey = Patch(color=REAL_COLOUR, alpha=0.6, label="real")
    legend(figure, [grey, *handles])
    return figure


def _marginal(axis: Axes, real: pd.Series[Any], fake: Mapping[str, pd.Series[Any]]) -> None:
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    if pd.api.types.is_numeric_dtype(real) and real.nunique() > MAX_LEVELS:
        low, high = real.quantile([0.005, 0.995])
        bins = np.linspace(low, high, 31).tolist()
        axis.hist(real.clip(low, high), bins, density=True, color=REAL_COLOUR, alpha=0.6)
        for colour, column in fake.items():
            inside = column.clip(low, high)
            axis.hist(inside, bins, density=True, color=colour, histtype="step", lw=1.2)
        axis.locator_params(axis="x", nbins=4)
        return
    levels = list(real.value_counts().index[:MAX_LEVELS])
    if pd.api.types.is_numeric_dtype(real):
        levels.sort()
    rare = not all(column.isin(levels).all() for column in (real, *fake.values()))
    names = [*map(_short, levels), *(["other"] if rare else [])]
    slots = np.arange(len(names))
    axis.bar(slots, _shares(real, levels)[: len(names)], 0.9, color=REAL_COLOUR, alpha=0.6)
    for rank, (colour, column) in enumerate(fake.items()):
        thin = 0.8 / len(fake)
        middle, heights = slots + (rank + 0.5) * thin - 0.4, _shares(column, levels)[: len(names)]
        axis.bar(middle, heights, thin, ec=colour, fill=False, lw=1.2)
    axis.set_xticks(slots, names, rotation=90)


def _shares(column: pd.Series[Any], levels: Sequence[object]) -> list[float]:
    shares = [float((column == level).mean()) for level in levels]
    return [*shares, max(0.0, 1 - sum(shares))]


def _short(level: object) -> str:
    text = f"{level:g}" if isinstance(level, float) else str(level)
    return text if len(text) < 13 else f"{text[:11]}…"


_PICTURES: Mapping[DataKind, Callable[[Section, Cells, Dataset, Tensor], Figure]] = {
    "image": _images,
    "table": _tables,
    "vector": _vectors,
}

_CAPTIONS: Mapping[DataKind, str] = {
    "image": f"The first {SIDE**2} images of each sample.",
    "table": (
        f"The laws of up to {MAX_COLUMNS} columns, one line per loss: real samples in grey, "
        "generated ones as outlines. The outermost bins hold the tails, and rare categories "
        "are gathered as 'other'."
    ),
    "vector": (
        "Where the real density is known, contours enclose 50, 90 and 99% of it. Samples of "
        "more than two dimensions are projected on the two main directions of the real sample."
    ),
}


def caption(results: Results, dataset: str) -> str:
    """Say what the panels show, and which seed."""
    columns = section_of(results, dataset).columns
    which = f"the seed with the median {columns[0].name}" if columns else "the first ok seed"
    what = _CAPTIONS[results.dataset(dataset).spec.kind]
    return f"{what} Shown is {which} (named above or beside each panel), up to {POINTS} samples."
