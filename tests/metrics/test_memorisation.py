"""Distances to training rows."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import kstest, mannwhitneyu

from ganbench.metrics import authenticity, memorisation


def normal(seed, *sizes, d=2):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((n, d)) for n in sizes]


def scores_of(train, test, y):
    return {score.estimator: score for score in memorisation(train, test, y)}


def naive_authenticity(train, y):
    authentic = 0
    for row in y:
        gaps = np.linalg.norm(train - row, axis=1)
        closest = gaps.argmin()
        own = np.linalg.norm(train - train[closest], axis=1)
        authentic += gaps[closest] > np.delete(own, closest).min()
    return authentic / len(y)


@pytest.mark.parametrize("d", [1, 2, 20])
@pytest.mark.parametrize("m", [30, 120])
def test_authenticity_agrees_with_a_loop(d, m):
    train, y = normal(d, 80, m, d=d)
    assert authenticity(train, y).value == pytest.approx(naive_authenticity(train, y), abs=1e-12)


def test_authenticity_looks_up_the_nearest_training_row_and_not_the_generated_one():
    train = np.array([[0.0], [1.0], [100.0], [110.0]])
    # Both are 5 away from the row at 100, whose own neighbour is 10 away.
    assert authenticity(train, np.array([[95.0], [105.0]])).value == 0
    # Both are 5 away from the pair at 0 and 1, whose rows are 1 apart.
    assert authenticity(train, np.array([[-5.0], [6.0]])).value == 1


def test_a_perfect_generator_reaches_the_share_of_no_mutual_neighbours():
    rng = np.random.default_rng(0)
    train, y = rng.uniform(size=(8000, 2)), rng.uniform(0.1, 0.9, (4000, 2))
    # Two rows of a planar Poisson process are each other's nearest with chance 6 pi / (8 pi +
    # 3 sqrt 3). Shared neighbours make rows dependent: 4 times 1.5 binomial standard errors.
    expected = 1 - 6 * np.pi / (8 * np.pi + 3 * np.sqrt(3))
    assert authenticity(train, y).value == pytest.approx(expected, abs=6 * np.sqrt(0.24 / 4000))


@pytest.mark.parametrize("d", [2, 30])
def test_jitter_makes_copies_more_authentic(d):
    train, test, fresh, noise = normal(0, 400, 400, 400, 400, d=d)
    fakes = [train, train + 0.01 * noise, train + 0.1 * noise, fresh]
    shares = [authenticity(train, y).value for y in fakes]
    assert shares[0] == 0
    assert shares == sorted(shares)
    each = [scores_of(train, test, y) for y in fakes]
    assert [scores["ct"].value for scores in each] == sorted(s["ct"].value for s in each)
    assert [scores["nearest"].value for scores in each] == sorted(s["nearest"].value for s in each)
    assert each[0]["nearest"].value == 0
    assert [scores["copies"].value for scores in each] == [1, 0, 0, 0]
    assert each[2]["ct"].p_value < 1e-3 < each[3]["ct"].p_value


def test_copies_of_repeated_training_rows_are_copies():
    (train,) = normal(0, 50)
    train[1] = train[0]
    assert authenticity(train, train[:2]).value == 0


@pytest.mark.parametrize("m", [40, 90])
def test_ct_is_the_z_score_of_mann_whitney_with_shared_ties(m):
    rng = np.random.default_rng(0)
    train, test, y = (rng.integers(6, size=(n, 3)).astype(float) for n in (30, 60, m))
    near, far = (cdist(each, train).min(axis=1) for each in (y, test))
    assert len(np.unique(near)) < 10
    score = scores_of(train, test, y)["ct"]
    options = {"alternative": "less", "method": "asymptotic", "use_continuity": False}
    assert score.p_value == pytest.approx(mannwhitneyu(near, far, **options).pvalue, rel=1e-9)


def test_ct_is_standard_normal_for_a_perfect_generator():
    scores = [scores_of(*normal(seed, 60, 50, 40)) for seed in range(200)]
    assert kstest([score["ct"].value for score in scores], "norm").pvalue > 0.001
    assert kstest([score["ct"].p_value for score in scores], "uniform").pvalue > 0.001


def test_underfitting_has_the_other_sign():
    train, test, y = normal(0, 300, 300, 300)
    scores = scores_of(train, test, 3 * y)
    assert scores["ct"].value > 5
    assert scores["ct"].p_value > 0.99
    assert scores["nearest"].value > 1.5


def test_nearest_is_a_ratio_of_medians():
    train = np.array([[0.0], [1000.0]])
    test, y = np.array([[1.0], [2.0], [3.0]]), np.array([[998.0], [-1.0], [500.0], [996.0]])
    assert scores_of(train, test, y)["nearest"].value == pytest.approx(3 / 2)


def test_test_rows_that_are_training_rows_leave_documented_values():
    train, test, y = normal(0, 50, 5, 50)
    half = np.vstack([train[:6], test])
    score = scores_of(train, half, y)["nearest"]
    near, far = (cdist(each, train).min(axis=1) for each in (y, half))
    assert score.value == pytest.approx(near.mean() / far.mean())
    assert "means take the place of medians" in score.details["warnings"][0]
    scores = scores_of(train, train[:20], y)
    assert scores["nearest"].value == 1
    assert "without a scale" in scores["nearest"].details["warnings"][0]
    nothing = scores_of(train, train[:20], train)["ct"]
    assert (nothing.value, nothing.p_value) == (0, 0.5)


def test_copies_are_counted_beside_those_of_held_out_rows():
    train, test, y = normal(0, 50, 40, 80, d=25)
    y[:20], test[:4] = train[:20], train[:4]
    score = scores_of(train, test, y)["copies"]
    assert score.value == 0.25
    assert score.low < 0.25 < score.high
    assert score.details["held_out"] == 0.1


def test_sizes_name_the_held_out_and_the_generated_rows():
    for score in memorisation(*normal(0, 50, 40, 30)):
        assert (score.n_real, score.n_fake, score.details["n_train"]) == (40, 30, 50)


def test_order_and_origin_do_not_matter():
    train, test, y = normal(0, 50, 40, 30)
    rng = np.random.default_rng(0)
    moved = [rng.permutation(each) @ [[0, 1], [-1, 0]] + 9 for each in (train, test, y)]
    assert authenticity(moved[0], moved[2]).value == authenticity(train, y).value
    for name, score in scores_of(*moved).items():
        assert score.value == pytest.approx(scores_of(train, test, y)[name].value, rel=1e-9)
