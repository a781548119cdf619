"""Estimators of MMD^2 for samples that are too large for all pairs of rows."""

import math

import numpy as np
import torch
from scipy.stats import t
from torch import Tensor

from ganbench.errors import MetricError
from ganbench.metrics._checks import (
    SampleLike,
    at_least,
    check_rng,
    reference_rows,
    two_tensors,
    warnings_of,
)
from ganbench.metrics._intervals import permutation_p_value
from ganbench.metrics._pairs import centred, pooled, sum_pairs
from ganbench.metrics.kernels import Kernel, KernelFunction, resolve
from ganbench.metrics.score import Score


def mmd2_block(
    x: SampleLike,
    y: SampleLike,
    kernel: str | KernelFunction = "multi_rbf",
    *,
    rng: np.random.Generator,
    block: int | None = None,
    reference: SampleLike | None = None,
) -> Score:
    """Return the mean of `mmd2` over disjoint blocks, for samples too large for all pairs.

    As a mean of independent values it is asymptotically normal also under the null, which makes
    its interval and p-value simple; but it uses few of the pairs and has less power, and its test
    is conservative while blocks are few or small.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d); min(n, m) rows of each are used.
        kernel: as for `mmd2`.
        rng: shuffles the rows.
        block: rows of each sample in a block, sqrt(min(n, m)) by default.
        reference: as for `mmd2`.

    Returns:
        The score with a 95% interval and the p-value of a one-sided t-test over blocks.

    Raises:
        MetricError: if a sample or the kernel makes no sense, or there are fewer than 2 blocks.

    References:
        Zaremba et al. 2013, B-tests, arXiv:1307.1954.
    """
    check_rng(rng)
    first, second = two_tensors(x, y, 4)
    chosen = resolve(kernel, reference_rows(reference, first))
    n = min(len(first), len(second))
    size = at_least(max(2, math.isqrt(n)) if block is None else block, 2, "block")
    count = n // size
    if count < 2:
        raise MetricError(f"`block` must be at most {n // 2}, half of {n} rows, not {size}.")
    u, v = (_shuffled(sample, rng) for sample in (first, second))
    starts = range(0, count * size, size)
    values = np.array(
        [sum_pairs(chosen, u[at : at + size], v[at : at + size]).value for at in starts]
    )
    error = float(values.std(ddof=1)) / math.sqrt(count)
    value = float(values.mean())
    half = float(t.ppf(0.975, count - 1)) * error
    p_value = float(t.sf(value / error, count - 1)) if error > 0 else float(value <= 0)
    details = {"kernels": list(chosen.members), "blocks": count, "block": size}
    used = count * size
    details |= warnings_of(first, second)
    return Score(value, value - half, value + half, p_value, used, used, chosen.name, details)


def mmd2_incomplete(
    x: SampleLike,
    y: SampleLike,
    kernel: str | KernelFunction = "multi_rbf",
    *,
    rng: np.random.Generator,
    subdiagonals: int = 200,
    permutations: int = 499,
    reference: SampleLike | None = None,
) -> Score:
    """Return the incomplete U-statistic of MMD^2, in time linear in the sample size.

    Shuffled rows are paired to z_i = (x_i, y_i), and `h(z_i, z_j) = k(x_i, x_j) + k(y_i, y_j) -
    k(x_i, y_j) - k(y_i, x_j)` is averaged over the pairs with `0 < j - i <= subdiagonals`.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d); min(n, m) rows of each are used.
        kernel: as for `mmd2`.
        rng: shuffles the rows and draws the signs.
        subdiagonals: how far apart rows are paired; the cost is rows times this.
        permutations: number of random signs behind the p-value. Exchanging x_i and y_i at random
            flips the sign of their terms, which makes the test exact.
        reference: as for `mmd_test`.

    Returns:
        The score with its p-value.

    Raises:
        MetricError: if a sample, the kernel or a number makes no sense.

    References:
        Yamada et al. 2019, arXiv:1802.06226. Schrab et al. 2022, arXiv:2206.09194.
    """
    check_rng(rng)
    reach = at_least(subdiagonals, 1, "subdiagonals")
    at_least(permutations, 1, "permutations")
    first, second = two_tensors(x, y)
    chosen = resolve(kernel, reference_rows(reference, pooled(first, second)))
    n = min(len(first), len(second))
    u, v = centred(chosen, _shuffled(first, rng)[:n], _shuffled(second, rng)[:n])
    reach = min(reach, n - 1)
    signs = torch.from_numpy(rng.choice([-1.0, 1.0], (n, permutations)))
    signs = torch.cat([torch.ones(n, 1, dtype=torch.float64), signs], dim=1).to(u.device)
    sums = torch.zeros(permutations + 1, dtype=torch.float64, device=u.device)
    for start in range(0, n - 1, reach):
        rows = slice(start, min(start + reach, n))
        columns = slice(start + 1, min(start + 2 * reach, n))
        terms = _mean_gram(chosen, u[rows], u[columns]) + _mean_gram(chosen, v[rows], v[columns])
        terms -= _mean_gram(chosen, u[rows], v[columns]) + _mean_gram(chosen, v[rows], u[columns])
        band = terms.triu_().tril_(reach - 1)
        sums += (signs[rows] * (band @ signs[columns])).sum(dim=0)
    pairs = reach * n - reach * (reach + 1) // 2
    values = (sums / pairs).cpu().numpy()
    if not np.isfinite(values).all():
        raise MetricError(
            f"The kernel {chosen.name} overflows on these samples: scale them first."
        )
    details = {"kernels": list(chosen.members), "pairs": pairs, **warnings_of(first, second)}
    return Score(
        float(values[0]),
        p_value=permutation_p_value(values / (values.std() or 1.0)),
        n_real=n,
        n_fake=n,
        estimator=chosen.name,
        details=details,
    )


def _mean_gram(kernel: Kernel, a: Tensor, b: Tensor) -> Tensor:
    total = a.new_zeros(len(a), len(b))
    for gram in kernel.grams(a, b):
        total += gram
    return total.div_(len(kernel.members))


def _shuffled(sample: Tensor, rng: np.random.Generator) -> Tensor:
    return sample[torch.from_numpy(rng.permutation(len(sample))).to(sample.device)]
