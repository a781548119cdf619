"""Squared maximum mean discrepancy with Gaussian kernels, and its permutation test."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.spatial.distance import pdist

from ganbench.errors import MetricError
from ganbench.metrics._checks import Floats, SampleLike, as_positive, as_sample, two_samples
from ganbench.metrics._distances import squared_distances
from ganbench.metrics._intervals import TWO_SIDED_95
from ganbench.metrics.score import Score

FACTORS = (1 / 8, 1 / 4, 1 / 2, 1.0, 2.0)
"""The headline averages over these multiples of the median distance."""

_BLOCK = 256
_MEDIAN_ROWS = 1000
# exp(-700) is the last decade before subnormal numbers, which are a hundred times slower.
_LEAST_EXPONENT = -700.0


def median_distance(reference: SampleLike) -> float:
    """Return the median distance between distinct rows, the natural scale of a kernel.

    Take it from a reference sample that every variant shares: a bandwidth that follows the
    generated sample makes scores incomparable.

    Args:
        reference: rows (n, d); of more than a thousand, evenly spaced ones are used.

    Returns:
        The median of the non-zero distances.

    Raises:
        MetricError: if `reference` is no finite sample or all its rows are equal.

    References:
        Gretton et al. 2012, A Kernel Two-Sample Test, JMLR 13.
    """
    rows = as_sample(reference, "reference")
    picks = np.linspace(0, len(rows) - 1, min(len(rows), _MEDIAN_ROWS)).astype(int)
    distances = pdist(rows[picks])
    distances = distances[distances > 0]
    if len(distances) == 0:
        raise MetricError("`reference` has equal rows only, which gives no scale to a kernel.")
    return float(np.median(distances))


def mmd2(
    x: SampleLike, y: SampleLike, bandwidths: Sequence[float], *, interval: bool = False
) -> Score:
    """Return the unbiased squared MMD, averaged over Gaussian kernels.

    The estimate is `mean k(x, x') + mean k(y, y') - 2 mean k(x, y)` over pairs of different
    rows, with `k(a, b) = exp(-|a - b|^2 / 2 s^2)`. It may be negative and has no square root.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        bandwidths: the values of s; see `median_distance`.
        interval: whether to add the 95% interval of first order, `4 var(u)/n + 4 var(v)/m`. It
            is valid only away from the null, where the estimate is asymptotically normal.

    Returns:
        The score, in [-2, 2].

    Raises:
        MetricError: if a sample or the bandwidths make no sense.

    References:
        Gretton et al. 2012, A Kernel Two-Sample Test, JMLR 13, equation 3.
        Sutherland et al. 2017, arXiv:1611.04488.
    """
    first, second = two_samples(x, y)
    labels = _labels(len(first), len(second))
    products = _kernel_times(first, second, as_positive(bandwidths, "bandwidths"), labels)
    return _score(products, len(first), interval=interval)


def mmd_test(
    x: SampleLike,
    y: SampleLike,
    bandwidths: Sequence[float],
    *,
    rng: np.random.Generator,
    permutations: int = 499,
) -> Score:
    """Return `mmd2` with its interval and the p-value of a permutation test.

    All permutations share one matrix product. `p = (1 + #{permuted >= seen}) / (B + 1)`, which
    is valid at every sample size.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        bandwidths: of the averaged Gaussian kernels.
        rng: draws the permutations.
        permutations: their number B.

    Returns:
        The score with `p_value`, `low` and `high`.

    Raises:
        MetricError: if a sample, the bandwidths or the number of permutations make no sense.

    References:
        Gretton et al. 2012, JMLR 13. Phipson & Smyth 2010, arXiv:1603.05766 (the p-value).
    """
    if permutations < 1:
        raise MetricError(f"`permutations` must be at least 1, not {permutations}.")
    first, second = two_samples(x, y)
    n, m = len(first), len(second)
    seen = _labels(n, m)
    shuffled = rng.permuted(np.tile(seen[:, :1], permutations), axis=0)
    labels = np.hstack([seen, shuffled])
    products = _kernel_times(first, second, as_positive(bandwidths, "bandwidths"), labels)
    permuted = _permuted_values(products[:, 2:], shuffled, products[:, :2].sum(axis=1))
    score = _score(products[:, :2], n, interval=True)
    # Rounding must not break ties between permutations that are the same partition.
    at_least = int(np.sum(permuted >= score.value - 1e-12))
    p_value = (1 + at_least) / (permutations + 1)
    return Score(score.value, score.low, score.high, p_value, n, m, score.estimator, score.details)


def _labels(n: int, m: int) -> Floats:
    is_x = np.repeat([1.0, 0.0], [n, m])
    return np.column_stack([is_x, 1 - is_x])


def _kernel_times(x: Floats, y: Floats, bandwidths: Floats, columns: Floats) -> Floats:
    """Multiply the averaged kernel matrix, its diagonal set to zero, with `columns` (N, c).

    Blocks of rows keep the memory flat.
    """
    rows = np.vstack([x, y])
    rows -= rows.mean(axis=0)
    scales = -1 / (2 * bandwidths**2)
    products = np.empty_like(columns)
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        squares = squared_distances(rows[block], rows)
        kernel = np.zeros_like(squares)
        for scale in scales:
            kernel += np.exp(np.maximum(scale * squares, _LEAST_EXPONENT))
        inside = np.arange(len(squares))
        kernel[inside, start + inside] = 0
        products[block] = kernel @ columns
    return products / len(bandwidths)


def _score(products: Floats, n: int, *, interval: bool) -> Score:
    """Turn row sums of the kernel over x and over y, (N, 2), into a score."""
    m = len(products) - n
    within_x, cross_x = products[:n, 0] / (n - 1), products[:n, 1] / m
    cross_y, within_y = products[n:, 0] / n, products[n:, 1] / (m - 1)
    value = float(within_x.mean() + within_y.mean() - cross_x.mean() - cross_y.mean())
    if not interval:
        return Score(value, n_real=n, n_fake=m, estimator="rbf")
    variance = 4 * (within_x - cross_x).var(ddof=1) / n + 4 * (within_y - cross_y).var(ddof=1) / m
    half = TWO_SIDED_95 * math.sqrt(float(variance))
    return Score(value, value - half, value + half, n_real=n, n_fake=m, estimator="rbf")


def _permuted_values(products: Floats, labels: Floats, row_sums: Floats) -> Floats:
    """Return the estimate for each column of 0/1 `labels` (N, B)."""
    n = labels[:, 0].sum()
    m = len(labels) - n
    within_x = np.einsum("ib,ib->b", labels, products)
    cross = row_sums @ labels - within_x
    within_y = row_sums.sum() - within_x - 2 * cross
    values: Floats = within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * cross / (n * m)
    return values
