"""Figures of results, each a function that returns a matplotlib `Figure`.

Those that ask for results and a dataset draw its cells; those of statistics draw plain frames and
mappings, which the functions beside them compute.
"""

from ganbench.report.figures.agreement import Agreement, agreement, score_agreement
from ganbench.report.figures.animation import animation
from ganbench.report.figures.correlations import correlation_maps
from ganbench.report.figures.costs import cost_frame, pareto
from ganbench.report.figures.curves import learning_curves
from ganbench.report.figures.encoding import encode, film
from ganbench.report.figures.evolution import rank_evolution, running_ranks
from ganbench.report.figures.heatmaps import heatmaps
from ganbench.report.figures.interpolation import interpolation
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.kinds import KINDS
from ganbench.report.figures.layout import laid_out
from ganbench.report.figures.modes import mode_histograms
from ganbench.report.figures.networks import critic_landscapes, noise_maps
from ganbench.report.figures.ngrams import ngram_table, ngram_tables
from ganbench.report.figures.plane import density, witness
from ganbench.report.figures.samples import samples
from ganbench.report.figures.standings import critical_differences, performance_profiles
from ganbench.report.figures.strips import seed_strips

__all__ = [
    "KINDS",
    "Agreement",
    "Kind",
    "agreement",
    "animation",
    "correlation_maps",
    "cost_frame",
    "critic_landscapes",
    "critical_differences",
    "density",
    "encode",
    "film",
    "heatmaps",
    "interpolation",
    "laid_out",
    "learning_curves",
    "mode_histograms",
    "ngram_table",
    "ngram_tables",
    "noise_maps",
    "pareto",
    "performance_profiles",
    "rank_evolution",
    "running_ranks",
    "samples",
    "score_agreement",
    "seed_strips",
    "witness",
]
