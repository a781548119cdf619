"""Who leads, and who may be the best as well."""

import numpy as np
import pytest

from ganbench.comparison.standings import standings, task_ranks
from tests.comparison.frames import laid_out


def test_seeds_are_averaged_before_ranking():
    scores = laid_out(
        {
            ("ring", "mlp", "a"): [1.0, 1.0, 1.0, 4.0],
            ("ring", "mlp", "b"): [2.0, 2.0, 2.0, 2.0],
            ("ring", "mlp", "c"): [2.0, 2.0, 2.0, 2.0],
        }
    )
    assert task_ranks(scores).tolist() == [[1.0, 2.5, 2.5]]


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "b", "a"), ("b", "a", "c")])
def test_what_failed_ranks_behind_what_is_well_whoever_is_missing(order):
    values = {"a": ["failed"] * 4, "b": ["missing"] * 4, "c": [1.0, 2.0, 3.0, 4.0]}
    scores = laid_out({("ring", "mlp", name): values[name] for name in order})
    ranks = dict(zip(order, task_ranks(scores)[0], strict=True))
    assert (ranks["c"], ranks["a"]) == (1.0, 2.0)
    assert np.isnan(ranks["b"])


def test_failures_rank_worst_and_more_of_them_worse():
    scores = laid_out(
        {
            ("ring", "mlp", "a"): [1.0, "failed", "failed", "failed"],
            ("ring", "mlp", "b"): [9.0, 9.0, 9.0, 9.0],
            ("ring", "mlp", "c"): [1.0, 1.0, "failed", "failed"],
            ("digits", "mlp", "a"): [1.0],
        }
    )
    first, second = task_ranks(scores)
    assert first.tolist() == [3.0, 1.0, 2.0]
    assert second[0] == 1.0
    assert np.isnan(second[1:]).all()


def test_those_near_the_leader_are_not_significantly_worse(rng):
    noise = rng.standard_normal((4, 10))
    means = {"best": 5.0, "close": 5.1, "far": 9.0, "poor": 7.0}
    names = list(means)
    scores = laid_out(
        {
            ("ring", "mlp", name): mean + each
            for (name, mean), each in zip(
                means.items(), noise - noise.mean(1)[:, None], strict=True
            )
        },
        floor=20.0,
        floor_p95=20.001,
    )
    found = standings(scores)
    assert names[found.leader[0]] == "best"
    assert [name for name, near in zip(names, found.near[0], strict=True) if near] == ["close"]
    assert np.isnan(found.p[0, 0])
    assert found.p[0, 2] == pytest.approx(3 * paired_p(scores, 2, 0))


def paired_p(scores, first, second):
    from scipy import stats

    return stats.ttest_rel(scores.values[0, first], scores.values[0, second]).pvalue


def test_the_best_is_among_the_leader_and_those_near_it(rng):
    """Of five equal variants with five seeds, any may be called the best: each is held in 95%."""
    draws = 5.0 + rng.standard_normal((400, 5, 5))
    scores = laid_out(
        {
            (f"d{task}", "mlp", f"v{place}"): draws[task, place]
            for task in range(400)
            for place in range(5)
        },
        floor=20.0,
        floor_p95=20.001,
    )
    found = standings(scores)
    held = found.near | (np.arange(5) == found.leader[:, None])
    assert (held.mean(axis=0) > 0.95).all()


def test_what_never_succeeds_is_near_nobody_and_what_cannot_be_tested_neither():
    scores = laid_out(
        {
            ("ring", "mlp", "a"): [1.0, 2.0],
            ("ring", "mlp", "b"): ["failed", "failed"],
            ("ring", "mlp", "c"): [3.0, "missing"],
            ("digits", "mlp", "a"): ["missing"],
            ("digits", "mlp", "b"): [1.0, "missing"],
        }
    )
    found = standings(scores)
    assert found.leader.tolist() == [0, 1]
    assert not found.near.any()


def test_ties_with_the_leader_are_named():
    scores = laid_out({("ring", "mlp", loss): [8.0, 8.0] for loss in "abc"})
    assert standings(scores).tied(0) == [1, 2]


def test_leaders_are_found_on_the_scale_of_the_tests():
    """By ratios `b` halves `a` at every seed but one, whose outlier raises its mean."""
    a = [1.0, 1.1, 0.9, 1.0, 1.2]
    b = [0.1, 0.1, 0.1, 0.1, 9.0]
    scores = laid_out({("ring", "mlp", "a"): a, ("ring", "mlp", "b"): b})
    assert scores.logarithmic[0]
    assert np.mean(b) > np.mean(a)
    assert standings(scores).leader[0] == 1
    far = laid_out({("ring", "mlp", "a"): a, ("ring", "mlp", "b"): b}, floor_p95=1.0)
    assert standings(far).leader[0] == 0


def test_what_is_significantly_worse_is_not_near_however_little_that_weighs():
    a = np.array([1.0, 1.1, 0.9, 1.0, 1.2])
    scores = laid_out(
        {
            ("ring", "mlp", "a"): a,
            ("ring", "mlp", "b"): np.add(a, [0.01, 0.011, 0.012, 0.01, 0.011]),
        },
        floor=1.0,
        floor_p95=2.0,
    )
    assert standings(scores).p[0, 1] < 0.001
    assert not standings(scores).near.any()
