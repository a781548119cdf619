"""Which modes of a known mixture generated samples cover, and how often they hit each."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganbench.api import Modes
from ganbench.components import parse_single
from ganbench.errors import GanbenchError
from ganbench.metrics import mode_coverage
from ganbench.report.figures.galleries import gallery
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import styled, title
from ganbench.report.figures.sections import section_of, seeds_of
from ganbench.report.figures.style import SMALL
from ganbench.report.figures.typical import Drawn
from ganbench.report.tables import Row
from ganbench.results import Results

RULE = {"radius": 3.0, "share": 0.2}
"""When a mode is hit and covered, where the results have no score that says it."""


class Hits(NamedTuple):
    """How a cell hits the modes, seed by seed.

    Attributes:
        shares: (seeds, K) of all samples, by mode.
        covered: (seeds,) number of modes.
        missed: (seeds,) share of samples near no mode.
    """

    shares: np.ndarray
    covered: np.ndarray
    missed: np.ndarray


@styled
def mode_histograms(results: Results, dataset: str) -> Figure:
    """Draw the share of samples near each mode against its weight, for every cell.

    What is near, and what is covered, is up to `ganbench.metrics.mode_coverage`, with the
    arguments of the score that the results have.

    Raises:
        GanbenchError: if the dataset is no mixture with known modes.
    """
    section, modes = section_of(results, dataset), _modes(results, dataset)
    rule = _rule(results, dataset)
    order = np.argsort(-modes.weights, kind="stable")
    cells = {
        (section.player(row), row.loss): (
            Drawn(f"{row.ok} ok", _hits(results, row, modes, rule))
            if row.runs
            else Drawn(row.status, None)
        )
        for row in section.rows
    }
    weights = modes.weights[order]
    heaviest = float(weights[0])
    highest = [float(cell.x.shares.max()) for cell in cells.values() if cell.x is not None]
    top = 1.05 * max(1.5 * heaviest, *highest)

    def draw(axis: Axes, hits: Hits, colour: str) -> None:
        shares = hits.shares[:, order]
        places, mean = np.arange(len(order)), shares.mean(0)
        reach = np.abs(np.stack([shares.min(0), shares.max(0)]) - mean)
        axis.bar(places, mean, 0.85, color=colour, alpha=0.75)
        axis.errorbar(places, mean, reach, fmt="none", ecolor="0.25", elinewidth=0.8)
        edges = np.arange(len(order) + 1) - 0.5
        axis.stairs(rule["share"] * weights, edges, baseline=None, color="black", ls=":")
        axis.stairs(weights, edges, baseline=None, color="black")
        axis.set(ylim=(0, top), xlim=(-0.6, len(order) - 0.4))
        axis.set_yticks([0, heaviest], ["0", f"{heaviest:.3g}"])
        axis.set_xlabel(
            f"{hits.covered.mean():.3g} of {len(order)} covered\n"
            f"{hits.missed.mean():.0%} near none",
            fontsize=SMALL,
        )

    figure = gallery(section, cells, None, draw, least=1.2, ratio=0.6, below=0.4, seeds=False)
    title(figure, f"{dataset}: share of samples by mode, black: its true weight")
    return figure


def _modes(results: Results, dataset: str) -> Modes:
    modes: Modes | None = results.dataset(dataset).modes
    if modes is None:
        raise GanbenchError("The dataset is no mixture with known modes")
    return modes


def _rule(results: Results, dataset: str) -> dict[str, float]:
    """Return the arguments of the first score of the dataset that counts covered modes."""
    frame = results.frame
    counts = frame["dataset"].eq(dataset) & frame["estimator"].eq("covered")
    named: dict[str, Any] = {}
    for label in frame["metric"][counts][:1]:
        named = dict(parse_single(str(label)).params)
    return {name: float(named.get(name, default)) for name, default in RULE.items()}


def _hits(results: Results, row: Row, modes: Modes, rule: dict[str, float]) -> Hits:
    shares, covered, missed = [], [], []
    for run in row.runs.values():
        fake = results.samples(run).flatten(1)
        scores = {
            score.estimator: score
            for score in mode_coverage(
                fake, modes.centers, modes.std, weights=modes.weights, **rule
            )
        }
        shares.append(np.array(scores["covered"].details["hits"]) / len(fake))
        covered.append(scores["covered"].value)
        missed.append(1 - scores["quality"].value)
    return Hits(np.stack(shares), np.array(covered), np.array(missed))


def _caption(results: Results, dataset: str) -> str:
    section, rule = section_of(results, dataset), _rule(results, dataset)
    return (
        f"Share of generated samples within {rule['radius']:g} standard deviations of each mode, "
        f"heaviest mode first: mean over {seeds_of(section)}, with lines from the smallest to the "
        "largest. Black steps are the true weights; dotted ones, at "
        f"{rule['share']:.0%} of them, are what a mode needs to be covered. Below a panel stands "
        "how many modes a seed covers, and how many samples are near no mode, on average over "
        "seeds."
    )


MODES = Kind("mode-histograms", "Modes", mode_histograms, _caption)
