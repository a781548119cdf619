"""Paired comparisons of variants within tasks: effects, tests, wins and practical equivalence."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from ganbench.comparison.estimates import Interval, moments, t_quantile
from ganbench.comparison.pairing import Counts, Flags, Floats, Scores
from ganbench.comparison.signed_rank import bayesian_signed_rank, signed_rank_tests

ALPHA = 0.05
_MOST_WINS = 10_000_000
"""Comparisons of single runs that are held at once."""


@dataclass(frozen=True)
class Contrasts:
    """P comparisons of a variant with another, in each of T tasks; arrays are (T, P).

    Attributes:
        scores: what is compared.
        first: (P,), places of the variants.
        second: (P,), places of what each is compared with.
    """

    scores: Scores
    first: Counts
    second: Counts

    @cached_property
    def there(self) -> Flags:
        """Whether both variants were asked for in the task."""
        planned = self.scores.planned > 0
        return np.asarray(planned[:, self.first] & planned[:, self.second])

    @cached_property
    def _work(self) -> Floats:
        """(T, P, N): differences of working values, NaN unless both are finite."""
        return _finite_differences(self.scores.working, self.first, self.second)

    @cached_property
    def costs(self) -> Floats:
        """(T, P, N): differences of costs: infinite if one failed, 0 if both, NaN if not there."""
        x, y = self.scores.costs[:, self.first], self.scores.costs[:, self.second]
        with np.errstate(invalid="ignore"):
            both = np.isinf(x) & np.isinf(y)
            return np.where(both, 0.0, x - y)

    @cached_property
    def pairs(self) -> Counts:
        """Seeds at which both are there, failed or not."""
        return np.asarray((~np.isnan(self.costs)).sum(-1))

    @cached_property
    def failed(self) -> Counts:
        """Pairs of which one or both failed."""
        return np.asarray(self.pairs - np.isfinite(self._work).sum(-1))

    @cached_property
    def _moments(self) -> tuple[Counts, Floats, Floats]:
        return moments(self._work)

    @cached_property
    def effect(self) -> Interval:
        """Mean difference of the values (or ratio of geometric means), with its t interval.

        Pairs in which one failed have no difference and are not in it.
        """
        count, centre, spread = self._moments
        half = t_quantile(count - 1) * spread / np.sqrt(np.maximum(count, 1))
        ends = [self.scores.restored(x) for x in (centre, centre - half, centre + half)]
        return Interval(ends[0], np.minimum(*ends[1:]), np.maximum(*ends[1:]))

    @cached_property
    def p(self) -> Floats:
        """Two-sided p: paired t test, or the signed-rank test where any of the pairs failed."""
        p = t_test(*self._moments)
        bad = self.failed > 0
        p[bad] = signed_rank_tests(self.costs[bad])
        return p

    @cached_property
    def win_rate(self) -> Floats:
        """Share of pairs in which the first is better; ties count half."""
        wins = (self.costs < 0).sum(-1) + (self.costs == 0).sum(-1) / 2
        return np.asarray(wins / np.where(self.pairs > 0, self.pairs, np.nan))

    @cached_property
    def improvement(self) -> Floats:
        """Probability that a run of the first beats one of the second, unpaired; ties half.

        Agarwal et al. (2021, arXiv 2108.13264): the mean over all pairs of runs.
        """
        tasks, _, seeds = self.scores.costs.shape
        step = max(1, _MOST_WINS // max(1, len(self.first) * seeds**2))
        parts = [
            superiority(
                self.scores.costs[start : start + step, self.first],
                self.scores.costs[start : start + step, self.second],
            )
            for start in range(0, tasks, step)
        ]
        return np.concatenate(parts) if parts else np.empty(self.pairs.shape)

    @cached_property
    def rope(self) -> Floats:
        """Half the width of the region of practical equivalence: the wider of both variants."""
        rope = self.scores.rope
        return np.fmax(rope[:, self.first], rope[:, self.second])

    @cached_property
    def plain(self) -> tuple[Counts, Floats, Floats]:
        """Number, mean and deviation of the differences of costs that are finite."""
        return moments(_finite_differences(self.scores.costs, self.first, self.second))

    @cached_property
    def p_alike(self) -> Floats:
        """P of two one-sided t tests (Schuirmann 1987) that the mean difference is in the rope.

        On the scale of the score; NaN where a run failed or no floor is known, 0 where all
        pairs are equal to the bit.
        """
        count, centre, spread = self.plain
        error = spread / np.sqrt(np.maximum(count, 1))
        room = np.where(self.failed > 0, np.nan, self.rope) - np.abs(centre)
        with np.errstate(divide="ignore", invalid="ignore"):
            p = stats.t.sf(room / error, np.where(count > 1, count - 1, np.nan))
        exact = (error == 0) & (count > 1) & ~np.isnan(room)
        same = (count > 0) & (self.failed == 0) & (np.nan_to_num(self.costs) == 0).all(-1)
        return np.where(same, 0.0, np.where(exact, np.where(room > 0, 0.0, 1.0), p))

    @cached_property
    def bayes(self) -> Floats:
        """(T, P, 3): posterior probabilities that the first is better, alike and worse."""
        flat = self.costs.reshape(-1, self.costs.shape[-1])
        return bayesian_signed_rank(flat, self.rope.ravel()).reshape(*self.pairs.shape, 3)

    def verdicts(self, p: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
        """Say "better", "worse", "alike" or "open" of the first, for corrected p-values.

        A difference that is within the rope for sure is none, however sure its sign is.
        """
        with np.errstate(invalid="ignore"):
            sure, alike = p < ALPHA, self.p_alike < ALPHA
            ahead = np.where(self.failed > 0, self.win_rate > 0.5, self._moments[1] < 0)
        verdict = np.where(sure, np.where(ahead, "better", "worse"), "open").astype(object)
        verdict[alike] = "alike"
        return verdict


def superiority(first: Floats, second: Floats) -> Floats:
    """Return P(a run of the first costs less than one of the second) along the last axes."""
    x, y = first[..., :, None], second[..., None, :]
    known = ~(np.isnan(x) | np.isnan(y)).reshape(*first.shape[:-1], -1)
    wins = ((x < y) + (x == y) / 2).reshape(known.shape).sum(-1)
    total = known.sum(-1)
    return np.asarray(wins / np.where(total > 0, total, np.nan))


def holm(p: Floats) -> Floats:
    """Correct p-values by Holm's step-down method (1979), each row (..., m) a family.

    NaN is no test and stays.
    """
    ordered = np.sort(p, axis=-1)
    tests = (~np.isnan(p)).sum(-1, keepdims=True)
    factors = np.maximum(tests - np.arange(p.shape[-1]), 1)
    stepped = np.minimum(np.maximum.accumulate(ordered * factors, axis=-1), 1.0)
    order = np.argsort(p, axis=-1)
    corrected = np.full_like(p, np.nan)
    np.put_along_axis(corrected, order, stepped, axis=-1)
    return corrected


def _finite_differences(values: Floats, first: Counts, second: Counts) -> Floats:
    finite = np.where(np.isfinite(values), values, np.nan)
    return np.asarray(finite[:, first] - finite[:, second])


def t_test(count: Counts, centre: Floats, spread: Floats) -> Floats:
    """Two-sided p of a mean of zero; where nothing varies, that of a sign test.

    Equal differences say nothing of their spread: from two of them no p is small.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(centre) / (spread / np.sqrt(count))
    p = np.asarray(2 * stats.t.sf(t, np.where(count > 1, count - 1, np.nan)))
    constant = (spread == 0) & (count > 1)
    return np.where(constant, np.where(centre == 0, 1.0, 2 * 0.5 ** np.maximum(count, 1)), p)
