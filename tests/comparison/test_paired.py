"""Contrasts of two variants: t tests, wins, equivalence, corrections and verdicts."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from ganbench.comparison.paired import Contrasts, holm, superiority
from tests.comparison.frames import laid_out

NAN, INF = np.nan, np.inf


def contrast(first, second, **facts):
    scores = laid_out({("ring", "mlp", "a"): first, ("ring", "mlp", "b"): second}, **facts)
    return Contrasts(scores, np.array([0]), np.array([1]))


@pytest.fixture
def pair(rng):
    y = 10 + rng.standard_normal(8)
    return y - 0.5 + 0.3 * rng.standard_normal(8), y


def test_effect_and_p_are_those_of_the_paired_t_test(pair):
    found = contrast(*pair, better="higher")
    expected = stats.ttest_rel(*pair)
    low, high = expected.confidence_interval(0.95)
    assert [each[0, 0] for each in found.effect] == pytest.approx(
        [np.subtract(*pair).mean(), low, high]
    )
    assert found.p[0, 0] == pytest.approx(expected.pvalue)


def test_divergences_are_told_as_ratios(pair):
    found = contrast(*pair, floor_p95=0.1)
    expected = stats.ttest_rel(*np.log(pair))
    low, high = np.exp(expected.confidence_interval(0.95))
    assert found.scores.logarithmic.all()
    ratio = stats.gmean(pair[0]) / stats.gmean(pair[1])
    assert [each[0, 0] for each in found.effect] == pytest.approx([ratio, low, high])
    assert found.p[0, 0] == pytest.approx(expected.pvalue)


@pytest.mark.parametrize(
    ("first", "facts"),
    [
        ([-1.0, 2.0, 3.0], {}),
        ([1.0, 2.0, 3.0], {"floor_p95": 0.6}),
        ([1.0, 2.0, 3.0], {"better": "higher"}),
    ],
)
def test_ratios_need_positive_divergences_clear_of_the_floor(first, facts):
    assert not contrast(first, [2.0, 3.0, 4.0], **facts).scores.logarithmic.any()


def test_wins_and_superiority_count_ties_half():
    found = contrast([1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 1.0, 5.0])
    assert found.win_rate[0, 0] == 2.5 / 4
    wins = [(x < y) + (x == y) / 2 for x in (1, 2, 3, 4) for y in (2, 2, 1, 5)]
    assert found.improvement[0, 0] == np.mean(wins)
    higher = contrast([1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 1.0, 5.0], better="higher")
    assert higher.improvement[0, 0] == 1 - np.mean(wins)


def test_superiority_is_mann_whitneys_u(rng):
    x, y = rng.integers(0, 9, 12).astype(float), rng.integers(0, 9, 7).astype(float)
    u = stats.mannwhitneyu(y, x).statistic
    assert superiority(x, np.append(y, NAN)) == pytest.approx(u / (12 * 7))


def test_failures_rank_worst_and_are_counted():
    found = contrast([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 3.0, "diverged", "failed", 6.0, 7.0])
    assert (found.pairs[0, 0], found.failed[0, 0], found.win_rate[0, 0]) == (6, 2, 1.0)
    assert found.p[0, 0] == 2 / 2**6
    assert np.isnan(found.p_alike[0, 0])
    assert found.improvement[0, 0] == pytest.approx(
        superiority(np.arange(1.0, 7.0), np.array([2.0, 3.0, INF, INF, 6.0, 7.0]))
    )
    both = contrast([1.0, "failed"], [2.0, "failed"])
    assert (both.pairs[0, 0], both.failed[0, 0], both.win_rate[0, 0]) == (2, 1, 0.75)


def test_a_score_that_is_not_finite_is_a_failure():
    assert contrast([1.0, NAN], [2.0, 3.0]).failed[0, 0] == 1


def test_runs_that_are_missing_make_no_pair():
    found = contrast([1.0, 2.0, "missing", "interrupted"], [2.0, 3.0, 4.0, "damaged"])
    assert (found.pairs[0, 0], found.failed[0, 0]) == (2, 0)


def test_equivalence_is_two_one_sided_tests(pair):
    found = contrast(*pair, floor=0.0, floor_p95=1.5)
    expected, _, _ = ttost_paired(*pair, -1.5, 1.5)
    assert found.p_alike[0, 0] == pytest.approx(expected)
    assert found.rope[0, 0] == 1.5


def test_equal_values_are_alike_whatever_the_floor():
    found = contrast([1.0, 2.0], [1.0, 2.0], floor=None, floor_p95=None)
    assert (found.p[0, 0], found.p_alike[0, 0]) == (1.0, 0.0)
    assert found.verdicts(found.p)[0, 0] == "alike"


@pytest.mark.parametrize(("pairs", "verdict"), [(2, "open"), (3, "open"), (6, "worse")])
def test_a_constant_difference_is_as_sure_as_its_sign(pairs, verdict):
    values = np.arange(1.0, pairs + 1)
    found = contrast(values, values + 1, better="higher", floor_p95=0.0)
    assert (found.p[0, 0], found.p_alike[0, 0]) == (2 * 0.5**pairs, 1.0)
    assert found.verdicts(found.p)[0, 0] == verdict


@pytest.mark.parametrize(
    ("shift", "noise", "floor_p95", "verdict"),
    [
        (-1.0, 0.1, 0.1, "better"),
        (1.0, 0.1, 0.1, "worse"),
        (-0.05, 0.01, 0.5, "alike"),  # sure to differ, and sure not to matter
        (0.0, 0.05, 0.5, "alike"),
        (-0.1, 1.0, 0.1, "open"),
    ],
)
def test_verdicts(rng, shift, noise, floor_p95, verdict):
    y = rng.standard_normal(10)
    found = contrast(y + shift + noise * rng.standard_normal(10), y, floor_p95=floor_p95)
    assert found.verdicts(found.p)[0, 0] == verdict


def test_bayesian_probabilities_are_of_better_alike_and_worse(rng):
    y = rng.standard_normal(10)
    assert contrast(y - 1, y, floor_p95=0.1).bayes[0, 0, 0] > 0.99
    assert contrast(y + 1, y, floor_p95=0.1).bayes[0, 0, 2] > 0.99
    assert contrast(y + 1, y, floor_p95=0.1, better="higher").bayes[0, 0, 0] > 0.99
    assert contrast(y + 0.1, y, floor_p95=0.5).bayes[0, 0, 1] > 0.99


def test_holm_is_that_of_statsmodels(rng):
    p = rng.random((4, 6)) ** 3
    expected = [multipletests(row, method="holm")[1] for row in p]
    assert holm(p) == pytest.approx(np.array(expected))


def test_holm_leaves_out_what_was_not_tested():
    assert holm(np.array([0.02, NAN, 0.03])).tolist() == pytest.approx(
        [0.04, NAN, 0.04], nan_ok=True
    )
    assert np.isnan(holm(np.array([NAN, NAN]))).all()
