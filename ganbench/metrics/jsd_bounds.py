"""Bounds from below on the Jensen-Shannon divergence, by a density or by classifiers.

A wide gap between a bound and the point estimate `jsd_knn` says that the classifiers behind the
bound are too weak for the law at hand, or that neighbours are misled.
"""

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler

from ganbench.errors import MetricError
from ganbench.metrics._checks import (
    Floats,
    SampleLike,
    check_rng,
    log_densities,
    two_samples,
    warnings_of,
)
from ganbench.metrics._density import CANDIDATES, fit_log_densities
from ganbench.metrics._intervals import ONE_SIDED_95
from ganbench.metrics._learners import Labels, build, fit_quietly
from ganbench.metrics._neighbours import log_ratios
from ganbench.metrics.score import Score, in_base

BoundLearner = Literal["stack", "logistic2", "knn", "hgb", "mlp"]
BOUND_LEARNERS: tuple[BoundLearner, ...] = ("stack", "logistic2", "knn", "hgb", "mlp")
STACK = ("logistic2", "hgb")
NEIGHBOURS = (3, 10, 30)
"""The stack's third opinion: log p/q from distances to these neighbours."""

LOG_RATIO_LIMIT = 30.0
FOLDS = 5
LEAST_ROWS = 25


def jsd_known_density(
    x: SampleLike,
    y: SampleLike,
    log_prob: Callable[[Floats], ArrayLike],
    *,
    rng: np.random.Generator,
    base: float | None = None,
) -> Score:
    """Bound the JSD from below with the exact density p of the real law.

    A density q is fitted to four folds of `y`, and `D = p / (p + q)` judges the fifth one and as
    many rows of `x`. Kernel bandwidths and neighbour counts compete for the best bound on an
    inner fifth of the fitting rows, and with q = p, whose bound is 0. From a few hundred rows on
    poor fits cost little; with fewer the choice may go wrong, and the value far below zero. Held
    out, no q can exceed the JSD in expectation.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        log_prob: log-density of the real law in nats, (n, d) -> (n,).
        rng: draws the folds.
        base: of the logarithm, e by default; 2 gives bits in [0, 1].

    Returns:
        The bound with a one-sided 95% `low`; `high` is None, because the distance from the
        bound to the JSD is unknown. Raw: it may be negative. Above about four dimensions q fits
        badly and the bound becomes loose.

    Raises:
        MetricError: if a sample or its log-density makes no sense.

    References:
        Goodfellow et al. 2014, arXiv:1406.2661, section 4.1. Nowozin et al. 2016,
        arXiv:1606.00709, equation 4.
    """
    check_rng(rng)
    first, second = two_samples(x, y, LEAST_ROWS)
    log_p = [log_densities(log_prob, sample) for sample in (first, second)]
    folds = [_folds(len(sample), rng) for sample in (first, second)]
    log_ratios = [np.zeros(len(sample)) for sample in (first, second)]
    chosen = []
    for fold in range(FOLDS):
        tests = [of == fold for of in folds]
        best = _best_candidate(
            (first[~tests[0]], second[~tests[1]]), (log_p[0][~tests[0]], log_p[1][~tests[1]]), rng
        )
        chosen.append([*CANDIDATES, "p"][best])
        if best == len(CANDIDATES):
            continue  # log p/p is zero
        log_q = fit_log_densities(second[~tests[1]])
        for sample, test, of_p, out in zip((first, second), tests, log_p, log_ratios, strict=True):
            out[test] = _clip(of_p[test] - log_q(sample[test], [best])[0])
    details = {"densities": chosen, **warnings_of(first, second)}
    return in_base(_bound(log_ratios[0], log_ratios[1], "known", details), base)


