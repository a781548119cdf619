"""The Jensen-Shannon divergence as information between rows and their sample."""

import math
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ganbench.errors import MetricError
from ganbench.metrics._checks import (
    Floats,
    SampleLike,
    as_positive,
    at_least,
    check_rng,
    row_codes,
    two_tensors,
    warnings_of,
)
from ganbench.metrics._intervals import TWO_SIDED_95
from ganbench.metrics._neighbours import label_information, tie_breaker
from ganbench.metrics.score import Score, in_base

BATCHES = 8
PARTITIONS = 4
EXTRAPOLATED_ABOVE = 5
EXTRAPOLATION = (0.2, 0.8, 3.2, 6.4)
LARGEST_SHARE = 0.55
"""Beyond it the smallest of the squared radii is too far from zero, next to the largest."""
LARGEST_DOUBT = 0.05
"""Estimates for different k that differ by more than this, in nats, are worth a warning."""
IMPOSSIBLE = 0.1
"""An estimate so far below zero is no sampling error."""
SHARED_VARIANCE = 0.05
"""Variance that estimates for different k share, in units in which that of one is 1 / k."""

_ABSURD = (
    "Far below zero, which no JSD is: one sample is so sparse that its rows lie nearer to the "
    "other one than to each other, and neighbours tell nothing; trust the lower bound."
)


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
    zero, by a line in the typical squared radius; in many more dimensions, as the radii
    themselves tell, these are too much alike for a line, and k alone is used. Where they differ
    by more than .05 nats, `details["warnings"]` say so: neither k nor the line can be trusted.

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
        would spoil it: all rows are moved by 1e-9 (where blocks of distances are needed, 1e-6) of
        a typical deviation, which leaves the order of other distances as it is.
        `details["duplicates"]` counts repeated rows.

    Raises:
        MetricError: if a sample or an argument makes no sense.

    References:
        Ross 2014, Mutual Information between Discrete and Continuous Data Sets, PLoS ONE 9(2).
        Moon et al. 2021, arXiv:1701.08083 (cancelling bias by several neighbourhood sizes).
        Politis & Romano 1994, Annals of Statistics 22(4) (intervals from smaller samples).
    """
    check_rng(rng)
    at_least(k, 1, "k")
    first, second = two_tensors(x, y, k + 2)
    d, n = first.shape[1], min(len(first), len(second))
    pooled = torch.cat([_random_rows(sample, n, rng) for sample in (first, second)])
    typical = _typical_deviations(pooled)
    divisor = typical if scale is None else _scale_vector(scale, d).to(typical)
    noise = torch.from_numpy(rng.standard_normal(tuple(pooled.shape))).to(pooled)
    rows = (pooled - pooled.median(dim=0).values + tie_breaker(first) * typical * noise) / divisor
    own, other = rows[:n], rows[n:]
    ranks = _ranks(k) if n > max(_ranks(k)) + 1 else [k]
    values, squares = label_information(own, other, ranks)
    even = squares[0] <= LARGEST_SHARE * squares[-1] and values.min() > -IMPOSSIBLE
    wanted = d > EXTRAPOLATED_ABOVE and even if extrapolate is None else extrapolate
    chosen = ranks if wanted else [k]
    line = _at_radius_zero(values, squares, ranks, chosen)
    value = min(line, math.log(2)) if wanted else line
    details = {
        "duplicates": 2 * n - len(np.unique(row_codes(pooled))),
        "neighbours": chosen,
        **warnings_of(first, second, *_doubts(values, ranks)),
    }
    score = Score(value, n_real=n, n_fake=n, estimator="knn", details=details)
    count = min(BATCHES, n // (chosen[-1] + 2))
    if interval and count > 1:
        half = TWO_SIDED_95 * _batch_error(own, other, chosen, count, rng)
        score = replace(score, low=value - half, high=value + half)
    return in_base(score, base)


def _doubts(values: Floats, ranks: list[int]) -> list[str]:
    """Say what is wrong with estimates by balls of several sizes, if anything is."""
    if values.min() < -IMPOSSIBLE:
        return [_ABSURD]
    if np.ptp(values) <= LARGEST_DOUBT:
        return []
    said = ", ".join(f"{value:.3f}" for value in values)
    return [
        f"Balls are too large to trust: estimates by {ranks} neighbours are {said}. More rows, "
        "fewer columns or the lower bound help."
    ]


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


def _at_radius_zero(values: Floats, squares: Floats, ranks: list[int], chosen: list[int]) -> float:
    """Extrapolate in the squared radius, if several are chosen; small k have more noise."""
    if len(chosen) == 1:
        return float(values[ranks.index(chosen[0])])
    weights = 1 / np.sqrt(1 / np.array(ranks) + SHARED_VARIANCE)
    line = np.polynomial.polynomial.polyfit(squares / squares[-1], values, 1, w=weights)
    return float(line[0])


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
                ranks,
            )
            for start in range(0, count * size, size)
        ]
        variances.append(np.var(values, ddof=1) * size / len(x))
    return math.sqrt(float(np.mean(variances)))
