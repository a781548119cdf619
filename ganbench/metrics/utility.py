"""What a learner that has seen generated rows only is worth on real ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import roc_auc_score

from ganbench.errors import MetricError
from ganbench.metrics._checks import Floats, check_rng, listed
from ganbench.metrics._intervals import TWO_SIDED_95
from ganbench.metrics._tables import Codes, Tables, Value, as_tables
from ganbench.metrics.score import Score

LEAST_ROWS = 20
BOOTSTRAPS = 500

_MOST_CATEGORIES = 255
_BLOCK = 2**22


def tstr(
    train: pd.DataFrame,
    test: pd.DataFrame,
    fake: pd.DataFrame,
    target: str,
    *,
    rng: np.random.Generator,
) -> list[Score]:
    """Train on generated rows, test on real ones, and compare with training on real rows.

    Boosted trees predict one column from all others, once learned from `fake` and once from
    `train`; both are tested on `test`. Columns of numbers and times are numeric, all others
    categorical; of these, one of more than 255 categories is used as a number. Rows whose target
    is missing are left out of all tables, and other gaps are seen as they are in
    `ganbench.metrics.tabular`, with the means of `train`.

    Args:
        train: real table that the generator has seen.
        test: real table that it has not seen.
        fake: generated table.
        target: name of the column to predict.
        rng: seeds the trees, the same for both, and draws the bootstrap.

    Returns:
        "tstr": the balanced accuracy for a categorical target, R^2 for a numeric one. "gap": the
        same less that of training on `train`; 0 where generated rows are worth as much as real
        ones, and below where they are worth less. The 95% intervals come from a paired bootstrap
        of the test rows: the training tables are taken as they are. `details` of a categorical
        target have the accuracy and the AUC (mean of one class against the others). Classes that
        `fake` lacks are never predicted, and named in a warning. R^2 of a constant target is 0.

    Raises:
        MetricError: if a table makes no sense, their columns differ or `target` is none of them.

    References:
        Esteban et al. 2017, arXiv:1706.02633 (TSTR). Xu et al. 2019, arXiv:1907.00503.
    """
    check_rng(rng)
    frames = {"train": train, "test": test, "fake": fake}
    told = {name: _with_target(frame, target) for name, frame in frames.items()}
    tables = as_tables(told, LEAST_ROWS)
    if target not in (*tables.numbers, *tables.codes):
        raise MetricError(f"`target` must be one of the columns, not {target!r}.")
    if len(tables.numbers) + len(tables.codes) < 2:
        raise MetricError("`train` must have a column besides the target.")
    seed = int(rng.integers(2**31))
    judge = _judge_numbers if target in tables.numbers else _judge_classes
    verdict = judge(tables, target, seed)
    from_fake, from_real = verdict.values(verdict.moments.sum(axis=0))
    resampled_fake, resampled_real = verdict.values(_resampled(verdict.moments, rng))
    details = {"real_train": float(from_real), **verdict.details}
    return [
        _score("tstr", from_fake, resampled_fake, tables, details),
        _score("gap", from_fake - from_real, resampled_fake - resampled_real, tables, details),
    ]


def _with_target(frame: pd.DataFrame, target: str) -> pd.DataFrame:
    """Leave out rows whose target is missing; what is no table is refused later."""
    if not isinstance(frame, pd.DataFrame) or target not in frame.columns:
        return frame
    known = frame[target].notna()
    return frame[known] if known.ndim == 1 else frame


@dataclass(frozen=True)
class _Verdict:
    """How both learners did on the test rows.

    Attributes:
        moments: numbers (n, k) of each test row.
        values: their sums (..., k) -> the score of the learner from `fake` and of that from
            `train`, (...) each.
        details: for the score.
    """

    moments: Floats
    values: Callable[[Floats], tuple[Floats, Floats]]
    details: dict[str, object]


def _score(
    estimator: str, value: Floats, resampled: Floats, tables: Tables, details: dict[str, object]
) -> Score:
    half = TWO_SIDED_95 * float(resampled.std(ddof=1))
    low, high = float(value) - half, float(value) + half
    _, n, m = tables.sizes
    return Score(float(value), low, high, None, n, m, estimator, details)


def _resampled(moments: Floats, rng: np.random.Generator) -> Floats:
    """Return the sums (B, k) of `moments` (n, k) over bootstrap samples of the rows."""
    n = len(moments)
    width = max(1, _BLOCK // n)
    blocks = [
        rng.multinomial(n, np.full(n, 1 / n), size=min(width, BOOTSTRAPS - start)) @ moments
        for start in range(0, BOOTSTRAPS, width)
    ]
    return np.concatenate(blocks)


def _judge_classes(tables: Tables, target: str, seed: int) -> _Verdict:
    classes = tables.codes[target]
    k = len(tables.levels[target])
    train, truth, fake = tables.split(classes)
    chances = [
        np.pad(each, ((0, 0), (0, k - each.shape[1])))
        for each in _predictions(tables, target, classes, _classes_by_trees, seed)
    ]
    is_class = truth[:, None] == np.arange(k)
    hits = [is_class * (each.argmax(axis=1) == truth)[:, None] for each in chances]

    def values(sums: Floats) -> tuple[Floats, Floats]:
        sizes, *hit_sums = np.split(sums, 3, axis=-1)
        present = np.maximum((sizes > 0).sum(axis=-1), 1)
        recalls = [(hit / np.maximum(sizes, 1)).sum(axis=-1) / present for hit in hit_sums]
        return recalls[0], recalls[1]

    names = ("accuracy", "auc")
    details: dict[str, object] = {}
    for suffix, hit, each in zip(("", "_real_train"), hits, chances, strict=True):
        measures = float(hit.sum()) / len(truth), _auc(is_class, each)
        details |= {name + suffix: at for name, at in zip(names, measures, strict=True)}
    if lacking := sorted(tables.levels[target][code] for code in {*train} - {*fake}):
        details["warnings"] = [f"`fake` has no rows of the class {listed(lacking)}."]
    return _Verdict(np.hstack([is_class, *hits]).astype(float), values, details)


def _judge_numbers(tables: Tables, target: str, seed: int) -> _Verdict:
    numbers = tables.numbers[target]
    truth = tables.split(numbers)[1]
    predictions = _predictions(tables, target, numbers, _numbers_by_trees, seed)
    centred = truth - truth.mean()
    squares = [(each - truth) ** 2 for each in predictions]

    def values(sums: Floats) -> tuple[Floats, Floats]:
        total, total_squares, *errors = np.moveaxis(sums, -1, 0)
        spread = total_squares - total**2 / len(truth)
        known = spread > 1e-12 * (centred**2).sum()
        scores = [np.where(known, 1 - each / np.where(known, spread, 1), 0) for each in errors]
        return scores[0], scores[1]

    constant = ["The target is constant in `test`."] if np.ptp(truth) == 0 else []
    details: dict[str, object] = {"warnings": constant} if constant else {}
    return _Verdict(np.column_stack([centred, centred**2, *squares]), values, details)


def _predictions(
    tables: Tables,
    target: str,
    values: NDArray[Value],
    predict: Callable[[Floats, NDArray[Value], Floats, dict[str, Any]], Floats],
    seed: int,
) -> list[Floats]:
    """Return what the learners from `fake` and from `train` say of the test rows."""
    inputs = {**tables.numbers, **tables.codes}
    del inputs[target]
    rows = np.column_stack([*inputs.values()]).astype(float)
    nominal = [len(tables.levels.get(name, ())) for name in inputs]
    options = {
        "categorical_features": [0 < levels <= _MOST_CATEGORIES for levels in nominal],
        "max_iter": 40,
        "learning_rate": 0.15,
        "max_leaf_nodes": 8,
        "early_stopping": False,
        "random_state": seed,
    }
    train, test, fake = tables.split(rows)
    of_train, _, of_fake = tables.split(values)
    return [predict(*known, test, options) for known in ((fake, of_fake), (train, of_train))]


def _numbers_by_trees(
    rows: Floats, numbers: Floats, test: Floats, options: dict[str, Any]
) -> Floats:
    predicted: Floats = HistGradientBoostingRegressor(**options).fit(rows, numbers).predict(test)
    return predicted


def _classes_by_trees(
    rows: Floats, classes: Codes, test: Floats, options: dict[str, Any]
) -> Floats:
    """Return probabilities (n, largest class seen + 1) of the test rows."""
    seen = np.unique(classes)
    chances = np.zeros((len(test), seen[-1] + 1))
    if len(seen) == 1:
        chances[:, seen] = 1
    else:
        model = HistGradientBoostingClassifier(**options).fit(rows, classes)
        chances[:, seen] = model.predict_proba(test)
    return chances


def _auc(is_class: NDArray[np.bool_], chances: Floats) -> float:
    """Average the AUC of each class against the others, 1/2 where all rows have one class."""
    shares = is_class.mean(axis=0)
    both = np.flatnonzero((shares > 0) & (shares < 1))
    areas = [roc_auc_score(is_class[:, each], chances[:, each]) for each in both]
    return float(np.mean(areas)) if areas else 0.5
