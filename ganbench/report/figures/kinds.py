"""Every kind of figure that can be asked for by name, in the order in which they are drawn."""

from ganbench.report import plots, samples
from ganbench.report.figures.agreement import AGREEMENT
from ganbench.report.figures.animation import ANIMATION
from ganbench.report.figures.correlations import CORRELATIONS
from ganbench.report.figures.costs import PARETO
from ganbench.report.figures.evolution import RANKS
from ganbench.report.figures.interpolation import INTERPOLATION
from ganbench.report.figures.kind import Kind, seeds_of
from ganbench.report.figures.modes import MODES
from ganbench.report.figures.networks import LANDSCAPES, NOISE_MAPS
from ganbench.report.figures.ngrams import NGRAMS
from ganbench.report.figures.plane import DENSITY, WITNESS
from ganbench.report.figures.variants import CRITICAL_DIFFERENCES, PROFILES
from ganbench.results import Results


def _heatmaps(results: Results, dataset: str) -> str:
    return (
        f"Mean of each score over {_n(results, dataset)}; where fewer runs than planned are ok, "
        "their number stands below the mean. Each panel has its own colours, and darker is "
        "better, but for grey panels, whose scores have no better side."
    )


def _strips(results: Results, dataset: str) -> str:
    return (
        "Pale points are single seeds; beneath them their mean with its 95% t interval, over "
        f"{_n(results, dataset)}. The dotted line is the mean of the same score between two real "
        "samples, and the grey band reaches to its 95% point."
    )


def _curves(results: Results, dataset: str) -> str:
    return (
        f"Mean (line) and smallest to largest value (band) over {_n(results, dataset)}. "
        "Objectives of different losses are on scales of their own, running scores on one."
    )


def _n(results: Results, dataset: str) -> str:
    return seeds_of(plots.section_of(results, dataset))


KINDS = {
    kind.name: kind
    for kind in (
        Kind("samples", "Samples", samples.samples, samples.caption),
        Kind("heatmaps", "Scores at a glance", plots.heatmaps, _heatmaps),
        Kind("seed-strips", "Scores by seed", plots.seed_strips, _strips),
        Kind("learning-curves", "Learning curves", plots.learning_curves, _curves),
        RANKS,
        PARETO,
        AGREEMENT,
        CRITICAL_DIFFERENCES,
        PROFILES,
        DENSITY,
        WITNESS,
        LANDSCAPES,
        NOISE_MAPS,
        INTERPOLATION,
        MODES,
        NGRAMS,
        CORRELATIONS,
        ANIMATION,
    )
}
