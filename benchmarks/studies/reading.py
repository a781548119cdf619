"""What studies share: scores by seed, paired ratios with intervals, and Markdown tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy import stats

TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


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
        equal: what it is where both are equal, 1 for ratios and 0 for differences.
    """

    mean: float
    low: float
    high: float
    n: int
    equal: float

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out what it is where both are equal."""
        return self.low > self.equal or self.high < self.equal

    @property
    def told(self) -> str:
        """The effect, bold where its interval leaves equality out."""
        return f"**{self}**" if self.sure else str(self)

    def __str__(self) -> str:
        places = 2 if self.equal else 3 if max(abs(self.low), abs(self.high)) < 1 else 1
        return f"{self.mean:.{places}f} [{self.low:.{places}f}, {self.high:.{places}f}]"


def ratio(mine: Iterable[float], others: Iterable[float], comparisons: int = 1) -> Effect:
    """Return the geometric mean of paired ratios with its interval; both must be positive."""
    logs = difference(np.log(list(mine)), np.log(list(others)), comparisons)
    mean, low, high = (float(np.exp(each)) for each in (logs.mean, logs.low, logs.high))
    return Effect(mean, low, high, logs.n, equal=1.0)


def difference(mine: Iterable[float], others: Iterable[float], comparisons: int = 1) -> Effect:
    """Return the mean of paired differences with its interval, of the pairs that are whole.

    Args:
        mine: a value for each seed.
        others: theirs.
        comparisons: among how many this one was chosen: the interval holds for all of them at
            once (Bonferroni).
    """
    pairs = np.asarray(list(mine), float) - np.asarray(list(others), float)
    pairs = pairs[np.isfinite(pairs)]
    if len(pairs) < 2:
        return Effect(np.nan, np.nan, np.nan, len(pairs), equal=0.0)
    mean = float(pairs.mean())
    half = float(stats.t.ppf(1 - 0.025 / comparisons, len(pairs) - 1) * stats.sem(pairs))
    return Effect(mean, mean - half, mean + half, len(pairs), equal=0.0)


def intervals(axis: Axes, effects: Iterable[Effect], colours: Iterable[str]) -> None:
    """Draw effects below each other, the first on top."""
    for row, (each, colour) in enumerate(zip(effects, colours, strict=False)):
        axis.plot([each.low, each.high], [row, row], color=colour)
        axis.plot([each.mean], [row], "o", color=colour, markersize=4)


def ratios(axis: Axes) -> None:
    """Give an axis of ratios a logarithmic scale with plain numbers, and a line at one."""
    axis.axvline(1, color="0.5", lw=1)
    axis.set_xscale("log")
    axis.minorticks_off()
    low, high = axis.get_xlim()
    shown = [tick for tick in TICKS if low <= tick <= high]
    axis.set_xticks(shown, [f"{tick:g}" for tick in shown])


def table(header: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


@dataclass(frozen=True)
class Claim:
    """A published order, and what came of it here.

    Attributes:
        statement: what is claimed.
        published: the figures behind it.
        ours: an effect that is below what equality is where the claim holds.
    """

    statement: str
    published: str
    ours: Effect

    @property
    def agrees(self) -> str:
        """Say "yes" or "no" where the interval does, "open" where it holds equality."""
        if not self.ours.sure:
            return "open"
        return "yes" if self.ours.high < self.ours.equal else "no"


def claims(found: Sequence[Claim]) -> str:
    """Return a table of claims, with the counts of those that agree above it."""
    told = [each.agrees for each in found]
    lines = [(each.statement, each.published, each.ours, each.agrees) for each in found]
    return (
        f"Of {len(found)} comparisons with published orders {told.count('yes')} agree, "
        f"{told.count('no')} do not, "
        f"{told.count('open')} stay open, since the interval holds equality:\n\n"
        + table(("claim", "published", "ours, below equality if it holds", "agrees"), lines)
    )
