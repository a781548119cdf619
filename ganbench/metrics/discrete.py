"""Jensen-Shannon divergence between laws of categories, sequences or their n-grams."""

import math

import numpy as np
from numpy.typing import NDArray
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
