"""Estimators of how far a generated sample is from a real one, as functions of two arrays."""

from ganbench.metrics.c2st import c2st
from ganbench.metrics.jsd import jsd_knn, jsd_known_density, jsd_lower_bound
from ganbench.metrics.kernels import median_distance
from ganbench.metrics.mmd import (
    energy_distance,
    kid,
    mmd2,
    mmd2_block,
    mmd2_incomplete,
    mmd_test,
)
from ganbench.metrics.modes import mode_coverage
from ganbench.metrics.score import Score

__all__ = [
    "Score",
    "c2st",
    "energy_distance",
    "jsd_knn",
    "jsd_known_density",
    "jsd_lower_bound",
    "kid",
    "median_distance",
    "mmd2",
    "mmd2_block",
    "mmd2_incomplete",
    "mmd_test",
    "mode_coverage",
]