def jsd_lower_bound(
    x: SampleLike,
    y: SampleLike,
    *,
    rng: np.random.Generator,
    learner: BoundLearner = "stack",
    base: float | None = None,
) -> Score:
    """Bound the JSD from below with cross-fitted classifiers.

    In each of five stratified folds, a quadratic logistic regression, boosted trees and
    nearest-neighbour distance ratios learn from 80% of the training rows, and a logistic
    regression stacks them on the other 20%. Its log-odds, less log(n/m), judge the held-out fold.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        rng: draws the folds.
        learner: "stack" as above, or one of "logistic2", "knn", "hgb" and "mlp" (see `c2st`)
            alone, with Platt's scaling.
        base: of the logarithm, e by default; 2 gives bits in [0, 1].

    Returns:
        The bound with a one-sided 95% `low`; `high` is None, because the distance from the
        bound to the JSD is unknown. Raw: near the null it is often slightly negative. The error
        is that of judging with classifiers as they were fitted; how fits differ between samples
        can only lower the value, so that `low` stays valid.

    Raises:
        MetricError: if a sample makes no sense.

    References:
        Nguyen et al. 2010, arXiv:0809.0853. Nowozin et al. 2016, arXiv:1606.00709, equation 4.
        Platt 1999, Probabilistic outputs for support vector machines.
    """
    check_rng(rng)
    if learner not in BOUND_LEARNERS:
        raise MetricError(
            f"`learner` must be one of {', '.join(BOUND_LEARNERS)}, not {learner!r}."
        )
    first, second = two_samples(x, y, LEAST_ROWS)
    rows = np.vstack([first, second])
    labels = np.repeat([1, 0], [len(first), len(second)])
    prior = math.log(len(first) / len(second))
    log_ratio = np.empty(len(rows))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=_seed(rng))
    for train, test in folds.split(rows, labels):
        log_odds = _scaled_log_odds(learner, rows[train], labels[train], rows[test], rng)
        log_ratio[test] = _clip(log_odds - prior)
    details = {"learner": learner, **warnings_of(first, second)}
    bound = _bound(log_ratio[labels == 1], log_ratio[labels == 0], "lower_bound", details)
    return in_base(bound, base)


def _bound(
    log_ratio_x: Floats, log_ratio_y: Floats, estimator: str, details: dict[str, object]
) -> Score:
    """Average the gains over held-out log p/q; the two means are independent."""
    gain_x = math.log(2) - np.logaddexp(0, -log_ratio_x)
    gain_y = math.log(2) - np.logaddexp(0, log_ratio_y)
    value = float(gain_x.mean() + gain_y.mean()) / 2
    variance = gain_x.var(ddof=1) / len(gain_x) + gain_y.var(ddof=1) / len(gain_y)
    error = math.sqrt(float(variance)) / 2
    return Score(
        value,
        low=value - ONE_SIDED_95 * error,
        n_real=len(gain_x),
        n_fake=len(gain_y),
        estimator=estimator,
        details={**details, "standard_error": error},
    )


def _clip(log_ratio: Floats) -> Floats:
    return np.clip(log_ratio, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _folds(n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    return rng.permutation(np.arange(n) % FOLDS)


def _best_candidate(
    samples: tuple[Floats, Floats], log_p: tuple[Floats, Floats], rng: np.random.Generator
) -> int:
    """Return the index of the density with the best bound on a held-out fifth; the last is p."""
    tests = [_folds(len(sample), rng) == 0 for sample in samples]
    log_q = fit_log_densities(samples[1][~tests[1]])
    everyone = range(len(CANDIDATES))
    log_ratios = [
        np.vstack([_clip(of_p[test] - log_q(sample[test], everyone)), np.zeros(test.sum())])
        for sample, of_p, test in zip(samples, log_p, tests, strict=True)
    ]
    losses = np.logaddexp(0, -log_ratios[0]).mean(axis=1)
    losses += np.logaddexp(0, log_ratios[1]).mean(axis=1)
    return int(losses.argmin())


def _scaled_log_odds(
    learner: BoundLearner, rows: Floats, labels: Labels, points: Floats, rng: np.random.Generator
) -> Floats:
    """Fit the first layer to 80% of the rows, the second to the others; judge the points."""
    fit, tune = train_test_split(
        np.arange(len(rows)), test_size=0.2, stratify=labels, random_state=_seed(rng)
    )
    names = STACK if learner == "stack" else (learner,)
    models = [build(name, rows.shape[1], len(fit), rng) for name in names]
    for model in models:
        fit_quietly(model, rows[fit], labels[fit])
    scaler = StandardScaler().fit(rows[fit])
    known = scaler.transform(rows[fit])
    real, fake = known[labels[fit] == 1], known[labels[fit] == 0]

    def opinions(at: Floats) -> Floats:
        log_odds = [_log_odds(model, at) for model in models]
        if learner == "stack":
            log_odds.append(log_ratios(scaler.transform(at), real, fake, NEIGHBOURS))
        return _clip(np.column_stack(log_odds))

    # Platt's slope and intercept need no shrinking; several opinions that agree do.
    strength = 0.1 if learner == "stack" else 1e6
    second = LogisticRegression(C=strength, max_iter=1000).fit(opinions(rows[tune]), labels[tune])
    scaled: Floats = second.decision_function(opinions(points))
    return scaled


def _log_odds(model: Any, points: Floats) -> Floats:
    odds: Floats
    if hasattr(model, "decision_function"):
        odds = model.decision_function(points)
        return odds
    shares = model.predict_proba(points)[:, 1]
    with np.errstate(divide="ignore"):
        odds = np.log(shares) - np.log1p(-shares)
    return odds
