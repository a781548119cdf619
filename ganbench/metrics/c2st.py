"""Classifier two-sample tests: how well can real and generated rows be told apart?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from ganbench.errors import MetricError
from ganbench.metrics._checks import Floats, SampleLike, two_samples
from ganbench.metrics._intervals import wilson
from ganbench.metrics._learners import Labels, boosting, neighbours, quadratic_logistic
from ganbench.metrics.score import Score

Learner = Literal["logistic2", "knn", "hgb"]
LEARNERS: tuple[Learner, ...] = ("logistic2", "knn", "hgb")
LEAST_ROWS = 20


def c2st(
    x: SampleLike,
    y: SampleLike,
    *,
    rng: np.random.Generator,
    learners: Sequence[Learner] = LEARNERS,
) -> list[Score]:
    """Score how well each learner tells `x` from `y` on rows that it has not seen.

    One stratified half trains, the other one tests; a single split, because the folds of a
    cross-validation are dependent and their pooled p-value is not valid. Equal rows stay
    together, so that no learner profits from rows seen before; where there are any, the
    accuracies without this rule are in `details["ungrouped"]` of "max", and a wide gap says that
    one sample repeats itself. Rows are not grouped, and `details` say so, where a sample has
    fewer than 20 distinct rows: a generator that has collapsed to a few points would be tested
    on other points than it is learned from, and pass.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        rng: draws the split.
        learners: "logistic2" (quadratic logistic regression, global), "knn" (sqrt(n) nearest
            neighbours, local) or "hgb" (boosted trees, local and axis-aligned).

    Returns:
        One score per learner: balanced held-out accuracy (1/2 where the laws are equal) with its
        Wilson interval, and the one-sided p-value of the Mann-Whitney test on held-out scores;
        the AUC is in `details`. Then "max": the best accuracy with a simultaneous interval and
        the Holm-corrected smallest p-value. The maximum of the accuracies exceeds 1/2 even where
        the laws are equal: compare it with its real-against-real floor.

    Raises:
        MetricError: if a sample or a learner's name makes no sense.

    References:
        Lopez-Paz & Oquab 2017, arXiv:1610.06545. Holm 1979, Scandinavian Journal of Statistics 6.
        Kim et al. 2021, arXiv:1602.02210 (validity of the split test).
    """
    if len(learners) == 0 or not set(learners) <= set(LEARNERS):
        raise MetricError(f"`learners` must name some of {', '.join(LEARNERS)}.")
    first, second = two_samples(x, y, LEAST_ROWS)
    rows = np.vstack([first, second])
    labels: Labels = np.repeat([1, 0], [len(first), len(second)])
    _, inverse = np.unique(rows, axis=0, return_inverse=True)
    groups = inverse.ravel()
    repeated = np.bincount(groups)[groups] > 1
    distinct = [len(np.unique(groups[labels == label])) for label in (0, 1)]
    grouped = min(distinct) >= LEAST_ROWS
    alone = np.arange(len(rows))
    train = _grouped_half(groups if grouped else alone, labels, rng)
    trials = [_trial(learner, rows, labels, train, rng) for learner in learners]
    details: dict[str, object] = {
        "grouped": grouped,
        "duplicates_real": float(repeated[labels == 1].mean()),
        "duplicates_fake": float(repeated[labels == 0].mean()),
    }
    if repeated.any() and grouped:
        half = _grouped_half(alone, labels, rng)
        free = [_trial(learner, rows, labels, half, rng) for learner in learners]
        details["ungrouped"] = {trial.learner: trial.accuracy for trial in free}
    sizes = len(first), len(second)
    return [replace(score, n_real=sizes[0], n_fake=sizes[1]) for score in _scores(trials, details)]


@dataclass(frozen=True)
class _Trial:
    """What one learner achieved on the held-out half."""

    learner: str
    accuracy: float
    auc: float
    p_value: float
    trials: float
    """Binomial trials with the variance of the balanced accuracy."""


def _grouped_half(
    groups: NDArray[np.intp], labels: Labels, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Mark about half of the rows of each sample, with equal `groups` kept together."""
    real = np.bincount(groups, labels)
    size = np.bincount(groups)
    # Groups of real rows, of generated rows and of both are halved one kind after the other.
    kind = np.where(real == size, 0, np.where(real == 0, 1, 2))
    chosen = np.zeros(len(size), dtype=bool)
    for each in range(3):
        members = rng.permutation(np.flatnonzero(kind == each))
        middle = np.cumsum(size[members]) - size[members] / 2
        chosen[members] = middle < size[members].sum() / 2
    half: NDArray[np.bool_] = chosen[groups]
    return half


def _trial(
    learner: Learner,
    rows: Floats,
    labels: Labels,
    train: NDArray[np.bool_],
    rng: np.random.Generator,
) -> _Trial:
    model = _build(learner, rows.shape[1], int(train.sum()), rng)
    model.fit(rows[train], labels[train])
    odds: Floats = model.predict_proba(rows[~train])[:, 1]
    real, fake = odds[labels[~train] == 1], odds[labels[~train] == 0]
    threshold = float(labels[train].mean())
    correct = (real > threshold).mean() + (fake < threshold).mean()
    ties = (real == threshold).mean() + (fake == threshold).mean()
    auc, p_value = _rank_test(real, fake)
    return _Trial(
        learner,
        accuracy=float(correct + ties / 2) / 2,
        auc=auc,
        p_value=p_value,
        trials=4 / (1 / len(real) + 1 / len(fake)),
    )


def _build(learner: Learner, d: int, n: int, rng: np.random.Generator) -> Any:
    if learner == "logistic2":
        return quadratic_logistic(d)
    return neighbours(n) if learner == "knn" else boosting(int(rng.integers(2**31)))


def _rank_test(real: Floats, fake: Floats) -> tuple[float, float]:
    if np.ptp(np.concatenate([real, fake])) == 0:
        return 0.5, 1.0
    test = mannwhitneyu(real, fake, alternative="greater", method="asymptotic")
    return float(test.statistic) / (len(real) * len(fake)), float(test.pvalue)


def _scores(trials: Sequence[_Trial], details: dict[str, object]) -> list[Score]:
    scores = [
        Score(
            trial.accuracy,
            *wilson(trial.accuracy, trial.trials),
            p_value=trial.p_value,
            estimator=trial.learner,
            details={"auc": trial.auc},
        )
        for trial in trials
    ]
    level = 1 - 0.05 / len(trials)
    intervals = [wilson(trial.accuracy, trial.trials, level) for trial in trials]
    best = max(trials, key=lambda trial: trial.accuracy)
    headline = Score(
        best.accuracy,
        low=max(low for low, _ in intervals),
        high=max(high for _, high in intervals),
        p_value=min(1.0, len(trials) * min(trial.p_value for trial in trials)),
        estimator="max",
        details={**details, "learner": best.learner, "auc": best.auc},
    )
    return [*scores, headline]
