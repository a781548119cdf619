"""How surprising are generated rows under the true law?"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ganbench.metrics._checks import Floats, SampleLike, as_sample, log_densities
from ganbench.metrics._intervals import TWO_SIDED_95, wilson
from ganbench.metrics.score import Score

IMPOSSIBLE = 1074 * math.log(2)
"""The surprise, in nats, of the smallest probability that a double can hold: 744.4."""


def nll(y: SampleLike, log_prob: Callable[[Floats], ArrayLike]) -> list[Score]:
    """Return the mean negative log-density of generated rows under the known real law.

    For rows of that very law it is their entropy. It looks one way only: a generator that repeats
    the likeliest row scores better than the law itself, so read it beside a score of coverage.

    Args:
        y: generated sample (m, d).
        log_prob: log-density of the real law in nats, (m, d) -> (m,); minus infinity where the
            law has no mass.

    Returns:
        "nll": the mean over the rows inside the support, in nats, with its normal 95% interval
        where there are two such rows; without any it is `IMPOSSIBLE`, which `details` say.
        "outside": the share of the other rows, with its Wilson interval.

    Raises:
        MetricError: if the sample or its log-density makes no sense.

    References:
        Theis, van den Oord & Bethge 2016, arXiv:1511.01844 (why it does not suffice).
    """
    rows = as_sample(y, "y", 1)
    logs = log_densities(log_prob, rows)
    inside = -logs[np.isfinite(logs)]
    n = len(rows)
    outside = 1 - len(inside) / n
    share = Score(outside, *wilson(outside, n), n_fake=n, estimator="outside")
    if len(inside) == 0:
        warning = f"No row of `y` has any density: {IMPOSSIBLE:.1f} stands for its infinity."
        details = {"warnings": [warning]}
        return [Score(IMPOSSIBLE, n_fake=n, estimator="nll", details=details), share]
    value = float(inside.mean())
    if len(inside) == 1:
        return [Score(value, n_fake=n, estimator="nll"), share]
    half = TWO_SIDED_95 * float(inside.std(ddof=1)) / math.sqrt(len(inside))
    return [Score(value, value - half, value + half, n_fake=n, estimator="nll"), share]


def distinct_rows(y: SampleLike) -> Score:
    """Return the share of different rows in a generated sample.

    Beside `nll` it tells likely rows from one likely row again and again. It falls with the size
    of every sample of a discrete law: compare only samples of one size.

    Args:
        y: generated sample (m, d).

    Returns:
        "distinct", in (0, 1], with the 95% interval of the jackknife over rows, which is too wide
        rather than too narrow.

    Raises:
        MetricError: if the sample makes no sense.

    References:
        Caccia et al. 2020, arXiv:1811.02549 (quality and diversity). Efron & Stein 1981, Annals
        of Statistics 9(3).
    """
    rows = as_sample(y, "y")
    m = len(rows)
    counts = np.unique(rows, axis=0, return_counts=True)[1]
    value = len(counts) / m
    # Without a row, one is missing that occurs once.
    single = float((counts == 1).sum()) / m
    half = TWO_SIDED_95 * math.sqrt(single * (1 - single) / (m - 1))
    low, high = max(1 / m, value - half), min(1.0, value + half)
    return Score(value, low, high, n_fake=m, estimator="distinct")
