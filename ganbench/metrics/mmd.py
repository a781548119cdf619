"""Squared maximum mean discrepancy, its kin, and its permutation test."""

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ganbench.metrics._checks import (
    SampleLike,
    at_least,
    check_rng,
    reference_rows,
    two_tensors,
    warnings_of,
)
from ganbench.metrics._intervals import TWO_SIDED_95, permutation_p_value
from ganbench.metrics._pairs import Sums, pooled, sum_pairs
from ganbench.metrics.kernels import Kernel, KernelFunction, resolve
from ganbench.metrics.score import Score


def mmd2(
    x: SampleLike,
    y: SampleLike,
    kernel: str | KernelFunction = "multi_rbf",
    *,
    reference: SampleLike | None = None,
    interval: bool = False,
) -> Score:
    """Return the unbiased squared MMD, averaged over the kernel's members.

    The estimate is `mean k(x, x') + mean k(y, y') - 2 mean k(x, y)` over pairs of different
    rows. It may be negative and has no square root. Memory stays flat.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        kernel: an expression such as "rbf(sigma=0.5)", "rbf(sigma='median')", "poly(degree=3)",
            "rq", "linear" or "laplace"; "hamming" and "delta" for codes; or a function of two
            tensors (n, d) and (m, d) that returns (n, m).
        reference: rows (r, d) that "median" is taken from, `x` by default. Let all variants
            share them.
        interval: whether to add the 95% interval of first order, `4 var(u)/n + 4 var(v)/m`. It
            is valid only away from the null, where the estimate is asymptotically normal.

    Returns:
        The score, named after the kernel; `details["kernels"]` are its members.

    Raises:
        MetricError: if a sample or the kernel makes no sense.

    References:
        Gretton et al. 2012, A Kernel Two-Sample Test, JMLR 13, equation 3.
        Sutherland et al. 2017, arXiv:1611.04488.
    """
    first, second = two_tensors(x, y)
    chosen = resolve(kernel, reference_rows(reference, first))
    sums = sum_pairs(chosen, first, second, by_row=interval)
    return _score(sums, chosen, first, second)


def kid(x: SampleLike, y: SampleLike) -> Score:
    """Return the kernel inception distance: `mmd2` with `(<a, b> / d + 1)^3`, with interval.

    All pairs are used. The literature's mean over random subsets has the same expectation, and
    its spread over subsets that overlap is no standard error.

    Args:
        x: features of the real sample (n, d).
        y: features of the generated sample (m, d).

    Raises:
        MetricError: if a sample makes no sense.

    References:
        Binkowski et al. 2018, Demystifying MMD GANs, arXiv:1801.01401.
    """
    return replace(mmd2(x, y, "poly(degree=3)", interval=True), estimator="kid")


def energy_distance(x: SampleLike, y: SampleLike) -> Score:
    """Return `2 E|x - y| - E|x - x'| - E|y - y'|`, unbiased, with the interval of first order.

    Zero only for equal laws with finite means, and without a bandwidth to choose.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).

    Raises:
        MetricError: if a sample makes no sense.

    References:
        Szekely & Rizzo 2013, Journal of Statistical Planning and Inference 143(8).
        Sejdinovic et al. 2013, arXiv:1207.6076 (it is an MMD).
    """
    return replace(mmd2(x, y, "distance", interval=True), estimator="energy")


def mmd_test(
    x: SampleLike,
    y: SampleLike,
    kernel: str | KernelFunction = "multi_rbf",
    *,
    rng: np.random.Generator,
    permutations: int = 499,
    reference: SampleLike | None = None,
) -> Score:
    """Return `mmd2` with its interval and the p-value of a permutation test.

    All members see the same permutations, through one matrix product each. The statistic is the
    largest of their values, each standardised over all permutations and the seen partition
    alike, so that `p = (1 + #{permuted >= seen}) / (B + 1)` is valid at every sample size and
    for any number of members. Taking the least rank instead would lose power to ties.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        kernel: as for `mmd2`.
        rng: draws the permutations.
        permutations: their number B.
        reference: as for `mmd2`, but by default the pooled rows: a bandwidth that followed one
            sample would spoil the symmetry that makes the test exact.

    Returns:
        The score with `p_value`, `low` and `high`; `details["p_values"]` are those of single
        members, uncorrected.

    Raises:
        MetricError: if a sample, the kernel or the number of permutations makes no sense.

    References:
        Gretton et al. 2012, JMLR 13. Phipson & Smyth 2010, arXiv:1603.05766 (the p-value).
        Schrab et al. 2023, arXiv:2110.15073, and Biggs et al. 2023, arXiv:2306.08777
        (aggregation over kernels).
    """
    check_rng(rng)
    at_least(permutations, 1, "permutations")
    first, second = two_tensors(x, y)
    chosen = resolve(kernel, reference_rows(reference, pooled(first, second)))
    is_x = np.repeat([1.0, 0.0], [len(first), len(second)]).astype(np.float32)
    shuffled = rng.permuted(np.tile(is_x, (permutations, 1)), axis=1)
    labels = torch.from_numpy(np.vstack([is_x, shuffled]).T.copy()).to(first.device)
    labels = labels if chosen.bounded else labels.double()
    sums = sum_pairs(chosen, first, second, labels, by_row=True)
    score = _score(sums, chosen, first, second)
    values = sums.permuted(labels).cpu().numpy()
    centred = values - values.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    standard = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
    p_values = [permutation_p_value(each) for each in standard]
    details = {**score.details, "p_values": p_values, "permutations": permutations}
    return replace(score, p_value=permutation_p_value(standard.max(axis=0)), details=details)


def _score(sums: Sums, kernel: Kernel, x: Tensor, y: Tensor) -> Score:
    """Make the score, with the interval of first order where there are sums of rows."""
    n, m = len(x), len(y)
    lost = "The estimate is lost in rounding: centre and scale the samples."
    warnings = warnings_of(x, y, *([lost] if sums.cancels and not kernel.bounded else []))
    details = {"kernels": list(kernel.members), **warnings}
    score = Score(sums.value, n_real=n, n_fake=m, estimator=kernel.name, details=details)
    if not len(sums.rows):
        return score
    with_x, with_y = sums.rows.mean(dim=0).T
    at_x = with_x[:n] / (n - 1) - with_y[:n] / m
    at_y = with_y[n:] / (m - 1) - with_x[n:] / n
    half = TWO_SIDED_95 * math.sqrt(4 * float(at_x.var() / n + at_y.var() / m))
    return replace(score, low=score.value - half, high=score.value + half)
