"""Three estimates of the Jensen-Shannon divergence, in nats (at most log 2).

`jsd_known_density` and `jsd_lower_bound` are bounds from below, in expectation; `jsd_knn` is a
point estimate. A wide gap between a bound and the point estimate says that the classifiers
behind the bound are too weak for the law at hand.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split

from ganbench.errors import MetricError
from ganbench.metrics._checks import (
    Floats,
    SampleLike,
    as_positive,
    log_densities,
    two_samples,
)
from ganbench.metrics._density import candidate_names, fit_log_densities
from ganbench.metrics._intervals import ONE_SIDED_95, TWO_SIDED_95
from ganbench.metrics._learners import (
    LOG_RATIO_LIMIT,
    Labels,
    boosting,
    neighbour_log_ratios,
    quadratic_logistic,
)
from ganbench.metrics._neighbours import label_information
from ganbench.metrics.score import Score

FOLDS = 5
LEAST_ROWS = 25
SUBSAMPLES = 20
SUBSAMPLE_FRACTION = 0.632
JITTER = 1e-9


def jsd_known_density(
    x: SampleLike,
    y: SampleLike,
    log_prob: Callable[[Floats], ArrayLike],
    *,
    rng: np.random.Generator,
) -> Score:
    """Bound the JSD from below with the exact density p of the real law.

    A density q is fitted to four folds of `y`, and `D = p / (p + q)` judges the fifth one and as
    many rows of `x`. Kernel bandwidths and neighbour counts compete for the best bound on an
    inner fifth of the fitting rows, and with q = p, whose bound is 0: poor fits cost little.
    Held out, no q can exceed the JSD in expectation.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        log_prob: log-density of the real law in nats, (n, d) -> (n,).
        rng: draws the folds.

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
    first, second = two_samples(x, y, LEAST_ROWS)
    log_p = [log_densities(log_prob, sample) for sample in (first, second)]
    folds = [_folds(len(sample), rng) for sample in (first, second)]
    log_ratios = [np.empty(len(sample)) for sample in (first, second)]
    chosen = []
    for fold in range(FOLDS):
        tests = [of == fold for of in folds]
        best = _best_candidate(
            (first[~tests[0]], second[~tests[1]]), (log_p[0][~tests[0]], log_p[1][~tests[1]]), rng
        )
        chosen.append([*candidate_names(), "p"][best])
        log_q = fit_log_densities(second[~tests[1]])
        for sample, test, of_p, out in zip((first, second), tests, log_p, log_ratios, strict=True):
            out[test] = _log_ratios(of_p[test], log_q(sample[test]))[best]
    return _bound(log_ratios[0], log_ratios[1], "known", {"densities": chosen})


def jsd_knn(
    x: SampleLike,
    y: SampleLike,
    *,
    rng: np.random.Generator,
    k: int = 5,
    scale: ArrayLike | None = None,
    interval: bool = False,
) -> Score:
    """Estimate the JSD as the information between a row and the sample that it is from.

    `psi(N) + psi(k) - psi(N/2) - mean psi(m_i)`, where m_i rows, the own one included, lie nearer
    to row i than its k-th neighbour in its own sample. Not a bound: it may err either way.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d); of the larger sample, min(n, m) random rows are used.
        rng: draws those rows, the jitter and the subsamples.
        k: number of neighbours.
        scale: (d,) by which columns are divided; fit it on a reference that all variants share.
        interval: whether to add a 95% interval from subsamples of 63.2% without replacement.
            (A bootstrap would create ties.) It holds the sampling error, not the bias.

    Returns:
        The estimate. Ties between distances, such as from duplicated rows or discrete columns,
        would spoil it: all rows are moved by about 1e-9 of a typical deviation, which leaves
        the order of other distances as it is. `details["duplicates"]` counts repeated rows.

    Raises:
        MetricError: if a sample, `k` or `scale` makes no sense.

    References:
        Ross 2014, Mutual Information between Discrete and Continuous Data Sets, PLoS ONE 9(2).
        Politis & Romano 1994, Annals of Statistics 22(4) (subsampling).
    """
    if k < 1:
        raise MetricError(f"`k` must be at least 1, not {k}.")
    least = math.ceil((k + 2) / SUBSAMPLE_FRACTION) if interval else k + 2
    first, second = two_samples(x, y, least)
    n = min(len(first), len(second))
    rows = np.vstack([_random_rows(first, n, rng), _random_rows(second, n, rng)])
    if scale is not None:
        rows = rows / _scale_vector(scale, rows.shape[1])
    distinct = len(np.unique(rows, axis=0))
    rows = rows + JITTER * _typical_deviations(rows) * rng.standard_normal(rows.shape)
    keeps = [np.ones(2 * n, dtype=bool)]
    if interval:
        keeps += [np.concatenate([_keep(n, rng), _keep(n, rng)]) for _ in range(SUBSAMPLES)]
    values = label_information(rows[:n], rows[n:], k, np.array(keeps))
    value = float(values[0])
    details = {"duplicates": 2 * n - distinct, "bits": value / math.log(2)}
    if not interval:
        return Score(value, n_real=n, n_fake=n, estimator="knn", details=details)
    # Subsamples of one sample share rows, so that they vary less than independent ones would.
    correction = SUBSAMPLE_FRACTION / (1 - SUBSAMPLE_FRACTION)
    half = TWO_SIDED_95 * float(values[1:].std(ddof=1)) * math.sqrt(correction)
    return Score(value, value - half, value + half, None, n, n, "knn", details)


