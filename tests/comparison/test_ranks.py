"""Ranks over datasets against scipy and scikit-posthocs."""

import numpy as np
import pandas as pd
import pytest
import scikit_posthocs
from scipy import stats

from ganbench.comparison.aggregates import normalise
from ganbench.comparison.pairing import labelled, lay_out, scores_to_compare
from ganbench.comparison.ranks import (
    cliques,
    critical_difference,
    dataset_ranks,
    friedman,
    rank_table,
)
from tests.comparison.frames import laid_out


@pytest.fixture
def scores(grid):
    frame = labelled(grid)
    (found,) = lay_out(frame, frame[:0], "loss", scores_to_compare(frame, None))
    return found


def test_tasks_of_one_dataset_are_one_block():
    scores = laid_out(
        {
            ("ring", "mlp", "a"): [1.0],
            ("ring", "mlp", "b"): [2.0],
            ("ring", "elm", "a"): [1.0],
            ("ring", "elm", "b"): [2.0],
            ("digits", "mlp", "a"): [2.0],
            ("digits", "mlp", "b"): [1.0],
        }
    )
    blocks = dataset_ranks(scores)
    assert blocks.loc["ring"].tolist() == [1.0, 2.0]
    assert blocks.loc["digits"].tolist() == [2.0, 1.0]


def test_friedman_is_that_of_scipy_with_ties(rng):
    ranks = stats.rankdata(rng.integers(0, 4, (9, 5)), axis=1)
    expected = stats.friedmanchisquare(*ranks.T)
    assert friedman(ranks) == pytest.approx((expected.statistic, expected.pvalue))
    by_hand = friedman(np.array([[1.0, 2.0, 3.0]] * 4))  # 12/(N k (k+1)) sum R^2 - 3 N (k+1)
    assert by_hand.statistic == pytest.approx(12 / 48 * (16 + 64 + 144) - 48)


def test_friedman_needs_datasets_variants_and_a_difference():
    for ranks in (np.ones((1, 3)), np.ones((5, 2)), np.full((5, 3), 2.0)):
        assert np.isnan(friedman(ranks)).all()


def test_critical_difference_is_where_nemenyis_p_is_a_twentieth(rng):
    assert critical_difference(10, 8) == pytest.approx(4.79, abs=0.01)  # Demsar's q is 3.164
    ranks = stats.rankdata(rng.standard_normal((12, 5)) + np.arange(5) / 2, axis=1)
    p = scikit_posthocs.posthoc_nemenyi_friedman(ranks).to_numpy()
    means = ranks.mean(axis=0)
    apart = np.abs(means[:, None] - means) > critical_difference(5, 12)
    assert np.array_equal(apart, p < 0.05)
    assert apart.any()


def test_wilcoxon_holm_is_that_of_scikit_posthocs(scores):
    normalised = normalise(scores)
    table = rank_table(scores, normalised, 0).set_index("variant")
    means = stats.trim_mean(normalised.values, 0.25, axis=2)
    p = scikit_posthocs.posthoc_wilcoxon(list(means.T), method="exact").to_numpy()[0, 1:]
    assert table.loc[["good", "same"], "p"].tolist() == pytest.approx(p.tolist())
    smaller, larger = sorted(p)
    corrected = {smaller: 2 * smaller, larger: max(larger, 2 * smaller)}
    expected = [min(corrected[each], 1.0) for each in p]
    assert table.loc[["good", "same"], "p_holm"].tolist() == pytest.approx(expected)
    assert np.isnan(table.loc["base", "p"])


def test_the_table_is_ordered_and_has_a_critical_difference_from_six_datasets(scores):
    table = rank_table(scores, normalise(scores), 0)
    assert table["variant"][0] == "good"
    assert table["rank"][0] == 1.0
    assert table["critical_difference"].unique() == pytest.approx(critical_difference(3, 7))
    few = laid_out({(f"d{d}", "mlp", loss): [1.0, 2.0] for d in range(5) for loss in "ab"})
    assert rank_table(few, normalise(few), 0)["critical_difference"].isna().all()


def test_cliques_are_the_longest_bars():
    table = pd.DataFrame({"rank": [1.0, 1.8, 2.5, 4.0, 4.2], "critical_difference": 1.0})
    assert cliques(table) == [(0, 1), (1, 2), (3, 4)]
    assert cliques(table.assign(critical_difference=0.1)) == []
    assert cliques(table.assign(critical_difference=9.0)) == [(0, 4)]
