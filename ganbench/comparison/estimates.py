"""Mean, median and interquartile mean over seeds, with 95% intervals.

All functions take values (..., N) in which lower is better: NaN where a run is not there, +inf
where it failed. They work along the last axis and return arrays (...).
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from ganbench.comparison.pairing import Counts, Floats

TAIL = 0.025
"""Probability beyond either end of an interval."""


class Interval(NamedTuple):
    """An estimate with its interval, arrays of one shape; NaN where there is too little."""

    value: Floats
    low: Floats
    high: Floats


def mean(values: Floats) -> Interval:
    """Mean of the finite values with Student's t interval."""
    count, centre, spread = moments(values)
    half = t_quantile(count - 1) * spread / np.sqrt(np.maximum(count, 1))
    return Interval(centre, centre - half, centre + half)


def moments(values: Floats) -> tuple[Counts, Floats, Floats]:
    """Return number, mean and standard deviation (n - 1) of the finite values."""
    finite = np.isfinite(values)
    count = np.asarray(finite.sum(-1))
    centre = _divided(np.where(finite, values, 0.0).sum(-1), count)
    deviations = np.where(finite, values - centre[..., None], 0.0)
    return count, centre, np.sqrt(_divided((deviations**2).sum(-1), count - 1))


def t_quantile(freedom: Counts | Floats, tail: float = TAIL) -> Floats:
    """Return the upper point of the t distribution, NaN without a degree of freedom."""
    return np.asarray(stats.t.isf(tail, np.where(np.asarray(freedom) > 0, freedom, np.nan)))


def interquartile_mean(values: Floats) -> Interval:
    """Mean of the middle half, failures being worst, with the t interval of a trimmed mean.

    A quarter of the n values, rounded down, is cut from either end, as in Agarwal et al.
    (2021, arXiv 2108.13264). The interval is that of Tukey and McLaughlin (1963): the winsorised
    deviation, and as many degrees of freedom as values are left, less one.
    """
    ordered = np.sort(values, axis=-1)
    count = (~np.isnan(values)).sum(-1)
    cut = count // 4
    left = count - 2 * cut
    places = np.arange(values.shape[-1])
    kept = (places >= cut[..., None]) & (places < (count - cut)[..., None])
    centre = _divided(np.where(kept, ordered, 0.0).sum(-1), left)
    ends = np.stack([cut, np.maximum(count - cut - 1, 0)], -1)
    first, last = np.moveaxis(np.take_along_axis(ordered, ends, -1), -1, 0)
    pulled = np.where(
        places < count[..., None], np.clip(ordered, first[..., None], last[..., None]), np.nan
    )
    _, _, spread = moments(pulled)
    error = spread * np.sqrt(_divided(np.asarray(count - 1.0), left * (left - 1)))
    half = np.where(np.isfinite(centre), t_quantile(left - 1) * error, np.nan)
    return Interval(centre, centre - half, centre + half)


def median(values: Floats) -> Interval:
    """Median, failures being worst, between order statistics.

    The interval holds for every continuous distribution; below six values there is none.
    """
    ordered = np.sort(values, axis=-1)
    count = (~np.isnan(values)).sum(-1)
    middle = np.stack([(count - 1) // 2, count // 2], -1)
    pair = np.take_along_axis(ordered, np.clip(middle, 0, None), -1)
    centre = np.where(count > 0, pair.mean(-1), np.nan)
    rank = stats.binom.ppf(TAIL, np.maximum(count, 1), 0.5).astype(int)
    ends = np.clip(np.stack([rank - 1, count - rank], -1), 0, values.shape[-1] - 1)
    low, high = np.moveaxis(np.take_along_axis(ordered, ends, -1), -1, 0)
    known = rank > 0
    return Interval(centre, np.where(known, low, np.nan), np.where(known, high, np.nan))


def _divided(total: Floats, by: Counts) -> Floats:
    """Divide, giving NaN where there is nothing to divide by."""
    return total / np.where(by > 0, by, np.nan)
