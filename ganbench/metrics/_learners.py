"""Classifiers of real (1) against generated (0), small enough to be trained in a moment."""

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler

from ganbench.metrics._checks import Floats

Labels = NDArray[np.int64]

_PRODUCT_AXES = 20
# A decomposition of all columns takes their number to the third power.
_MOST_DECOMPOSED = 1000


def build(learner: str, d: int, n: int, rng: np.random.Generator) -> Any:
    """Build a learner for `n` rows of `d` columns by its name in `c2st`."""
    if learner == "logistic2":
        return quadratic_logistic(d)
    if learner == "knn":
        return neighbours(n)
    seed = int(rng.integers(2**31))
    return boosting(seed) if learner == "hgb" else network(seed)


def quadratic_logistic(d: int) -> Any:
    """Logistic regression on columns, their squares and products.

    Products are taken between the leading principal axes, so that their number stays small.
    """
    solver = "covariance_eigh" if d <= _MOST_DECOMPOSED else "randomized"
    products = make_pipeline(
        PCA(min(d, _PRODUCT_AXES), svd_solver=solver, random_state=0),
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


def network(seed: int) -> Any:
    """Two hidden layers, stopped when an inner tenth is told apart no better."""
    model = MLPClassifier(
        (64, 64),
        learning_rate_init=0.003,
        max_iter=60,
        early_stopping=True,
        n_iter_no_change=8,
        random_state=seed,
    )
    return make_pipeline(StandardScaler(), model)


def neighbours(n: int) -> Any:
    """Vote of the sqrt(n) nearest rows."""
    return make_pipeline(StandardScaler(), KNeighborsClassifier(max(1, math.isqrt(n))))


def fit_quietly(model: Any, rows: Floats, labels: Labels) -> None:
    """Fit a model; that it runs out of iterations is no news here, nor are constant columns."""
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows, labels)
