"""Laws on the plane: their density, and where the generated law has too much or too little."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from torch import Tensor

from ganbench.api import Dataset
from ganbench.errors import GanbenchError
from ganbench.metrics.kernels import resolve
from ganbench.report.figures.clouds import enclosing
from ganbench.report.figures.galleries import gallery
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import scale_below, styled, title
from ganbench.report.figures.sections import section_of
from ganbench.report.figures.style import REAL_COLOUR
from ganbench.report.figures.typical import POINTS, typical, which_seed
from ganbench.results import Results

TICKS = 100
"""Points of a map along each side."""
BANDWIDTHS = np.geomspace(0.01, 0.5, 16)
"""Of kernel estimates, in standard deviations of the real sample."""
SHOWN = 150
"""Points of a sample that lie on a map."""
OUTLINE = (
    "Contours enclose 50, 90 and 99% of the real law, or, where its density is not known, real "
    "samples are grey."
)


@dataclass(frozen=True)
class Plane:
    """A square that holds the real sample.

    Attributes:
        data: the dataset.
        real: its sample (n, 2).
        middle: of the square (2,).
        reach: from the middle to a side.
    """

    data: Dataset
    real: Tensor
    middle: Tensor
    reach: float

    def sides(self, ticks: int = TICKS) -> tuple[np.ndarray, np.ndarray]:
        """Return where the points of a map lie along both axes."""
        steps = np.linspace(-self.reach, self.reach, ticks)
        return float(self.middle[0]) + steps, float(self.middle[1]) + steps

    def points(self, ticks: int = TICKS) -> Tensor:
        """Return the points of a map (ticks ** 2, 2), line by line from below."""
        x, y = np.meshgrid(*self.sides(ticks))
        return torch.from_numpy(np.stack([x, y], -1).reshape(-1, 2)).to(torch.float32)

    def frame(self, axis: Axes) -> None:
        """Let a panel show the square."""
        x, y = self.sides()
        axis.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), aspect="equal")

    def grown(self, *points: Tensor) -> "Plane":
        """Return the square that also holds 99% of points (..., 2), up to twice as large."""
        every = torch.cat([each.reshape(-1, 2) for each in points])
        needed = float((every - self.middle).abs().amax(1).quantile(0.99))
        return replace(self, reach=max(self.reach, min(2 * self.reach, 1.05 * needed)))

    def outside(self, x: Tensor) -> Tensor:
        """Say which points (..., 2) lie outside of the square (...)."""
        return ((x - self.middle).abs() > self.reach).any(-1)

    def map(self, axis: Axes, values: np.ndarray, colours: str, scale: Normalize) -> None:
        """Colour a panel by values (TICKS ** 2,) at the points."""
        grid = values.reshape(TICKS, TICKS)
        axis.pcolormesh(*self.sides(), grid, cmap=colours, norm=scale, rasterized=True)
        self.frame(axis)

    def outline(self, axis: Axes) -> None:
        """Show the real law: what encloses most of its density, or its sample in grey."""
        known = self.data.log_prob
        if known is None:
            x, y = self.real.numpy().T
            axis.scatter(x, y, s=2, color=REAL_COLOUR, alpha=0.5, lw=0)
            return
        values = known(self.points(2 * TICKS)).double().exp().numpy()
        grid = values.reshape(2 * TICKS, 2 * TICKS)
        style: dict[str, Any] = {"colors": "0.35", "linewidths": 0.6}
        axis.contour(*self.sides(2 * TICKS), grid, enclosing(values), **style)

    def scatter(self, axis: Axes, x: Tensor, colour: str) -> None:
        """Put some points on a map."""
        first, second = x[:SHOWN].flatten(1).numpy().T
        axis.scatter(first, second, s=5, color=colour, edgecolors="white", linewidths=0.3)


def plane_of(data: Dataset) -> Plane:
    """Find the square on which a dataset lies.

    Raises:
        GanbenchError: if it is no law on the plane.
    """
    if data.spec.kind != "vector" or data.spec.size != 2:
        raise GanbenchError("The dataset is no law on the plane")
    real = data.sample(POINTS, "test", torch.Generator().manual_seed(0)).flatten(1)
    low, high = real.amin(0), real.amax(0)
    return Plane(data, real, (low + high) / 2, 0.6 * float((high - low).max()))


# ------------------------------------------------------------------------------------- density

_DENSITY = "mako_r"


@styled
def density(results: Results, dataset: str) -> Figure:
    """Draw the known density, or an estimate of it, beside estimates of the generated laws.

    The kernel is a Gaussian. All panels share the bandwidth under which the rows of the real
    sample, each left out in turn, are likeliest (Duin 1976, doi:10.1109/TC.1976.1674577).

    Raises:
        GanbenchError: if the dataset is no law on the plane.
    """
    section, plane = section_of(results, dataset), plane_of(results.dataset(dataset))
    points, known, width = plane.points(), plane.data.log_prob, bandwidth(plane.real)
    real = estimate(plane.real, points, width)
    if known is not None:
        real = known(points).double().exp().numpy()
    cells = typical(
        section,
        lambda run: estimate(results.samples(run)[:POINTS].flatten(1), points, width),
    )
    scale = Normalize(0, float(real.max()))
    figure = gallery(
        section, cells, real, lambda axis, values, _: plane.map(axis, values, _DENSITY, scale)
    )
    scale_below(figure, _DENSITY, scale, "density")
    title(figure, f"{dataset}: density of the real and the generated law")
    return figure


def estimate(sample: Tensor, points: Tensor, width: float) -> np.ndarray:
    """Estimate a density from a sample (n, 2) at points (m, 2), by Gaussians of this width."""
    exponents = cdist(points.numpy(), sample.numpy(), "sqeuclidean") / (-2 * width**2)
    values: np.ndarray = np.exp(exponents).mean(axis=1) / (2 * np.pi * width**2)
    return values


def bandwidth(sample: Tensor, most: int = 500) -> float:
    """Return the width of Gaussians under which rows that are left out in turn are likeliest."""
    rows = sample[:most].numpy()
    squares = cdist(rows, rows, "sqeuclidean")
    np.fill_diagonal(squares, np.inf)
    widths = BANDWIDTHS * float(rows.std(axis=0).mean())
    likelihoods = [
        logsumexp(squares / (-2 * width**2), axis=1).mean() - 2 * np.log(width) for width in widths
    ]
    return float(widths[int(np.argmax(likelihoods))])


def _density_caption(results: Results, dataset: str) -> str:
    section = section_of(results, dataset)
    known = plane_of(results.dataset(dataset)).data.log_prob is not None
    first = "the known density" if known else "a kernel estimate from real samples"
    return (
        f"First {first}, then kernel estimates from up to {POINTS:,} generated "
        "samples, all with the bandwidth that suits the real sample, and on one scale: what is "
        f"denser than the densest of the real law has the same colour. {which_seed(section)}"
    )


DENSITY = Kind("density", "Density on the plane", density, _density_caption)


# ------------------------------------------------------------------------------------- witness

_WITNESS = "PuOr"


@styled
def witness(results: Results, dataset: str) -> Figure:
    """Draw the witness function of the MMD: real minus generated mean of the kernel.

    The kernel is `multi_rbf` with the bandwidths of the real sample (Gretton et al. 2012, JMLR
    13, section 2.3).

    Raises:
        GanbenchError: if the dataset is no law on the plane.
    """
    section, plane = section_of(results, dataset), plane_of(results.dataset(dataset))
    points, real = plane.points(), plane.real
    kernel = resolve("multi_rbf", real)

    def mean(x: Tensor) -> np.ndarray:
        grams = [gram.mean(1).clone() for gram in kernel.grams(points, x)]
        values: np.ndarray = torch.stack(grams).mean(0).numpy()
        return values

    expected = mean(real)
    cells = typical(
        section,
        lambda run: expected - mean(results.samples(run)[:POINTS].flatten(1)),
    )
    reach = max(float(np.abs(cell.x).max()) for cell in cells.values() if cell.x is not None)
    scale = Normalize(-reach, reach)

    def draw(axis: Axes, values: np.ndarray, colour: str) -> None:  # noqa: ARG001
        plane.map(axis, values, _WITNESS, scale)
        plane.scatter(axis, real, REAL_COLOUR)

    figure = gallery(section, cells, None, draw)
    scale_below(figure, _WITNESS, scale, "real minus generated")
    title(figure, f"{dataset}: where generated samples are missing or too many")
    return figure


def _witness_caption(results: Results, dataset: str) -> str:
    section = section_of(results, dataset)
    return (
        "The witness function of the MMD, the difference of the means of the kernel `multi_rbf` "
        f"over up to {POINTS:,} real and as many generated samples: violet where generated "
        f"samples are missing, orange where they are too many; all panels on one scale, {SHOWN} "
        f"real samples in grey. {which_seed(section)}"
    )


WITNESS = Kind("witness", "Witness function of the MMD", witness, _witness_caption)
