import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.calibration.pairs import PAIRS
from ganbench.metrics import c2st
from ganbench.metrics._intervals import wilson
from ganbench.metrics.c2st import _grouped_half

LEARNERS = ("logistic2", "knn", "hgb")


def scores_of(name, n=1000, seed=0):
    x, y = PAIRS[name].sample(n, seed)
    return {score.estimator: score for score in c2st(x, y, rng=np.random.default_rng(seed))}


def test_headline_is_the_best_learner_with_a_corrected_p_value():
    scores = scores_of("corr0.8", 200)
    assert tuple(scores) == (*LEARNERS, "max")
    best = max(LEARNERS, key=lambda name: scores[name].value)
    headline = scores["max"]
    assert headline.details["learner"] == best
    assert headline.value == scores[best].value
    assert headline.p_value == min(1, 3 * min(scores[name].p_value for name in LEARNERS))
    assert headline.low < scores[best].low
    assert headline.high > scores[best].high


@pytest.mark.parametrize(
    ("name", "learner", "bias"), [("shift2", "logistic2", 0.005), ("corr0.8", "logistic2", 0.005)]
)
def test_accuracy_is_that_of_the_bayes_classifier(name, learner, bias):
    scores = scores_of(name)
    truth = PAIRS[name].accuracy
    # Four binomial standard errors of the 1000 held-out rows, plus what learning may cost: the
    # mean of 20 other draws lay within .0035 of the truth.
    assert abs(scores[learner].value - truth) < 4 * np.sqrt(truth * (1 - truth) / 1000) + bias


def test_blurred_modes_are_seen_only_by_local_learners():
    scores = scores_of("grid25_blur")
    assert scores["max"].p_value < 0.01
    assert scores["max"].value > 0.65
    # Its laws differ in no second moment that matters: .5 within four standard errors.
    assert scores["logistic2"].value < 0.5 + 4 * 0.5 / np.sqrt(1000)


def test_p_values_hold_their_level_under_the_null():
    repeats = 120
    p_values = {name: [] for name in (*LEARNERS, "max")}
    for seed in range(repeats):
        for name, score in scores_of("null_gauss2d", 60, seed).items():
            p_values[name].append(score.p_value)
    most = binom.ppf(0.999, repeats, 0.05)
    assert all(sum(p <= 0.05 for p in values) <= most for values in p_values.values())


def test_null_accuracy_is_one_half():
    values = [scores_of("null_gauss2d", 100, seed)["logistic2"].value for seed in range(40)]
    assert abs(np.mean(values) - 0.5) < 4 * 0.5 / np.sqrt(100 * len(values))


def test_unequal_sizes_keep_the_null_at_one_half():
    x, _ = PAIRS["null_gauss2d"].sample(1600, 0)
    y, _ = PAIRS["null_gauss2d"].sample(200, 1)
    for score in c2st(x, y, rng=np.random.default_rng(0)):
        assert score.low <= 0.5 <= score.high
        assert (score.n_real, score.n_fake) == (1600, 200)


def test_missing_more_modes_is_easier_to_tell():
    values = [scores_of(f"ring8_miss{k}")["max"].value for k in (1, 4, 7)]
    assert values == sorted(values)


def test_equal_rows_stay_on_one_side_and_halves_are_balanced():
    rng = np.random.default_rng(0)
    groups = rng.integers(300, size=1000)
    labels = np.repeat([1, 0], 500)
    half = _grouped_half(groups, labels, rng)
    for group in np.unique(groups):
        assert len(np.unique(half[groups == group])) == 1
    alone = _grouped_half(np.arange(1000), labels, rng)
    assert alone[:500].sum() == alone[500:].sum() == 250
    assert abs(half.sum() - 500) <= 3 * np.bincount(groups).max()


def test_atoms_in_the_right_places_pass_only_by_grouping():
    rng = np.random.default_rng(0)
    x, atoms = PAIRS["null_gauss2d"].sample(1000, 0)
    y = atoms[rng.integers(60, size=1000)]
    headline = c2st(x, y, rng=rng)[-1]
    assert headline.details["grouped"]
    assert headline.details["duplicates_real"] == 0
    assert headline.details["duplicates_fake"] == 1
    assert headline.details["ungrouped"]["hgb"] > headline.value + 0.2


@pytest.mark.parametrize("atoms", [1, 2, 5])
def test_collapse_to_a_few_points_never_passes(atoms):
    rng = np.random.default_rng(0)
    x, y = PAIRS["null_gauss2d"].sample(1000, 0)
    headline = c2st(x, y[rng.integers(atoms, size=1000)], rng=rng)[-1]
    assert not headline.details["grouped"]
    assert headline.value > 0.99


def test_no_duplicates_no_signal():
    details = scores_of("null_gauss2d", 100)["max"].details
    assert details["duplicates_fake"] == details["duplicates_real"] == 0
    assert "ungrouped" not in details


def test_wilson_interval_of_textbook():
    # Brown, Cai & DasGupta (2001) write it as the roots of (p - r)^2 = z^2 p (1 - p) / n.
    low, high = wilson(0.3, 50)
    for p in (low, high):
        assert (p - 0.3) ** 2 == pytest.approx(1.959963984540054**2 * p * (1 - p) / 50)
    assert wilson(0.0, 10)[0] == 0
    assert wilson(1.0, 10)[1] == 1
