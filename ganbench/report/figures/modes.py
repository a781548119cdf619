"""Which modes of a known mixture generated samples hit, and how often."""

from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.spatial.distance import cdist

from ganbench.api import Modes
from ganbench.errors import GanbenchError
from ganbench.report.figures.kind import Kind, seeds_of
from ganbench.report.galleries import gallery
from ganbench.report.marginals import Drawn
from ganbench.report.plots import STYLE, section_of, title
from ganbench.report.tables import Row
from ganbench.results import Results

RADIUS = 3.0
"""Standard deviations from the centre of a mode within which a sample hits it."""


class Hits(NamedTuple):
    """How a cell hits the modes, seed by seed.

    Attributes:
        shares: (seeds, K) of all samples, by mode.
        missed: (seeds,) share of samples near no mode.
    """

    shares: np.ndarray
    missed: np.ndarray


@matplotlib.rc_context(STYLE)
def mode_histograms(results: Results, dataset: str) -> Figure:
    """Draw the share of samples near each mode against its weight, for every cell.

    Raises:
        GanbenchError: if the dataset is no mixture with known modes.
    """
    section, modes = section_of(results, dataset), _modes(results, dataset)
    order = np.argsort(-modes.weights, kind="stable")
    cells = {
        (section.player(row), row.loss): (
            Drawn(f"{row.ok} ok", _hits(results, row, modes))
            if row.runs
            else Drawn(row.status, None)
        )
        for row in section.rows
    }

    heaviest = float(modes.weights.max())
    highest = [float(cell.x.shares.max()) for cell in cells.values() if cell.x is not None]
    top = 1.05 * max(1.5 * heaviest, *highest)

    def draw(axis: Axes, hits: Hits, colour: str) -> None:
        shares = hits.shares[:, order]
        places, mean = np.arange(len(order)), shares.mean(0)
        reach = np.abs(np.stack([shares.min(0), shares.max(0)]) - mean)
        axis.bar(places, mean, 0.85, color=colour, alpha=0.75)
        axis.errorbar(places, mean, reach, fmt="none", ecolor="0.25", elinewidth=0.8)
        axis.stairs(
            modes.weights[order], np.arange(len(order) + 1) - 0.5, baseline=None, color="black"
        )
        axis.set(ylim=(0, top), xlim=(-0.6, len(order) - 0.4))
        axis.set_yticks([0, heaviest], ["0", f"{heaviest:.3g}"])
        axis.set_xlabel(
            f"{np.mean((hits.shares > 0).sum(1)):.3g} of {len(order)} hit\n"
            f"{hits.missed.mean():.0%} near none",
            fontsize=7,
        )

    figure = gallery(section, cells, None, draw, seeds=False)
    title(figure, f"{dataset}: share of samples by mode, black: its true weight")
    return figure


def _modes(results: Results, dataset: str) -> Modes:
    modes: Modes | None = results.dataset(dataset).modes
    if modes is None:
        raise GanbenchError("The dataset is no mixture with known modes")
    return modes


def _hits(results: Results, row: Row, modes: Modes) -> Hits:
    seeds = [_shares(results.samples(run).flatten(1).numpy(), modes) for run in row.runs.values()]
    shares = np.stack(seeds)
    return Hits(shares, 1 - shares.sum(1))


def _shares(sample: np.ndarray, modes: Modes) -> np.ndarray:
    """Return which share (K,) of a sample (n, d) lies near each mode, nearest first."""
    distances = cdist(sample, modes.centers)
    near = distances.min(1) <= RADIUS * modes.std
    counts = np.bincount(distances.argmin(1)[near], minlength=len(modes.centers))
    shares: np.ndarray = counts / len(sample)
    return shares


def _caption(results: Results, dataset: str) -> str:
    section = section_of(results, dataset)
    return (
        f"Share of generated samples within {RADIUS:g} standard deviations of each mode, heaviest "
        f"mode first: mean over {seeds_of(section)}, with lines from the smallest to the largest. "
        "Black steps are the true weights. Below a panel stands how many modes a seed hits with "
        "at least one sample, and how many samples are near no mode, on average over seeds."
    )


MODES = Kind("mode-histograms", "Modes", mode_histograms, _caption)
