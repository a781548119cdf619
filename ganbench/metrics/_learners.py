"""Classifiers of real (1) against generated (0), small enough to be trained in a moment."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler

from ganbench.metrics._checks import Floats
from ganbench.metrics._distances import squared_distances

Labels = NDArray[np.int64]

NEIGHBOURS = (3, 10, 30)
LOG_RATIO_LIMIT = 30.0

_PRODUCT_AXES = 20
_LEAST_SQUARE = 1e-24


def quadratic_logistic(d: int) -> Any:
    """Logistic regression on columns, their squares and products.

    Products are taken between the leading principal axes, so that their number stays small.
    """
    products = make_pipeline(
        PCA(min(d, _PRODUCT_AXES), svd_solver="covariance_eigh"),
        PolynomialFeatures(2, include_bias=False),
    )
    powers = make_union(FunctionTransformer(), FunctionTransformer(np.square), products)
    return make_pipeline(
        StandardScaler(),
        powers,
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )


def boosting(seed: int) -> Any:
    """Shallow boosted trees, which see local differences that no global fit can."""
    return HistGradientBoostingClassifier(
        max_iter=40,
        learning_rate=0.15,
        max_leaf_nodes=8,
        early_stopping=False,
        random_state=seed,
    )


def neighbours(n: int) -> Any:
    """Vote of the sqrt(n) nearest rows."""
    return make_pipeline(StandardScaler(), KNeighborsClassifier(max(1, math.isqrt(n))))


def neighbour_log_ratios(points: Floats, x: Floats, y: Floats) -> Floats:
    """Return d log(r_y / r_x) at `points` (m, d) for each of `NEIGHBOURS`, (m, 3).

    It estimates log p/q from the distances r to the k-th neighbours in x and in y.
    """
    logs = [_log_radii(points, sample) for sample in (x, y)]
    ratios: Floats = points.shape[1] * (logs[1] - logs[0])
    return np.clip(ratios, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)


def _log_radii(points: Floats, sample: Floats) -> Floats:
    ranks = [min(k, len(sample)) - 1 for k in NEIGHBOURS]
    squares = np.partition(squared_distances(points, sample), ranks, axis=1)[:, ranks]
    logs: Floats = np.log(np.maximum(squares, _LEAST_SQUARE)) / 2
    return logs
