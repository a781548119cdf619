import numpy as np
import pytest
from scipy.stats import binom, kstest

from benchmarks.calibration.pairs import PAIRS
from ganbench.metrics import c2st
from ganbench.metrics._intervals import wilson
from ganbench.metrics.classifier_tests import LEARNERS, _deal, _Pool, _trial


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
    assert headline.p_value == 1 / 1000, "no permutation reaches it"
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
    assert scores["mlp"].value < 0.6, "a network alone would call the blur perfect"
    # Its laws differ in no second moment that matters: .5 within four standard errors.
    assert scores["logistic2"].value < 0.5 + 4 * 0.5 / np.sqrt(1000)


SPARSE = np.arange(1, 301) ** -1.0


def null_samples(name, n, seed):
    rng = np.random.default_rng(seed)
    if name == "sparse":
        return tuple(
            rng.choice(300, (n, 1), p=SPARSE / SPARSE.sum()).astype(float) for _ in range(2)
        )
    return PAIRS[name].p.sample(n, rng), PAIRS[name].p.sample(n, rng)


@pytest.mark.parametrize("name", ["null_gauss2d", "grid25_blur", "sparse"])
def test_p_values_hold_their_level_under_the_null(name):
    repeats = 60
    p_values = {name: [] for name in (*LEARNERS, "max")}
    for seed in range(repeats):
        x, y = null_samples(name, 60, seed)
        for score in c2st(x, y, rng=np.random.default_rng(seed), permutations=199):
            p_values[score.estimator].append(score.p_value)
    most = binom.ppf(0.999, repeats, 0.05)
    assert all(sum(p <= 0.05 for p in values) <= most for values in p_values.values())
    assert kstest(p_values["max"], "uniform").pvalue > 0.001


def test_null_accuracy_is_one_half():
    values = [
        c2st(
            *PAIRS["null_gauss2d"].sample(100, seed),
            rng=np.random.default_rng(seed),
            learners=("logistic2",),
        )[0].value
        for seed in range(40)
    ]
    assert abs(np.mean(values) - 0.5) < 4 * 0.5 / np.sqrt(100 * len(values))


def test_unequal_sizes_keep_the_null_at_one_half():
    x, _ = PAIRS["null_gauss2d"].sample(1600, 0)
    y, _ = PAIRS["null_gauss2d"].sample(200, 1)
    for score in c2st(x, y, rng=np.random.default_rng(0)):
        assert score.low <= 0.5 <= score.high
        assert (score.n_real, score.n_fake) == (1600, 200)


def test_interval_of_unequal_samples_is_that_of_two_recalls():
    odds = np.r_[np.repeat([0.9, 0.1], [15, 15]), np.repeat([0.1, 0.9], [2940, 60])]
    labels = np.repeat([1, 0], [30, 3000])
    trial = _trial("knn", odds, labels, 0.5)
    assert trial.accuracy == pytest.approx((0.5 + 0.98) / 2)
    variance = (0.25 / 30 + 0.98 * 0.02 / 3000) / 4
    assert trial.accuracy * (1 - trial.accuracy) / trial.count == pytest.approx(variance)


def test_missing_more_modes_is_easier_to_tell():
    values = [scores_of(f"ring8_miss{k}")["max"].value for k in (1, 4, 7)]
    assert values == sorted(values)


def pool_of(x, y):
    return _Pool.of(np.asarray(x, float), np.asarray(y, float))


@pytest.mark.parametrize("count", [2, 5])
def test_equal_rows_stay_in_one_fold_and_folds_are_balanced(count):
    rng = np.random.default_rng(0)
    pool = pool_of(rng.integers(300, size=(500, 1)), rng.integers(300, size=(500, 1)))
    folds = pool.folds(count, rng)
    for group in np.unique(pool.groups):
        assert len(np.unique(folds[pool.groups == group])) == 1
    sizes = np.bincount(folds)
    assert sizes.max() - sizes.min() <= 3 * np.bincount(pool.groups).max()


@pytest.mark.parametrize("count", [2, 5])
def test_distinct_rows_are_dealt_out_evenly_sample_by_sample(count):
    rng = np.random.default_rng(0)
    pool = pool_of(rng.random((500, 1)), rng.random((250, 1)))
    folds = pool.folds(count, rng)
    assert set(np.bincount(folds[:500])) == {500 // count}
    assert set(np.bincount(folds[500:])) == {250 // count}


def test_dealing_is_random():
    deals = [_deal(np.zeros(4, int), 2, np.random.default_rng(seed)) for seed in range(60)]
    # Of the six ways to deal four cards none is missing.
    assert len({tuple(deal) for deal in deals}) == 6


def test_p_value_of_the_headline_is_that_of_permuted_held_out_labels():
    x, y = PAIRS["corr0.8"].sample(40, 2)
    score = c2st(x, y, rng=np.random.default_rng(1), learners=("knn",), permutations=200)[-1]
    rng = np.random.default_rng(1)
    pool = _Pool.of(x, y)
    test = pool.folds(2, rng) == 0
    odds = pool.predict(("knn",), ~test, test, rng)[0]
    labels = pool.labels[test]
    shuffled = rng.permuted(np.tile(labels, (200, 1)), axis=1)

    def wins(of):
        return sum((a > b) + 0.5 * (a == b) for a in odds[of == 1] for b in odds[of == 0])

    reached = sum(wins(each) >= wins(labels) for each in shuffled)
    assert score.p_value == (1 + reached) / 201
    pairs = labels.sum() * (1 - labels).sum()
    assert score.details["auc"] == pytest.approx(wins(labels) / pairs)


def test_retraining_makes_valid_p_values_of_all_rows():
    p_values = [
        c2st(
            *PAIRS["null_gauss2d"].sample(30, seed),
            rng=np.random.default_rng(seed),
            learners=("knn",),
            retrain=9,
        )[-1].p_value
        for seed in range(30)
    ]
    assert sum(p <= 0.1 for p in p_values) <= binom.ppf(0.999, 30, 0.1)
    x, y = PAIRS["shift2"].sample(30, 0)
    scores = c2st(x, y, rng=np.random.default_rng(0), learners=("logistic2", "knn"), retrain=19)
    assert [score.p_value for score in scores] == [0.05] * 3
    assert scores[-1].details["retrain"] == 19


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
