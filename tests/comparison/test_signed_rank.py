"""Signed-rank statistics against scipy, enumeration and a plain Monte Carlo."""

import itertools

import numpy as np
import pytest
from scipy import stats

from ganbench.comparison.signed_rank import bayesian_signed_rank, signed_rank_tests

NAN, INF = np.nan, np.inf


def enumerated(differences):
    """Two-sided p over all signs of the non-zero differences."""
    moved = differences[differences != 0]
    ranks = stats.rankdata(np.abs(moved))
    signs = np.array(list(itertools.product([0, 1], repeat=len(moved))))
    sums, found = signs @ ranks, ranks[moved > 0].sum()
    extreme = max(found, ranks.sum() - found)
    return min(1.0, 2 * (sums >= extreme - 1e-9).mean())


@pytest.mark.parametrize("n", [3, 6, 12, 40])
def test_without_ties_it_is_scipys_exact_test(rng, n):
    differences = rng.standard_normal((5, n)) + 0.4
    expected = [stats.wilcoxon(row, method="exact").pvalue for row in differences]
    assert signed_rank_tests(differences) == pytest.approx(expected, abs=1e-12)


def test_with_ties_and_zeros_it_is_the_enumeration(rng):
    differences = rng.integers(-2, 4, (20, 9)).astype(float)
    expected = [enumerated(row) for row in differences]
    assert signed_rank_tests(differences) == pytest.approx(expected, abs=1e-12)


def test_of_many_differences_it_is_the_normal_limit(rng):
    differences = rng.standard_normal((2, 100)) + 0.2
    expected = [
        stats.wilcoxon(row, method="asymptotic", correction=False).pvalue for row in differences
    ]
    assert signed_rank_tests(differences) == pytest.approx(expected, rel=1e-9)


def test_failures_are_the_largest_differences():
    assert signed_rank_tests(np.array([[INF, 1.0, 2.0, 3.0, 4.0, 5.0]])) == 2 / 2**6
    tied = np.array([[INF, INF, -1.0, -2.0, NAN]])
    assert signed_rank_tests(tied) == enumerated(np.array([9.0, 9.0, -1.0, -2.0]))


def test_five_pairs_cannot_reach_a_twentieth_and_six_can():
    assert signed_rank_tests(np.arange(1.0, 6.0)[None]) == pytest.approx(0.0625)
    assert signed_rank_tests(np.arange(1.0, 7.0)[None]) == pytest.approx(0.03125)


def test_nothing_moved_and_nothing_there():
    assert signed_rank_tests(np.zeros((1, 4))) == 1.0
    assert np.isnan(signed_rank_tests(np.full((1, 4), NAN)))


def plain(differences, rope, draws, rng):
    """Return the shares of draws that each region wins, by the definition."""
    z = np.array([0.0, *differences])
    sums = z[:, None] + z
    regions = [sums < -2 * rope, np.abs(sums) <= 2 * rope, sums > 2 * rope]
    weights = rng.dirichlet([0.5, *[1.0] * len(differences)], size=draws)
    shares = [np.einsum("bi,ij,bj->b", weights, region, weights) for region in regions]
    return np.bincount(np.argmax(shares, axis=0), minlength=3) / draws


@pytest.mark.parametrize("rope", [0.0, 0.3, 2.0])
def test_bayesian_probabilities_are_those_of_the_definition(rng, rope):
    differences = rng.standard_normal((3, 7)) + 0.3
    found = bayesian_signed_rank(differences, np.full(3, rope))
    assert found.sum(axis=1) == pytest.approx(1.0)
    for row, probabilities in zip(differences, found, strict=True):
        # Either side is known to sqrt(p (1 - p) / draws), at most .008 and .005.
        assert probabilities == pytest.approx(plain(row, rope, 10_000, rng), abs=0.04)


def test_bayesian_probabilities_mirror_and_saturate():
    differences = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0]])
    found = bayesian_signed_rank(differences, np.array([0.1, 0.1]))
    assert found[0] == pytest.approx(found[1, ::-1])
    assert found[0, 2] > 0.99
    assert bayesian_signed_rank(differences, np.array([100.0, NAN]))[:, 1] == pytest.approx([1, 0])


def test_bayesian_test_takes_failures_and_missing_pairs():
    found = bayesian_signed_rank(
        np.array([[INF, INF, INF, INF], [1.0, NAN, NAN, NAN], [NAN] * 4]), np.full(3, 1e6)
    )
    assert found[0, 2] > 0.9
    assert found[1].tolist() == [0, 1, 0]
    assert np.isnan(found[2]).all()
