"""Every kind of figure that can be asked for by name, in the order in which they are drawn."""

from ganbench.report.figures.agreement import AGREEMENT
from ganbench.report.figures.animation import ANIMATION
from ganbench.report.figures.correlations import CORRELATIONS
from ganbench.report.figures.costs import PARETO
from ganbench.report.figures.curves import CURVES
from ganbench.report.figures.evolution import RANKS
from ganbench.report.figures.heatmaps import HEATMAPS
from ganbench.report.figures.interpolation import INTERPOLATION
from ganbench.report.figures.modes import MODES
from ganbench.report.figures.networks import LANDSCAPES, NOISE_MAPS
from ganbench.report.figures.ngrams import NGRAMS
from ganbench.report.figures.plane import DENSITY, WITNESS
from ganbench.report.figures.samples import SAMPLES
from ganbench.report.figures.strips import STRIPS
from ganbench.report.figures.variants import CRITICAL_DIFFERENCES, PROFILES

KINDS = {
    kind.name: kind
    for kind in (
        SAMPLES,
        HEATMAPS,
        STRIPS,
        CURVES,
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
