"""Three estimates of the Jensen-Shannon divergence, in nats (at most log 2).

`jsd_known_density` and `jsd_lower_bound` are bounds from below, in expectation; `jsd_knn` is a
point estimate. A wide gap between a bound and the point estimate says that the classifiers
behind the bound are too weak for the law at hand.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from ganbench.errors import MetricError
from ganbench.metrics._checks import (
    Floats,
    SampleLike,
    as_positive,
    at_least,
    log_densities,
    row_codes,
    two_samples,
    two_tensors,
    warnings_of,
)
from ganbench.metrics._density import CANDIDATES, fit_log_densities
from ganbench.metrics._intervals import ONE_SIDED_95, TWO_SIDED_95
from ganbench.metrics._learners import Labels, build, fit_quietly
from ganbench.metrics._neighbours import label_information, log_ratios, tie_breaker
from ganbench.metrics.score import Score, in_base

BoundLearner = Literal["stack", "logistic2", "knn", "hgb", "mlp"]
BOUND_LEARNERS: tuple[BoundLearner, ...] = ("stack", "logistic2", "knn", "hgb", "mlp")
STACK = ("logistic2", "hgb")
NEIGHBOURS = (3, 10, 30)
"""The stack's third opinion: log p/q from distances to these neighbours."""

LOG_RATIO_LIMIT = 30.0
FOLDS = 5
LEAST_ROWS = 25
BATCHES = 8
PARTITIONS = 4
EXTRAPOLATED_ABOVE = 5
EXTRAPOLATION = (0.2, 0.8, 3.2, 6.4)
LARGEST_SHARE = 0.55
"""Beyond it the smallest of the squared radii is too far from zero, next to the largest."""
IMPOSSIBLE = 0.1
"""An estimate so far below zero is no sampling error."""
SHARED_VARIANCE = 0.05
"""Variance that estimates for different k share, in units in which that of one is 1 / k."""

_ABSURD = (
    "Far below zero, which no JSD is: one sample is so sparse that its rows lie nearer to the "
    "other one than to each other, and neighbours tell nothing; trust the lower bound."
)


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
    inner fifth of the fitting rows, and with q = p, whose bound is 0: poor fits cost little.
    Held out, no q can exceed the JSD in expectation.

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


