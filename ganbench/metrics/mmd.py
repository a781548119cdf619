"""Squared maximum mean discrepancy, its tests, and its estimators for large samples."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ganbench.errors import MetricError
from ganbench.metrics._checks import SampleLike, at_least, row_codes, two_tensors, warnings_of
from ganbench.metrics._intervals import TWO_SIDED_95
from ganbench.metrics.kernels import Kernel, KernelFunction, resolve
from ganbench.metrics.score import Score

_BLOCK = {"cpu": 256, "cuda": 4096}
"""Rows of a block: on a CPU it must stay in the cache, on a GPU it must keep all cores busy."""
# Permuted values that differ by less than this share of their spread are ties.
_TIE = 1e-5


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
    chosen = resolve(kernel, first if reference is None else reference)
    sums = _pass(chosen, first, second, None)
    return _score(sums, chosen, first, second, interval=interval)


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
    at_least(permutations, 1, "permutations")
    first, second = two_tensors(x, y)
    chosen = resolve(kernel, _pooled(first, second) if reference is None else reference)
    is_x = np.repeat([1.0, 0.0], [len(first), len(second)]).astype(np.float32)
    labels = np.column_stack([is_x, rng.permuted(np.tile(is_x, (permutations, 1)), axis=1).T])
    sums = _pass(chosen, first, second, torch.from_numpy(labels).to(first.device))
    score = _score(sums, chosen, first, second, interval=True)
    values = sums.member_values(torch.from_numpy(labels).to(first.device)).cpu().numpy()
    centred = values - values.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    standard = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
    p_values = [_p_value(each) for each in standard]
    details = {**score.details, "p_values": p_values, "permutations": permutations}
    return replace(score, p_value=_p_value(standard.max(axis=0)), details=details)


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
    its interval and p-value simple; but it uses few of the pairs and has less power.

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
    from scipy.stats import t

    first, second = two_tensors(x, y, 4)
    chosen = resolve(kernel, first if reference is None else reference)
    n = min(len(first), len(second))
    size = at_least(max(2, math.isqrt(n)) if block is None else block, 2, "block")
    count = n // size
    if count < 2:
        raise MetricError(f"`block` must be at most {n // 2}, half of {n} rows, not {size}.")
    u, v = (_shuffled(sample, rng) for sample in (first, second))
    starts = range(0, count * size, size)
    values = np.array(
        [_pass(chosen, u[at : at + size], v[at : at + size], None).value for at in starts]
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
    reach = at_least(subdiagonals, 1, "subdiagonals")
    at_least(permutations, 1, "permutations")
    first, second = two_tensors(x, y)
    chosen = resolve(kernel, _pooled(first, second) if reference is None else reference)
    n = min(len(first), len(second))
    u, v = _centred(chosen, _shuffled(first, rng)[:n], _shuffled(second, rng)[:n])
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
    details = {"kernels": list(chosen.members), "pairs": pairs, **warnings_of(first, second)}
    return Score(
        float(values[0]),
        p_value=_p_value(values / (values.std() or 1.0)),
        n_real=n,
        n_fake=n,
        estimator=chosen.name,
        details=details,
    )


# -------------------------------------------------------------------------------------- helpers


@dataclass
class _Sums:
    """What one pass over all pairs of the pooled rows leaves; own pairs count zero.

    Attributes:
        n: number of rows of x among them.
        to_x: (N,) mean over members of each row's kernel sum with x.
        to_y: (N,) the same with y.
        rows: (members, N) kernel sums of each row with all.
        quadratic: (members, c) l' K l for each column l of labels.
    """

    n: int
    to_x: Tensor
    to_y: Tensor
    rows: Tensor
    quadratic: Tensor

    @property
    def value(self) -> float:
        n, m = self.n, len(self.to_x) - self.n
        within = self.to_x[:n].sum() / (n * (n - 1)) + self.to_y[n:].sum() / (m * (m - 1))
        return float(within - 2 * self.to_y[:n].sum() / (n * m))

    def member_values(self, labels: Tensor) -> Tensor:
        """Return the estimate (members, c) for each member and column of 0/1 labels (N, c)."""
        n, m = self.n, len(self.to_x) - self.n
        within_x = self.quadratic
        cross = self.rows @ labels.double() - within_x
        within_y = self.rows.sum(dim=1, keepdim=True) - within_x - 2 * cross
        return within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * cross / (n * m)


def _pass(kernel: Kernel, x: Tensor, y: Tensor, labels: Tensor | None) -> _Sums:
    """Visit each pair of rows once, in blocks; what blocks below the diagonal say is mirrored."""
    rows = torch.cat(_centred(kernel, x, y))
    size, members, n = len(rows), len(kernel.members), len(x)
    sums = rows.new_zeros(size, 2)
    member_rows = rows.new_zeros(members, size)
    quadratic = rows.new_zeros(members, 0 if labels is None else labels.shape[1])
    is_x = torch.arange(size, device=rows.device) < n
    sides = torch.stack([is_x, ~is_x], dim=1).double()
    for i, j in _block_pairs(size, _BLOCK.get(rows.device.type, 256)):
        total = None
        twice = 1 if i == j else 2
        for index, gram in enumerate(kernel.grams(rows[i], rows[j])):
            if i == j:
                gram.fill_diagonal_(0)
            if labels is not None:
                single = gram.float()
                product = (labels[i] * (single @ labels[j])).sum(dim=0)
                quadratic[index] += twice * product
                member_rows[index, i] += gram.sum(dim=1)
                if i != j:
                    member_rows[index, j] += gram.sum(dim=0)
            total = gram.clone() if total is None else total.add_(gram)
        if total is not None:
            sums[i] += total @ sides[j]
            if i != j:
                sums[j] += total.T @ sides[i]
    sums /= members
    return _Sums(n, sums[:, 0], sums[:, 1], member_rows, quadratic)


def _block_pairs(size: int, block: int) -> Iterator[tuple[slice, slice]]:
    for start in range(0, size, block):
        for other in range(start, size, block):
            yield slice(start, start + block), slice(other, other + block)


def _centred(kernel: Kernel, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Centre the samples where kernels do not mind, since distances then lose no digits."""
    if not kernel.moves:
        return x, y
    centre = torch.cat([x, y]).mean(dim=0)
    return x - centre, y - centre


