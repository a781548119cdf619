"""Estimators of how far a generated sample is from a real one, as functions of two arrays."""

from ganbench.metrics.c2st import c2st
from ganbench.metrics.features import FeatureSpace, feature_space
from ganbench.metrics.jsd import jsd_knn, jsd_known_density, jsd_lower_bound
from ganbench.metrics.mmd import median_distance, mmd2, mmd_test
from ganbench.metrics.modes import mode_coverage
from ganbench.metrics.score import Score

__all__ = [
    "FeatureSpace",
    "Score",
    "c2st",
    "feature_space",
    "jsd_knn",
    "jsd_known_density",
    "jsd_lower_bound",
    "median_distance",
    "mmd2",
    "mmd_test",
    "mode_coverage",
]
