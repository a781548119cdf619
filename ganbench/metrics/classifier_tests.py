"""Classifier two-sample tests: how well can real and generated rows be told apart?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu, rankdata

from ganbench.errors import MetricError
from ganbench.metrics._checks import (
    Floats,
    SampleLike,
    at_least,
    check_rng,
    row_codes,
    two_samples,
    warnings_of,
)
from ganbench.metrics._intervals import permutation_p_value, wilson
from ganbench.metrics._learners import Labels, build, fit_quietly
from ganbench.metrics.score import Score

Learner = Literal["logistic2", "knn", "hgb", "mlp"]
LEARNERS: tuple[Learner, ...] = ("logistic2", "knn", "hgb", "mlp")
LEAST_ROWS = 20

_FOLDS = 5
_TRIES = 100

Integers = NDArray[np.int64]


def c2st(
    x: SampleLike,
    y: SampleLike,
    *,
    rng: np.random.Generator,
    learners: Sequence[Learner] = LEARNERS,
    permutations: int = 999,
    retrain: int = 0,
) -> list[Score]:
    """Score how well each learner tells `x` from `y` on rows that it has not seen.

    One half trains, the other one tests; a single split, because the folds of a cross-validation
    are dependent and their pooled p-value is not valid. Equal rows stay together, so that no
    learner profits from rows seen before; where there are any, the accuracies without this rule
    are in `details["ungrouped"]` of "max", and a wide gap says that one sample repeats itself.
    Rows are not grouped, and `details` say so, where a sample has fewer than 20 distinct rows: a
    generator that has collapsed to a few points would be tested on other points than it is
    learned from, and pass.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        rng: draws the split, the learners' seeds and the permutations.
        learners: "logistic2" (quadratic logistic regression, global), "knn" (sqrt(n) nearest
            neighbours, local), "hgb" (boosted trees, local and axis-aligned) or "mlp" (a network
            of two hidden layers, smooth).
        permutations: of the held-out labels, behind the p-value of "max".
        retrain: if above 0, all p-values come from this many permutations of all labels, after
            each of which every learner is trained again in five folds. It uses all rows for
            testing, at that many times the cost.

    Returns:
        One score per learner: balanced held-out accuracy (1/2 where the laws are equal) with its
        Wilson interval, and the one-sided p-value of the Mann-Whitney test on held-out scores;
        the AUC is in `details`. Then "max": the best accuracy with a simultaneous interval and
        one p-value for all learners: their largest standardised rank sum among its permutations,
        which keeps its level exactly however much the learners agree. The maximum of the
        accuracies exceeds 1/2 even where the laws are equal: compare it with its floor.

    Raises:
        MetricError: if a sample or an argument makes no sense.

    References:
        Lopez-Paz & Oquab 2017, arXiv:1610.06545. Westfall & Young 1993, Resampling-Based
        Multiple Testing (the largest statistic). Kim et al. 2021, arXiv:1602.02210 (validity of
        the split test).
    """
    check_rng(rng)
    known = set(learners) <= set(LEARNERS)
    if len(learners) == 0 or not known or len(set(learners)) < len(learners):
        raise MetricError(
            f"`learners` must name some of {', '.join(LEARNERS)}, each once, "
            f"not {tuple(learners)!r}."
        )
    at_least(permutations, 1, "permutations")
    at_least(retrain, 0, "retrain")
    first, second = two_samples(x, y, LEAST_ROWS)
    pool = _Pool.of(first, second)
    test = pool.folds(2, rng) == 0
    held_out = pool.predict(learners, ~test, test, rng)
    labels = pool.labels[test]
    if retrain:
        p_values = _retrained(learners, pool, retrain, rng)
    else:
        shuffled = rng.permuted(np.tile(labels, (permutations, 1)), axis=1).T
        best = _rank_sums(held_out, np.column_stack([labels, shuffled])).max(axis=0)
        p_values = [_mann_whitney(odds, labels) for odds in held_out] + [permutation_p_value(best)]
    prior = float(pool.labels[~test].mean())
    trials = [
        _trial(name, odds, labels, prior) for name, odds in zip(learners, held_out, strict=True)
    ]
    details = {**pool.details(learners, rng), "retrain": retrain, **warnings_of(first, second)}
    return _scores(trials, p_values, details, (len(first), len(second)))


@dataclass(frozen=True)
class _Pool:
    """Both samples in one.

    Attributes:
        rows: (N, d).
        labels: (N,) 1 for real, 0 for generated.
        groups: (N,) rows with one number stay in one fold.
        repeated: (N,) whether a row occurs more than once.
        grouped: whether equal rows are one group.
    """

    rows: Floats
    labels: Labels
    groups: Integers
    repeated: NDArray[np.bool_]
    grouped: bool

    @classmethod
    def of(cls, x: Floats, y: Floats) -> "_Pool":
        rows = np.vstack([x, y])
        labels: Labels = np.repeat([1, 0], [len(x), len(y)])
        _, groups = np.unique(row_codes(rows), return_inverse=True)
        repeated = np.bincount(groups)[groups] > 1
        distinct = [len(np.unique(groups[labels == label])) for label in (0, 1)]
        return cls(rows, labels, groups, repeated, min(distinct) >= LEAST_ROWS)

    def folds(self, count: int, rng: np.random.Generator, *, together: bool = True) -> Integers:
        """Deal out the rows to folds of about equal size.

        Groups are dealt by size and without a look at labels: only so are held-out labels
        exchangeable, and with them permutations valid. Single rows are dealt sample by sample.
        """
        if not (together and self.grouped and self.repeated.any()):
            return _deal(self.labels, count, rng)
        sizes = np.bincount(self.groups)
        for _ in range(_TRIES):
            folds = _deal(sizes, count, rng)[self.groups]
            table = np.zeros((2, count))
            np.add.at(table, (self.labels, folds), 1)
            if np.all(2 * count * table.min(axis=1) >= table.sum(axis=1)):
                break
        return folds

    def predict(
        self,
        learners: Sequence[Learner],
        train: NDArray[np.bool_],
        test: NDArray[np.bool_],
        rng: np.random.Generator,
        labels: Labels | None = None,
    ) -> Floats:
        """Train each learner on some rows and return its probabilities of real on others."""
        seen = self.labels if labels is None else labels
        odds = np.empty((len(learners), int(test.sum())))
        for index, learner in enumerate(learners):
            model = build(learner, self.rows.shape[1], int(train.sum()), rng)
            fit_quietly(model, self.rows[train], seen[train])
            odds[index] = model.predict_proba(self.rows[test])[:, 1]
        return odds

    def details(self, learners: Sequence[Learner], rng: np.random.Generator) -> dict[str, object]:
        details: dict[str, object] = {
            "grouped": self.grouped,
            "duplicates_real": float(self.repeated[self.labels == 1].mean()),
            "duplicates_fake": float(self.repeated[self.labels == 0].mean()),
        }
        if self.repeated.any() and self.grouped:
            test = self.folds(2, rng, together=False) == 0
            free = self.predict(learners, ~test, test, rng)
            prior = float(self.labels[~test].mean())
            details["ungrouped"] = {
                name: _trial(name, odds, self.labels[test], prior).accuracy
                for name, odds in zip(learners, free, strict=True)
            }
        return details


def _deal(keys: Integers, count: int, rng: np.random.Generator) -> Integers:
    """Return a fold for each item, dealing out those with equal or neighbouring keys evenly."""
    order = rng.permutation(len(keys))
    order = order[np.argsort(keys[order], kind="stable")]
    hands = rng.permuted(np.tile(np.arange(count), (-(-len(keys) // count), 1)), axis=1)
    folds = np.empty(len(keys), dtype=np.int64)
    folds[order] = hands.ravel()[: len(keys)]
    return folds


@dataclass(frozen=True)
class _Trial:
    """What one learner achieved on the held-out half.

    Attributes:
        count: binomial trials with the variance of the balanced accuracy.
    """

    learner: str
    accuracy: float
    auc: float
    count: float


def _trial(learner: str, odds: Floats, labels: Labels, prior: float) -> _Trial:
    real, fake = odds[labels == 1], odds[labels == 0]
    recalls = [
        float((side * (part - prior) > 0).mean() + (part == prior).mean() / 2)
        for part, side in ((real, 1), (fake, -1))
    ]
    accuracy = sum(recalls) / 2
    variances = [
        recall * (1 - recall) / len(part)
        for recall, part in zip(recalls, (real, fake), strict=True)
    ]
    equal = 4 / (1 / len(real) + 1 / len(fake))
    spread = 4 * accuracy * (1 - accuracy) / sum(variances) if min(variances) > 0 else equal
    wins = rankdata(odds)[labels == 1].sum() - len(real) * (len(real) + 1) / 2
    return _Trial(
        learner,
        accuracy=accuracy,
        auc=float(wins) / (len(real) * len(fake)),
        count=min(spread, float(len(labels))),
    )


def _mann_whitney(odds: Floats, labels: Labels) -> float:
    if np.ptp(odds) == 0:
        return 1.0
    real, fake = odds[labels == 1], odds[labels == 0]
    return float(mannwhitneyu(real, fake, alternative="greater", method="asymptotic").pvalue)


def _rank_sums(odds: Floats, labels: Integers) -> Floats:
    """Return (learners, B) standardised rank sums of the real rows, for labels (rows, B)."""
    ranks = rankdata(odds, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    n, real = len(labels), labels[:, 0].sum()
    spread = ranks.std(axis=1, keepdims=True) * np.sqrt(real * (n - real) / max(1, n - 1))
    sums: Floats = np.divide(
        ranks @ labels, spread, out=np.zeros((len(odds), labels.shape[1])), where=spread > 0
    )
    return sums


def _retrained(
    learners: Sequence[Learner], pool: _Pool, permutations: int, rng: np.random.Generator
) -> list[float]:
    """Return the p-values of the learners and of their best, everything repeated each time."""
    folds = pool.folds(_FOLDS, rng)
    sums = np.empty((len(learners), permutations + 1))
    for index in range(permutations + 1):
        labels = pool.labels if index == 0 else rng.permutation(pool.labels)
        odds = np.empty((len(learners), len(labels)))
        for fold in range(_FOLDS):
            test = folds == fold
            odds[:, test] = pool.predict(learners, ~test, test, rng, labels)
        sums[:, index] = _rank_sums(odds, labels[:, None])[:, 0]
    return [permutation_p_value(each) for each in (*sums, sums.max(axis=0))]


def _scores(
    trials: Sequence[_Trial],
    p_values: Sequence[float],
    details: dict[str, object],
    sizes: tuple[int, int],
) -> list[Score]:
    scores = [
        Score(
            trial.accuracy,
            *wilson(trial.accuracy, trial.count),
            p_value,
            *sizes,
            trial.learner,
            {"auc": trial.auc},
        )
        for trial, p_value in zip(trials, p_values[:-1], strict=True)
    ]
    level = 1 - 0.05 / len(trials)
    intervals = [wilson(trial.accuracy, trial.count, level) for trial in trials]
    best = max(trials, key=lambda trial: trial.accuracy)
    low, high = (max(ends) for ends in zip(*intervals, strict=True))
    more = {**details, "learner": best.learner, "auc": best.auc}
    return [*scores, Score(best.accuracy, low, high, p_values[-1], *sizes, "max", more)]