def _mean_gram(kernel: Kernel, a: Tensor, b: Tensor) -> Tensor:
    total = a.new_zeros(len(a), len(b))
    for gram in kernel.grams(a, b):
        total += gram
    return total.div_(len(kernel.members))


def _pooled(x: Tensor, y: Tensor) -> Tensor:
    """Return the rows of both samples in an order that does not tell which is whose."""
    rows = torch.cat([x, y])
    return rows[torch.from_numpy(np.argsort(row_codes(rows))).to(rows.device)]


def _shuffled(sample: Tensor, rng: np.random.Generator) -> Tensor:
    return sample[torch.from_numpy(rng.permutation(len(sample))).to(sample.device)]


def _p_value(values: np.ndarray) -> float:
    """Return the share of values, in units of their spread, that reach the first of them."""
    return float(np.mean(values >= values[0] - _TIE))


def _score(sums: _Sums, kernel: Kernel, x: Tensor, y: Tensor, *, interval: bool) -> Score:
    n, m = len(x), len(y)
    details = {"kernels": list(kernel.members), **warnings_of(x, y)}
    value = sums.value
    score = Score(value, n_real=n, n_fake=m, estimator=kernel.name, details=details)
    if not interval:
        return score
    at_x = sums.to_x[:n] / (n - 1) - sums.to_y[:n] / m
    at_y = sums.to_y[n:] / (m - 1) - sums.to_x[n:] / n
    half = TWO_SIDED_95 * math.sqrt(4 * float(at_x.var() / n + at_y.var() / m))
    return replace(score, low=value - half, high=value + half)
