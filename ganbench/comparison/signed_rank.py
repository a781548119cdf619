"""Signed-rank statistics of paired differences: the exact test, and the Bayesian one."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganbench.comparison.pairing import Floats

DRAWS = 4000
"""Monte Carlo draws of the Bayesian test: its probabilities are known to .008 (one deviation)."""
PRIOR_STRENGTH = 0.5
"""Weight of the pseudo-observation, as in Benavoli et al. (2017)."""
_LARGE = 1e300
"""Stands for a failure: half of it is beyond any score."""
_EXACT = 60
"""Differences up to which the null law is enumerated."""
_CHUNK = 4096

Places = NDArray[np.intp]


def signed_rank_tests(differences: Floats) -> Floats:
    """Return two-sided p-values of Wilcoxon's signed-rank test (1945), exact also with ties.

    Zeros are left out (Wilcoxon's way), ties share their mean rank and the null law is that of
    random signs given these ranks; above 60 differences it is the normal limit.

    Args:
        differences: (P, N), of P comparisons; NaN where a pair is not there, infinite where one
            of it failed.

    Returns:
        (P,): 1 where all differences are zero, NaN where there are none.
    """
    moved = ~np.isnan(differences) & (differences != 0)
    sizes = np.where(moved, np.minimum(np.abs(differences), _LARGE), np.inf)
    doubled = np.where(moved, np.rint(2 * stats.rankdata(sizes, axis=-1)), 0).astype(int)
    above = np.where(differences > 0, doubled, 0).sum(-1)
    extreme = np.maximum(above, doubled.sum(-1) - above)
    p = np.empty(len(differences))
    patterns, which = np.unique(np.sort(doubled, axis=-1), axis=0, return_inverse=True)
    for place, ranks in enumerate(patterns):
        same = which.ravel() == place
        p[same] = np.minimum(1.0, 2 * _upper_tail(ranks[ranks > 0], extreme[same]))
    p[np.isnan(differences).all(axis=-1)] = math.nan
    return p


def _upper_tail(doubled: Places, extreme: Places) -> Floats:
    """Return P(sum of the ranks with random signs > 0 is `extreme` or more), ranks doubled."""
    if len(doubled) > _EXACT:
        deviation = math.sqrt((doubled.astype(float) ** 2).sum()) / 2
        return np.asarray(stats.norm.sf((extreme - doubled.sum() / 2) / deviation))
    law = np.zeros(int(doubled.sum()) + 1)
    law[0] = 1.0
    for rank in doubled:
        law = law / 2 + np.roll(law, rank) / 2
    return np.asarray(np.cumsum(law[::-1])[::-1][extreme])


def bayesian_signed_rank(differences: Floats, rope: Floats, seed: int = 0) -> Floats:
    """Return the posterior probabilities that a difference is below, within and above a region.

    Benavoli, Corani, Demsar and Zaffalon (2017, arXiv 1606.04316): the differences have a
    Dirichlet-process prior with a pseudo-observation at zero, so that their posterior weights
    w are Dirichlet(1/2, 1, ..., 1). Of the Walsh averages (d_i + d_j) / 2, weighted w_i w_j,
    the region with the most weight wins a draw; a probability is the share of draws won.

    Args:
        differences: (P, N), of P comparisons; NaN where a pair is not there, infinite where
            one of it failed.
        rope: (P,), half the width of the region of practical equivalence; NaN counts as 0.
        seed: of the Monte Carlo draws, which all comparisons share.

    Returns:
        (P, 3), NaN where there are no differences.
    """
    result = np.full((len(differences), 3), np.nan)
    counts = (~np.isnan(differences)).sum(-1)
    width = np.nan_to_num(rope)
    for count in np.unique(counts[counts > 0]):
        features, below, above = _walsh(int(count), seed)
        (chosen,) = np.nonzero(counts == count)
        for part in np.array_split(chosen, -(-len(chosen) // _CHUNK)):
            rows = differences[part]
            known = rows[~np.isnan(rows)].reshape(len(part), count)
            z = np.pad(np.clip(known, -_LARGE, _LARGE), ((0, 0), (1, 0)))
            averages = z[:, below] / 2 + z[:, above] / 2
            limits = width[part, None]
            left = (averages < -limits).astype(np.float32) @ features
            right = (averages > limits).astype(np.float32) @ features
            result[part] = _won(left, right)
    return result


def _walsh(count: int, seed: int) -> tuple[NDArray[np.float32], Places, Places]:
    """Return weights (pairs, draws) of the Walsh averages, and the indices of their pairs."""
    rng = np.random.default_rng([seed, count])
    weights = rng.dirichlet([PRIOR_STRENGTH, *[1.0] * count], size=DRAWS)
    below, above = np.triu_indices(count + 1)
    twice = np.where(below == above, 1.0, 2.0)
    products = (weights[:, below] * weights[:, above] * twice).T
    return products.astype(np.float32), below, above


def _won(left: NDArray[np.float32], right: NDArray[np.float32]) -> Floats:
    """Return the shares of draws (P, 3) in which left, the middle and right have most weight."""
    within = 1 - left - right
    first = (left > within) & (left > right)
    last = (right > within) & (right >= left)
    shares = np.stack([first.mean(-1), 1 - first.mean(-1) - last.mean(-1), last.mean(-1)], -1)
    return np.asarray(shares, dtype=float)
