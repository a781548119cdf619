"""Squared maximum mean discrepancy, its tests, and its estimators for large samples."""

import itertools
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

_BLOCK = {"cpu": 512, "cuda": 4096}
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
    sums = _pass(chosen, first, second, by_row=interval)
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
    at_least(permutations, 1, "permutations")
    first, second = two_tensors(x, y)
    chosen = resolve(kernel, _pooled(first, second) if reference is None else reference)
    is_x = np.repeat([1.0, 0.0], [len(first), len(second)]).astype(np.float32)
    shuffled = rng.permuted(np.tile(is_x, (permutations, 1)), axis=1)
    labels = torch.from_numpy(np.vstack([is_x, shuffled]).T.copy()).to(first.device)
    sums = _pass(chosen, first, second, labels, by_row=True)
    score = _score(sums, chosen, first, second)
    values = sums.permuted(labels).cpu().numpy()
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
    values = np.array([_pass(chosen, u[at : at + size], v[at : at + size]).value for at in starts])
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
    """What one pass over all pairs of rows leaves; pairs of a row with itself count zero.

    Attributes:
        n: rows of x.
        m: rows of y.
        within_x: (members,) sums over ordered pairs of rows of x.
        within_y: (members,) the same for y.
        cross: (members,) sums over pairs of a row of x and one of y.
        rows: (members, n + m, 2) sums of each row with x and with y, where wanted.
        quadratic: (members, c) l' K l for each column l of labels, where there are any.
    """

    n: int
    m: int
    within_x: Tensor
    within_y: Tensor
    cross: Tensor
    rows: Tensor
    quadratic: Tensor

    @property
    def value(self) -> float:
        """The estimate, averaged over members."""
        return float(self._estimate(self.within_x, self.within_y, self.cross).mean())

    def permuted(self, labels: Tensor) -> Tensor:
        """Return the estimate (members, c) for each column of 0/1 labels (n + m, c)."""
        row_sums = self.rows.sum(dim=2)
        cross = row_sums @ labels.double() - self.quadratic
        within_y = row_sums.sum(dim=1, keepdim=True) - self.quadratic - 2 * cross
        return self._estimate(self.quadratic, within_y, cross)

    def _estimate(self, within_x: Tensor, within_y: Tensor, cross: Tensor) -> Tensor:
        n, m = self.n, self.m
        return within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * cross / (n * m)


def _pass(
    kernel: Kernel, x: Tensor, y: Tensor, labels: Tensor | None = None, *, by_row: bool = False
) -> _Sums:
    """Visit each pair of rows once, in blocks of rows of one sample."""
    x, y = _centred(kernel, x, y)
    n, m, members = len(x), len(y), len(kernel.members)
    totals = x.new_zeros(members, 3)
    rows = x.new_zeros(members, n + m, 2) if by_row else x.new_zeros(0)
    quadratic = x.new_zeros(members, 0 if labels is None else labels.shape[1])
    for (side_a, at_a, a), (side_b, at_b, b) in _block_pairs(x, y):
        mirrored = side_a == side_b and at_a != at_b
        for index, gram in enumerate(kernel.grams(a, b)):
            if at_a == at_b:
                gram.fill_diagonal_(0)
            totals[index, side_a + side_b] += gram.sum() * (2 if mirrored else 1)
            if by_row:
                rows[index, at_a, side_b] += gram.sum(dim=1)
                if at_a != at_b:
                    rows[index, at_b, side_a] += gram.sum(dim=0)
            if labels is not None:
                product = (labels[at_a] * (gram.float() @ labels[at_b])).sum(dim=0)
                quadratic[index] += product * (1 if at_a == at_b else 2)
    return _Sums(n, m, totals[:, 0], totals[:, 2], totals[:, 1], rows, quadratic)


_Block = tuple[int, slice, Tensor]
"""Which sample, 0 or 1; where among the pooled rows; the rows."""


def _block_pairs(x: Tensor, y: Tensor) -> Iterator[tuple[_Block, _Block]]:
    size = _BLOCK.get(x.device.type, _BLOCK["cpu"])
    blocks: list[_Block] = []
    for side, sample, offset in ((0, x, 0), (1, y, len(x))):
        for start in range(0, len(sample), size):
            rows = sample[start : start + size]
            where = slice(offset + start, offset + start + len(rows))
            blocks.append((side, where, rows))
    return itertools.combinations_with_replacement(blocks, 2)


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


def _score(sums: _Sums, kernel: Kernel, x: Tensor, y: Tensor) -> Score:
    """Make the score, with the interval of first order where there are sums of rows."""
    n, m = len(x), len(y)
    details = {"kernels": list(kernel.members), **warnings_of(x, y)}
    score = Score(sums.value, n_real=n, n_fake=m, estimator=kernel.name, details=details)
    if not len(sums.rows):
        return score
    with_x, with_y = sums.rows.mean(dim=0).T
    at_x = with_x[:n] / (n - 1) - with_y[:n] / m
    at_y = with_y[n:] / (m - 1) - with_x[n:] / n
    half = TWO_SIDED_95 * math.sqrt(4 * float(at_x.var() / n + at_y.var() / m))
    return replace(score, low=score.value - half, high=score.value + half)
