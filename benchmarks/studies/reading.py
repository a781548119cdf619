"""What studies share: scores by seed, paired ratios with intervals, and Markdown tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats


def by_seed(rows: pd.DataFrame, estimator: str, keys: Sequence[str]) -> pd.DataFrame:
    """Lay the values of an estimator out.

    Args:
        rows: tidy, with the columns of `keys`.
        estimator: such as "sw2".
        keys: what tells cells apart.

    Returns:
        Cells by seeds, in the order of the rows; NaN where a run failed.
    """
    kept = rows[rows["estimator"].eq(estimator)]
    order = rows[list(keys)].drop_duplicates()
    table = kept.pivot_table("value", list(keys), "seed", sort=False, dropna=False)
    index = order[keys[0]] if len(keys) == 1 else pd.MultiIndex.from_frame(order)
    return table.reindex(index)


@dataclass(frozen=True)
class Effect:
    """A mean over pairs with its 95% t interval; of ratios, a geometric one.

    Attributes:
        mean: over the pairs.
        low: lower end.
        high: upper end.
        n: number of pairs.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out 1, the ratio of what is equal."""
        return self.low > 1 or self.high < 1

    def __str__(self) -> str:
        return f"{self.mean:.2f} [{self.low:.2f}, {self.high:.2f}]"


def ratio(mine: Iterable[float], others: Iterable[float]) -> Effect:
    """Return the geometric mean of paired ratios with its interval; both must be positive."""
    logs = np.log(np.asarray(list(mine), float) / np.asarray(list(others), float))
    logs = logs[np.isfinite(logs)]
    if len(logs) < 2:
        return Effect(float("nan"), float("nan"), float("nan"), len(logs))
    half = stats.t.ppf(0.975, len(logs) - 1) * stats.sem(logs)
    mean, low, high = np.exp([logs.mean(), logs.mean() - half, logs.mean() + half])
    return Effect(float(mean), float(low), float(high), len(logs))


def table(header: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