def jsd_lower_bound(x: SampleLike, y: SampleLike, *, rng: np.random.Generator) -> Score:
    """Bound the JSD from below with cross-fitted classifiers.

    In each of five stratified folds, a quadratic logistic regression, boosted trees and
    nearest-neighbour distance ratios learn from 80% of the training rows, and a logistic
    regression stacks them on the other 20%. Its log-odds, less log(n/m), judge the held-out fold.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        rng: draws the folds.

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
    first, second = two_samples(x, y, LEAST_ROWS)
    rows = np.vstack([first, second])
    labels = np.repeat([1, 0], [len(first), len(second)])
    prior = math.log(len(first) / len(second))
    log_ratio = np.empty(len(rows))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=_seed(rng))
    for train, test in folds.split(rows, labels):
        log_odds = _stacked_log_odds(rows[train], labels[train], rows[test], rng)
        log_ratio[test] = _clip(log_odds - prior)
    return _bound(log_ratio[labels == 1], log_ratio[labels == 0], "lower_bound", {})


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
        details={**details, "standard_error": error, "bits": value / math.log(2)},
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
    """Return the index of the density with the best bound on a held-out fifth."""
    tests = [_folds(len(sample), rng) == 0 for sample in samples]
    log_q = fit_log_densities(samples[1][~tests[1]])
    log_ratios = [
        _log_ratios(of_p[test], log_q(sample[test]))
        for sample, of_p, test in zip(samples, log_p, tests, strict=True)
    ]
    losses = np.logaddexp(0, -log_ratios[0]).mean(axis=1)
    losses += np.logaddexp(0, log_ratios[1]).mean(axis=1)
    return int(losses.argmin())


def _log_ratios(log_p: Floats, log_q: Floats) -> Floats:
    """Return log p/q for each candidate q, and last for q = p, (candidates + 1, m)."""
    return _clip(np.vstack([log_p - log_q, np.zeros_like(log_p)]))


def _random_rows(sample: Floats, n: int, rng: np.random.Generator) -> Floats:
    return sample if len(sample) == n else sample[rng.choice(len(sample), n, replace=False)]


def _scale_vector(scale: ArrayLike, d: int) -> Floats:
    vector = as_positive(np.asarray(scale, dtype=np.float64), "scale")
    if len(vector) != d:
        raise MetricError(f"`scale` has {len(vector)} numbers, but the samples have {d} columns.")
    return vector


def _typical_deviations(rows: Floats) -> Floats:
    """Return the median non-zero deviation from the median of each column, 1 where constant.

    Unlike a standard deviation it is not inflated by heavy tails.
    """
    deviations = np.abs(rows - np.median(rows, axis=0))
    typical = [np.median(column[column > 0]) if column.any() else 1.0 for column in deviations.T]
    return np.array(typical, dtype=np.float64)


def _keep(n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    kept: NDArray[np.bool_] = rng.permutation(n) < round(SUBSAMPLE_FRACTION * n)
    return kept


def _stacked_log_odds(
    rows: Floats, labels: Labels, points: Floats, rng: np.random.Generator
) -> Floats:
    fit, tune = train_test_split(
        np.arange(len(rows)), test_size=0.2, stratify=labels, random_state=_seed(rng)
    )
    smooth = quadratic_logistic(rows.shape[1]).fit(rows[fit], labels[fit])
    local = boosting(_seed(rng)).fit(rows[fit], labels[fit])
    real, fake = rows[fit][labels[fit] == 1], rows[fit][labels[fit] == 0]

    def opinions(at: Floats) -> Floats:
        log_odds = [smooth.decision_function(at), local.decision_function(at)]
        return _clip(np.column_stack([*log_odds, neighbour_log_ratios(at, real, fake)]))

    stack = LogisticRegression(C=0.1, max_iter=1000).fit(opinions(rows[tune]), labels[tune])
    stacked: Floats = stack.decision_function(opinions(points))
    return stacked
