"""Estimators of how far a generated sample is from a real one, as functions of two arrays."""

from ganbench.metrics.c2st import c2st
from ganbench.metrics.discrete import jsd_discrete, jsd_known_law
from ganbench.metrics.features import FeatureSpace, feature_space
from ganbench.metrics.floors import Floor, floor
from ganbench.metrics.frechet import frechet_distance
from ganbench.metrics.jsd_bounds import jsd_known_density, jsd_lower_bound
from ganbench.metrics.jsd_neighbours import jsd_knn
from ganbench.metrics.kernels import median_distance
from ganbench.metrics.likelihood import distinct_rows, nll
from ganbench.metrics.memorisation import authenticity, memorisation
from ganbench.metrics.mmd import energy_distance, kid, mmd2, mmd_test
from ganbench.metrics.mmd_large import mmd2_block, mmd2_incomplete
from ganbench.metrics.modes import mode_coverage
from ganbench.metrics.prdc import prdc
from ganbench.metrics.score import Score
from ganbench.metrics.tabular import association_gap, column_fidelity
from ganbench.metrics.text import bleu, distinct_ngrams, novel_ngrams, self_bleu
from ganbench.metrics.transport import sliced_wasserstein, wasserstein2
from ganbench.metrics.utility import tstr

__all__ = [
    "FeatureSpace",
    "Floor",
    "Score",
    "association_gap",
    "authenticity",
    "bleu",
    "c2st",
    "column_fidelity",
    "distinct_ngrams",
    "distinct_rows",
    "energy_distance",
    "feature_space",
    "floor",
    "frechet_distance",
    "jsd_discrete",
    "jsd_knn",
    "jsd_known_density",
    "jsd_known_law",
    "jsd_lower_bound",
    "kid",
    "median_distance",
    "memorisation",
    "mmd2",
    "mmd2_block",
    "mmd2_incomplete",
    "mmd_test",
    "mode_coverage",
    "nll",
    "novel_ngrams",
    "prdc",
    "self_bleu",
    "sliced_wasserstein",
    "tstr",
    "wasserstein2",
]
