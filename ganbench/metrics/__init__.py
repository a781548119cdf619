"""Estimators of how far a generated sample is from a real one, as functions of two arrays."""

from ganbench.metrics.c2st import c2st
from ganbench.metrics.discrete import jsd_discrete
from ganbench.metrics.jsd import jsd_knn, jsd_known_density, jsd_lower_bound
from ganbench.metrics.mmd import median_distance, mmd2, mmd_test
from ganbench.metrics.modes import mode_coverage
from ganbench.metrics.score import Score
from ganbench.metrics.tabular import association_gap, column_fidelity
from ganbench.metrics.text import bleu, distinct_ngrams, novel_ngrams, self_bleu
from ganbench.metrics.utility import tstr

__all__ = [
    "Score",
    "association_gap",
    "bleu",
    "c2st",
    "column_fidelity",
    "distinct_ngrams",
    "jsd_discrete",
    "jsd_knn",
    "jsd_known_density",
    "jsd_lower_bound",
    "median_distance",
    "mmd2",
    "mmd_test",
    "mode_coverage",
    "novel_ngrams",
    "self_bleu",
    "tstr",
]
