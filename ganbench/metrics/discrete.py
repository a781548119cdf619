"""Jensen-Shannon divergence between laws of categories, sequences or their n-grams."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.special import rel_entr

from ganbench.errors import MetricError
from ganbench.metrics._checks import Floats, SampleLike, at_least, check_rng, sameness
from ganbench.metrics._intervals import TWO_SIDED_95, permutation_p_value
from ganbench.metrics._ngrams import Codes, as_order, as_tokens, ngram_codes
from ganbench.metrics.score import Score, in_base

_BLOCK = 2**20
# Sums of many terms: where all outcomes are different, every permutation has the same JSD.
_TIE = 1e-9
_ROUNDING = 1e-6


def jsd_discrete(
    x: SampleLike,
    y: SampleLike,
    *,
    rng: np.random.Generator,
    order: int | None = None,
    permutations: int = 499,
    base: float | None = None,
) -> Score:
    """Estimate the JSD of discrete laws by how far it exceeds that of permuted samples.

    The JSD of two observed frequencies is far above zero where the laws are equal and outcomes
    are many. Its mean over permutations of the rows is taken off: what is left, the excess JSD,
    is centred at zero for equal laws, and a true divergence shows in it too small where most
    outcomes are rare. Whole rows are permuted, since the n-grams of one sequence depend on each
    other, so that the test is valid at every sample size.

    Args:
        x: real sample: categories (n,) or sequences of tokens (n, L), whole numbers.
        y: generated sample, (m,) or (m, L).
        rng: draws the permutations.
        order: k compares the laws of k tokens in a row, averaged over positions; None those of
            whole rows.
        permutations: their number B.
        base: of the logarithm, e by default; 2 gives bits in [0, 1].

    Returns:
        The excess with `p_value` = (1 + #{permuted >= seen}) / (B + 1), and the 95% interval of
        the delta method, whose unit is the row. It holds the sampling error, not the shrinkage,
        and is up to a third too wide near zero. `details` hold the "plugin" estimate, the mean
        "permuted" one, in nats, and the size of the "vocabulary" of both samples.

    Raises:
        MetricError: if a sample or an option makes no sense.

    References:
        Lin 1991, Divergence measures based on the Shannon entropy, IEEE Transactions on
        Information Theory 37(1). Phipson & Smyth 2010, arXiv:1603.05766 (the p-value).
    """
    check_rng(rng)
    first, second = as_tokens(x, "x"), as_tokens(y, "y")
    length = first.shape[1]
    if second.shape[1] != length:
        raise MetricError(f"`y` has {second.shape[1]} columns, but `x` has {length} of them.")
    at_least(permutations, 1, "permutations")
    span = length if order is None else as_order(order, length)
    codes = ngram_codes(np.vstack([first, second]), span)
    n, m = len(first), len(second)
    plugin = _PlugIn(codes, n)
    seen = float(plugin.values((np.arange(n + m) < n)[:, None])[0])
    permuted = plugin.permuted_values(rng, permutations)
    centre = float(permuted.mean())
    excess = seen - centre
    half = TWO_SIDED_95 * plugin.standard_error()
    warnings = sameness(first, second)
    score = Score(
        excess,
        excess - half,
        excess + half,
        permutation_p_value(np.concatenate([[seen], permuted]), _TIE),
        n,
        m,
        "discrete" if order is None else f"jsd{order}",
        {
            "plugin": seen,
            "permuted": centre,
            "vocabulary": plugin.vocabulary,
            **({"warnings": warnings} if warnings else {}),
        },
    )
    return in_base(score, base)


def jsd_known_law(
    y: SampleLike,
    support: SampleLike,
    probabilities: ArrayLike,
    *,
    rng: np.random.Generator,
    draws: int = 499,
    base: float | None = None,
) -> Score:
    """Return the JSD of the real law, known for every outcome, and the frequencies in `y`.

    The frequencies of a finite sample are never those of the law, so that the JSD is above zero
    for samples of the very law as well, and the more so the more outcomes there are: compare it
    with its mean over such samples, which `details` hold, and only at one sample size.

    Args:
        y: generated sample: categories (m,) or sequences of tokens (m, L), whole numbers.
        support: every outcome of the real law once, (K,) or (K, L).
        probabilities: of these outcomes (K,); they sum to one.
        rng: draws samples of the law.
        draws: their number B, 0 for none.
        base: of the logarithm, e by default; 2 gives bits in [0, 1].

    Returns:
        The plug-in JSD. With B draws of m rows from the law, `p_value` is
        (1 + #{drawn >= seen}) / (B + 1), exact at every sample size, and `details` hold the mean
        of the "drawn" ones, in nats. They also hold the number of "outcomes", those of `y` among
        them, and how many of these were "seen".

    Raises:
        MetricError: if a sample or an option makes no sense.

    References:
        Lin 1991, Divergence measures based on the Shannon entropy, IEEE Transactions on
        Information Theory 37(1). Phipson & Smyth 2010, arXiv:1603.05766 (the p-value).
    """
    check_rng(rng)
    at_least(draws, 0, "draws")
    outcomes, rows = as_tokens(support, "support", 1), as_tokens(y, "y", 1)
    length = outcomes.shape[1]
    if rows.shape[1] != length:
        raise MetricError(f"`y` has {rows.shape[1]} columns, but `support` has {length} of them.")
    law = _law(probabilities, len(outcomes))
    codes = ngram_codes(np.vstack([outcomes, rows]), length)[:, 0]
    listed, drawn = codes[: len(law)], codes[len(law) :]
    if len(np.unique(listed)) < len(listed):
        raise MetricError("`support` must name every outcome once.")
    vocabulary, n = int(codes.max()) + 1, len(rows)
    p = np.zeros(vocabulary)
    p[listed] = law
    counts = np.bincount(drawn, minlength=vocabulary)
    seen = float(_divergences(p, counts[None])[0])
    details: dict[str, object] = {"outcomes": vocabulary, "seen": int(np.count_nonzero(counts))}
    p_value = None
    if draws:
        width = max(1, _BLOCK // vocabulary)
        sizes = [min(width, draws - start) for start in range(0, draws, width)]
        null = np.concatenate([_divergences(p, rng.multinomial(n, p, size)) for size in sizes])
        p_value = permutation_p_value(np.concatenate([[seen], null]), _TIE)
        details["drawn"] = float(null.mean())
    score = Score(seen, p_value=p_value, n_fake=n, estimator="known_law", details=details)
    return in_base(score, base)


def _law(probabilities: ArrayLike, count: int) -> Floats:
    law = np.asarray(probabilities, dtype=np.float64)
    if law.shape != (count,) or not (law >= 0).all() or abs(law.sum() - 1) > _ROUNDING:
        raise MetricError(f"`probabilities` must be {count} numbers from 0 on that sum to one.")
    shares: Floats = law / law.sum()
    return shares


def _divergences(p: Floats, counts: NDArray[np.int64]) -> Floats:
    """Return the JSD of a law (K,) and each of several rows of counts (b, K)."""
    q = counts / counts.sum(axis=1, keepdims=True)
    middle = (p + q) / 2
    sums: Floats = (rel_entr(p, middle) + rel_entr(q, middle)).sum(axis=1) / 2
    return sums


class _PlugIn:
    """The JSD of observed frequencies, for any division of the rows into n and the others.

    What an outcome adds depends on two whole numbers only: how often it occurs in all, and how
    often in the first part. All these terms are in one table, not longer than the data.

    Args:
        codes: outcomes (N, g) of each row, from 0.
        n: rows of the first part, which come first.
    """

    def __init__(self, codes: Codes, n: int) -> None:
        self.codes = codes
        self.n = n
        rows, grams = codes.shape
        self.vocabulary = int(codes.max()) + 1
        where = codes.ravel(), np.repeat(np.arange(rows), grams)
        self._counts = csr_array(
            (np.ones(codes.size, dtype=np.int32), where), shape=(self.vocabulary, rows)
        )
        totals, kind = np.unique(np.bincount(codes.ravel()), return_inverse=True)
        starts = np.cumsum(totals + 1) - (totals + 1)
        self._starts = starts[kind]
        self._totals = np.repeat(totals, totals + 1)
        self._firsts = np.arange(len(self._totals)) - np.repeat(starts, totals + 1)
        p, q = self._firsts / (n * grams), (self._totals - self._firsts) / ((rows - n) * grams)
        self._terms = (rel_entr(p, (p + q) / 2) + rel_entr(q, (p + q) / 2)) / 2

    def values(self, is_first: NDArray[np.bool_]) -> Floats:
        """Return the JSD for each column of `is_first` (N, b)."""
        counts = self._counts @ is_first.astype(np.int32)
        sums: Floats = self._terms[counts + self._starts[:, None]].sum(axis=0)
        return sums

    def permuted_values(self, rng: np.random.Generator, permutations: int) -> Floats:
        """Return the JSD for each of some permutations of the rows, block after block."""
        rows = len(self.codes)
        width = max(1, _BLOCK // max(rows, self.vocabulary))
        blocks = []
        for start in range(0, permutations, width):
            size = min(width, permutations - start)
            is_first = np.tile(np.arange(rows) < self.n, (size, 1))
            blocks.append(self.values(rng.permuted(is_first, axis=1).T))
        return np.concatenate(blocks)

    def standard_error(self) -> float:
        """Return that of the delta method: the JSD has the derivative log(p/m)/2 by p."""
        parts = self.codes[: self.n], self.codes[self.n :]
        p, q = (np.bincount(part.ravel(), minlength=self.vocabulary) / part.size for part in parts)
        influences = (
            np.log(law[part] / (p + q)[part]).mean(axis=1) / 2
            for law, part in zip((p, q), parts, strict=True)
        )
        return math.sqrt(sum(float(each.var(ddof=1)) / len(each) for each in influences))
