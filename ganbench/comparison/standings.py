"""Who leads each task, and who may be the best as well."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ganbench.comparison.estimates import mean
from ganbench.comparison.paired import ALPHA, Contrasts
from ganbench.comparison.pairing import Counts, Flags, Floats, Scores


@dataclass(frozen=True)
class Standings:
    """How K variants stand in T tasks; arrays are (T, K) where nothing else is said.

    The set of the leader and those that are near it holds the best of all that can be tested with
    a probability of at least 95% (Gupta 1965, Technometrics 7; Hsu 1984, Annals of Statistics 12),
    though the leader was found by looking: p-values are multiplied by the number of rivals.

    Attributes:
        ranks: 1 the best; NaN of a variant without runs.
        leader: (T,), the first of the best; -1 where no variant has runs.
        p: of the difference from the leader, corrected; NaN where nothing can be tested.
        near: others that the test does not tell apart from the leader, at 5%.
    """

    ranks: Floats
    leader: Counts
    p: Floats
    near: Flags

    def tied(self, task: int) -> list[int]:
        """Return the places of those that rank as the leader does, without it."""
        row = self.ranks[task]
        best = np.nonzero(row == np.nanmin(row))[0].tolist()
        return [place for place in best if place != self.leader[task]]


def task_ranks(scores: Scores) -> Floats:
    """Rank variants within tasks (T, K), 1 the best, seeds averaged first.

    Failures rank worst: first counts the share of runs that failed, then the mean of the others,
    which is geometric where ratios are told.
    Ties share their mean rank; a variant without runs has none (NaN).
    """
    share = scores.failed / np.maximum(scores.present, 1)
    means = np.nan_to_num(mean(scores.working).value, nan=np.inf)
    keys = np.where(scores.present > 0, _dense(share) * means.shape[1] + _dense(means), np.nan)
    return np.asarray(stats.rankdata(keys, axis=1, nan_policy="omit"), dtype=float)


def standings(scores: Scores) -> Standings:
    """Find the leader of every task, and test its lead over each rival.

    The test is that of `Contrasts.p`. A variant of which no run succeeded is never near.
    """
    ranks = task_ranks(scores)
    known = ~np.isnan(ranks).all(axis=1)
    leader = np.where(known, np.argmin(np.nan_to_num(ranks, nan=np.inf), axis=1), -1)
    p, near = np.full(ranks.shape, np.nan), np.zeros(ranks.shape, dtype=bool)
    for place in np.unique(leader[known]):
        of = np.nonzero(leader == place)[0]
        others = np.delete(np.arange(ranks.shape[1]), place)
        lead = Contrasts(scores.select(of), others, np.full(len(others), place))
        corrected = against_leader(lead)
        p[np.ix_(of, others)] = corrected
        near[np.ix_(of, others)] = corrected >= ALPHA
    return Standings(ranks, leader, p, near & (scores.present > scores.failed))


def against_leader(lead: Contrasts) -> Floats:
    """Correct p-values (T, P) against a leader that was found by looking, as Bonferroni."""
    rivals = (~np.isnan(lead.p)).sum(axis=1, keepdims=True)
    return np.asarray(np.minimum(lead.p * rivals, 1.0))


def _dense(values: Floats) -> Counts:
    """Number the distinct values of each row from 0, in their order."""
    return np.stack([np.unique(row, return_inverse=True)[1] for row in values]).reshape(
        values.shape
    )