def jsd_knn(
    x: SampleLike,
    y: SampleLike,
    *,
    rng: np.random.Generator,
    k: int = 5,
    scale: ArrayLike | None = None,
    extrapolate: bool | None = None,
    interval: bool = True,
    base: float | None = None,
) -> Score:
    """Estimate the JSD as the information between a row and the sample that it is from.

    `psi(N) + psi(k) - psi(N/2) - mean psi(m_i)`, where m_i rows, the own one included, lie nearer
    to row i than its k-th neighbour in its own sample. Not a bound: it may err either way. The
    error grows with the radius of these balls. In many dimensions they are large, so there the
    estimates for k / 5, 4k / 5, k, 16k / 5 and 32k / 5 neighbours are extrapolated to a radius of
    zero, by a line in the typical squared radius. In more than about 13 dimensions, as the radii
    themselves tell, these are too much alike for a line, and k alone is used.

    Noise in many columns that the real rows do not have makes generated rows sparse: the nearest
    rows of each are then real ones, and the estimate falls far below zero, with a warning.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d); of the larger sample, min(n, m) random rows are used.
        rng: draws those rows, the jitter and the batches.
        k: number of neighbours.
        scale: (d,) by which columns are divided, typical deviations of the pooled rows by
            default; for many variants fit it on a reference that they share.
        extrapolate: whether to extrapolate to a radius of zero; by default where there are more
            than 5 columns and radii differ enough. What is extrapolated is at most log 2.
        interval: whether to add a 95% interval, from the spread of the estimates in 8 disjoint
            batches, in 4 random partitions. It holds the sampling error, not the bias.
        base: of the logarithm, e by default; 2 gives bits in [0, 1].

    Returns:
        The estimate. Ties between distances, such as from duplicated rows or discrete columns,
        would spoil it: all rows are moved by 1e-9 (where blocks of
        distances are needed, 1e-6) of a typical deviation, which leaves
        the order of other distances as it is. `details["duplicates"]` counts repeated rows.

    Raises:
        MetricError: if a sample or an argument makes no sense.

    References:
        Ross 2014, Mutual Information between Discrete and Continuous Data Sets, PLoS ONE 9(2).
        Moon et al. 2021, arXiv:1701.08083 (cancelling bias by several neighbourhood sizes).
        Politis & Romano 1994, Annals of Statistics 22(4) (intervals from smaller samples).
    """
    at_least(k, 1, "k")
    first, second = two_tensors(x, y, k + 2)
    d, n = first.shape[1], min(len(first), len(second))
    wanted = d > EXTRAPOLATED_ABOVE if extrapolate is None else extrapolate
    ranks = _ranks(k) if wanted and n > max(_ranks(k)) + 1 else [k]
    pooled = torch.cat([_random_rows(sample, n, rng) for sample in (first, second)])
    typical = _typical_deviations(pooled)
    divisor = typical if scale is None else _scale_vector(scale, d).to(typical)
    noise = torch.from_numpy(rng.standard_normal(tuple(pooled.shape))).to(pooled)
    rows = (pooled - pooled.median(dim=0).values + tie_breaker(first) * typical * noise) / divisor
    own, other = rows[:n], rows[n:]
    values, squares = label_information(own, other, ranks)
    flat = squares[0] > LARGEST_SHARE * squares[-1]
    absurd = bool(values.min() < -IMPOSSIBLE)
    if extrapolate is None and (flat or absurd):
        ranks, values, squares = [k], values[[ranks.index(k)]], squares[[ranks.index(k)]]
    value = _at_radius_zero(values, squares, ranks)
    details = {
        "duplicates": 2 * n - len(np.unique(row_codes(pooled))),
        "neighbours": ranks,
        **warnings_of(first, second, *([_ABSURD] if absurd else [])),
    }
    score = Score(value, n_real=n, n_fake=n, estimator="knn", details=details)
    count = min(BATCHES, n // (ranks[-1] + 2))
    if interval and count > 1:
        half = TWO_SIDED_95 * _batch_error(own, other, ranks, count, rng)
        score = replace(score, low=value - half, high=value + half)
    return in_base(score, base)


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


def _random_rows(sample: Tensor, n: int, rng: np.random.Generator) -> Tensor:
    if len(sample) == n:
        return sample
    return sample[torch.from_numpy(rng.choice(len(sample), n, replace=False)).to(sample.device)]


def _scale_vector(scale: ArrayLike, d: int) -> Tensor:
    vector = as_positive(np.asarray(scale, dtype=np.float64), "scale")
    if len(vector) != d:
        raise MetricError(f"`scale` has {len(vector)} numbers, but the samples have {d} columns.")
    return torch.from_numpy(vector)


def _typical_deviations(rows: Tensor) -> Tensor:
    """Return the median non-zero deviation from the median of each column, 1 where constant.

    Unlike a standard deviation it is not inflated by heavy tails.
    """
    deviations = (rows - rows.median(dim=0).values).abs()
    deviations[deviations == 0] = math.nan
    return deviations.nanmedian(dim=0).values.nan_to_num(1.0)


def _ranks(k: int) -> list[int]:
    return sorted({k, *(max(1, round(share * k)) for share in EXTRAPOLATION)})


def _at_radius_zero(values: Floats, squares: Floats, ranks: list[int]) -> float:
    """Extrapolate in the squared radius, if there are several; small k have more noise."""
    if len(ranks) == 1:
        return float(values[0])
    weights = 1 / np.sqrt(1 / np.array(ranks) + SHARED_VARIANCE)
    line = np.polynomial.polynomial.polyfit(squares / squares[-1], values, 1, w=weights)
    return min(float(line[0]), math.log(2))


def _batch_error(
    x: Tensor, y: Tensor, ranks: list[int], count: int, rng: np.random.Generator
) -> float:
    """Return the standard error that disjoint batches tell: their variance falls as 1 / n."""
    variances = []
    for _ in range(PARTITIONS):
        own, other = (
            sample[torch.from_numpy(rng.permutation(len(sample))).to(sample.device)]
            for sample in (x, y)
        )
        size = len(x) // count
        values = [
            _at_radius_zero(
                *label_information(own[start : start + size], other[start : start + size], ranks),
                ranks,
            )
            for start in range(0, count * size, size)
        ]
        variances.append(np.var(values, ddof=1) * size / len(x))
    return math.sqrt(float(np.mean(variances)))


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
