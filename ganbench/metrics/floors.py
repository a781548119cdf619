"""What a perfect generator would score: real samples against real samples of the same size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganbench.errors import MetricError
from ganbench.metrics._checks import SampleLike, at_least, check_rng
from ganbench.metrics.score import Score

Estimate = Callable[[Any, Any, np.random.Generator], Score | Sequence[Score]]
"""Any estimator of this package as a function of two samples and a random generator."""


@dataclass(frozen=True)
class Floor:
    """Scores of real samples against real ones.

    Attributes:
        mean: their mean.
        p05: their 5th percentile, the floor where higher is better.
        p95: their 95th percentile, the floor where lower is better.
        splits: how many there were.
    """

    mean: float
    p05: float
    p95: float
    splits: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Floor":
        """Sum up the values of one estimator."""
        low, high = np.quantile(values, [0.05, 0.95])
        return cls(float(np.mean(values)), float(low), float(high), len(values))


def floor(
    metric: Estimate,
    real: SampleLike | pd.DataFrame,
    n: int,
    splits: int = 20,
    *,
    rng: np.random.Generator,
) -> dict[str, Floor]:
    """Score two random disjoint parts of a real sample against each other, split after split.

    Every estimator is biased or at least noisy at a finite sample size. A generator whose score
    lies within the floor is as good as samples of this size can tell.

    Args:
        metric: function of two samples and a generator of random numbers, such as
            `lambda x, y, rng: c2st(x, y, rng=rng)`.
        real: real rows, a table or an array of N >= 2n. Splits overlap, so that the floor varies
            less than with fresh rows for each; more rows than 2n make that better.
        n: rows of each part: as many as generated samples have when they are scored.
        splits: how many pairs of parts.
        rng: draws the parts, and is passed on.

    Returns:
        Name of each estimator -> its floor.

    Raises:
        MetricError: if there are too few rows.
    """
    check_rng(rng)
    at_least(n, 1, "n")
    at_least(splits, 2, "splits")
    rows = real if isinstance(real, pd.DataFrame) else np.asarray(real)
    most = len(rows) // 2
    if n > most:
        raise MetricError(f"`n` must be at most {most}, half the rows of `real`, not {n}.")
    values: dict[str, list[float]] = {}
    for _ in range(splits):
        picks = rng.permutation(len(rows))[: 2 * n]
        scores = metric(_take(rows, picks[:n]), _take(rows, picks[n:]), rng)
        listed = [scores] if isinstance(scores, Score) else list(scores)
        names = [score.estimator for score in listed]
        if len(set(names)) < len(names):
            raise MetricError(f"`metric` reports one estimator twice: {', '.join(names)}.")
        for score in listed:
            values.setdefault(score.estimator, []).append(score.value)
    return {name: Floor.of(each) for name, each in values.items()}


def _take(rows: Any, picks: NDArray[np.intp]) -> Any:
    return rows.iloc[picks] if isinstance(rows, pd.DataFrame) else rows[picks]
