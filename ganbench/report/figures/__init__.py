"""Figures of results, each a function that returns a matplotlib `Figure`.

Those that ask for results and a dataset draw its cells; those of statistics draw plain frames and
mappings, which the functions beside them compute.
"""

from ganbench.report.figures.agreement import Agreement, agreement, score_agreement
from ganbench.report.figures.animation import animation
from ganbench.report.figures.correlations import correlation_maps
from ganbench.report.figures.costs import cost_frame, pareto
from ganbench.report.figures.evolution import rank_evolution, running_ranks
from ganbench.report.figures.interpolation import interpolation
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.kinds import KINDS
from ganbench.report.figures.modes import mode_histograms
from ganbench.report.figures.networks import critic_landscapes, noise_maps
from ganbench.report.figures.ngrams import ngram_table, ngram_tables
from ganbench.report.figures.plane import density, witness
from ganbench.report.figures.standings import critical_differences, performance_profiles
from ganbench.report.plots import encode, film, heatmaps, learning_curves, seed_strips
from ganbench.report.samples import samples

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
