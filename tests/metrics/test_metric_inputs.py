"""What every estimator owes to whoever calls it."""

import json
import math

import numpy as np
import pytest
import torch

from benchmarks.calibration.pairs import PAIRS
from ganbench.errors import MetricError
from ganbench.metrics import (
    c2st,
    energy_distance,
    frechet_distance,
    jsd_knn,
    jsd_known_density,
    jsd_lower_bound,
    kid,
    median_distance,
    mmd2,
    mmd2_block,
    mmd2_incomplete,
    mmd_test,
    mode_coverage,
    prdc,
    sliced_wasserstein,
)

TWO_SAMPLES = {
    "jsd_knn": lambda x, y, rng: [jsd_knn(x, y, rng=rng, interval=True)],
    "jsd_lower_bound": lambda x, y, rng: [jsd_lower_bound(x, y, rng=rng)],
    "jsd_known_density": lambda x, y, rng: [
        jsd_known_density(x, y, PAIRS["null_gauss2d"].p.log_prob, rng=rng)
    ],
    "mmd2": lambda x, y, rng: [mmd2(x, y, interval=True)],
    "mmd_test": lambda x, y, rng: [mmd_test(x, y, rng=rng, permutations=19)],
    "mmd2_block": lambda x, y, rng: [mmd2_block(x, y, rng=rng)],
    "mmd2_incomplete": lambda x, y, rng: [mmd2_incomplete(x, y, rng=rng)],
    "kid": lambda x, y, rng: [kid(x, y)],
    "energy_distance": lambda x, y, rng: [energy_distance(x, y)],
    "c2st": lambda x, y, rng: c2st(x, y, rng=rng),
    "frechet_distance": lambda x, y, rng: [frechet_distance(x, y)],
    "sliced_wasserstein": lambda x, y, rng: [sliced_wasserstein(x, y, rng=rng)],
    "prdc": lambda x, y, rng: prdc(x, y),
}
SCALE_FREE = {"knn", "multi_rbf", "lower_bound", "max", "precision", "recall", "coverage"}
HIGHER_IS_BETTER = {"precision", "recall", "density", "coverage"}


@pytest.fixture(params=TWO_SAMPLES.values(), ids=TWO_SAMPLES.keys())
def estimate(request):
    return lambda x, y, seed=0: request.param(x, y, np.random.default_rng(seed))


def test_inputs_stay_unchanged_even_with_duplicates(estimate):
    x, y = PAIRS["corr0.8"].sample(60, 0)
    y[1] = y[0]
    copies = x.copy(), y.copy()
    x.flags.writeable = y.flags.writeable = False
    estimate(x, y)
    np.testing.assert_array_equal(x, copies[0])
    np.testing.assert_array_equal(y, copies[1])


def test_same_generator_state_gives_same_scores_for_arrays_and_tensors(estimate):
    x, y = (sample.astype(np.float32) for sample in PAIRS["corr0.8"].sample(60, 0))
    first = estimate(x, y)
    assert first == estimate(x, y)
    assert first == estimate(torch.tensor(x, requires_grad=True), torch.tensor(y))


def test_scores_are_finite_and_json_compatible(estimate):
    x, y = PAIRS["corr0.8"].sample(60, 0)
    for score in estimate(x, y[:50]):
        assert math.isfinite(score.value)
        assert score.low is None or score.low <= score.value
        assert score.high is None or score.high >= score.value
        assert score.p_value is None or 0 < score.p_value <= 1
        assert score.estimator
        json.dumps(dict(score.details), allow_nan=False)


@pytest.mark.parametrize("constant", ["point", "column"])
def test_collapsed_generators_get_finite_bad_scores(estimate, constant):
    x, y = PAIRS["null_gauss2d"].sample(100, 0)
    if constant == "point":
        y[:] = y[0]
    else:
        y[:, 1] = 0
    scores = estimate(x, y)
    assert all(math.isfinite(score.value) for score in scores)
    gap = scores[-1].value - estimate(*PAIRS["null_gauss2d"].sample(100, 1))[-1].value
    assert gap < 0 if scores[-1].estimator in HIGHER_IS_BETTER else gap > 0


@pytest.mark.parametrize("doubtful", ["same rows", "constant column"])
def test_doubtful_samples_have_finite_scores_and_a_warning(estimate, doubtful):
    x, y = PAIRS["null_gauss2d"].sample(60, 0)
    if doubtful == "same rows":
        y = x[::-1]
    else:
        x[:, 1] = y[:, 1] = 3
    scores = estimate(x, y)
    assert all(math.isfinite(score.value) for score in scores)
    warnings = [each for score in scores for each in score.details.get("warnings", [])]
    said = "hold the same rows" if doubtful == "same rows" else "column 1"
    assert any(said in warning for warning in warnings)


def test_rows_that_need_care_in_float_stay_right(estimate):
    x, y = PAIRS["shift2"].sample(80, 0)
    plain = estimate(x, y)
    for moved in (2.0**20 * x, 2.0**20 * y), (2.0**-40 * x, 2.0**-40 * y):
        scores = estimate(*moved)
        for seen, score in zip(plain, scores, strict=True):
            assert math.isfinite(score.value)
            if seen.estimator in SCALE_FREE:
                assert score.value == pytest.approx(seen.value, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda x, y: (np.where(x == x[0, 0], np.nan, x), y), "`x` has NaN or infinite values"),
        (lambda x, y: (x, np.where(y == y[0, 0], np.inf, y)), "`y` has NaN or infinite values"),
        (lambda x, y: (x * 1e200, y), "`x` has values beyond 1e+100"),
        (lambda x, y: (x[:1], y), "`x` has 1 rows, but at least"),
        (lambda x, y: (x, y[:0]), "`y` has 0 rows, but at least"),
        (lambda x, y: (x, y[:, :1]), "`y` has 1 columns, but `x` has 2"),
        (lambda x, y: (x[:, 0], y), "`x` must have the shape"),
        (lambda x, y: (x, [["a", "b"]] * 60), "`y` must hold numbers only"),
    ],
)
def test_bad_samples_are_refused_in_one_sentence(estimate, spoil, complaint):
    x, y = PAIRS["null_gauss2d"].sample(60, 0)
    with pytest.raises(MetricError) as caught:
        estimate(*spoil(x, y))
    message = str(caught.value)
    assert message.startswith(complaint)
    assert message.endswith(".")


RNG = np.random.default_rng(0)
X, Y = PAIRS["null_gauss2d"].sample(60, 0)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: mmd2(X, Y, reference=X[:1]), "reference"),
        (lambda: mmd2(X, Y, reference=X[:, :1]), "reference"),
        (lambda: mmd2(X, Y, 3), "kernel"),
        (lambda: mmd_test(X, Y, rng=0), "rng"),
        (lambda: jsd_knn(X, Y, rng=None), "rng"),
        (lambda: c2st(X, Y, rng=np.random.RandomState(0)), "rng"),
        (lambda: c2st(X, Y, rng=RNG, learners=("knn", "knn")), "learners"),
        (lambda: mode_coverage(X, np.zeros((3, 2)), 1.0, share=np.nan), "share"),
        (lambda: mode_coverage(X, np.zeros((3, 2)), "a"), "std"),
        (lambda: mmd_test(X, Y, rng=RNG, permutations=0), "permutations"),
        (lambda: mmd2_block(X, Y, rng=RNG, block=40), "block"),
        (lambda: mmd2_block(X, Y, rng=RNG, block=1), "block"),
        (lambda: mmd2_incomplete(X, Y, rng=RNG, subdiagonals=0), "subdiagonals"),
        (lambda: mmd2_incomplete(X, Y, rng=RNG, permutations=0.5), "permutations"),
        (lambda: median_distance(np.ones((5, 2))), "reference"),
        (lambda: jsd_knn(X, Y, rng=RNG, k=0), "k"),
        (lambda: jsd_knn(X[:6], Y, rng=RNG, k=5), "x"),
        (lambda: jsd_knn(X, Y, rng=RNG, scale=[1.0]), "scale"),
        (lambda: jsd_knn(X, Y, rng=RNG, scale=[1.0, 0.0]), "scale"),
        (lambda: jsd_known_density(X, Y, lambda x: x, rng=RNG), "log_prob"),
        (lambda: jsd_known_density(X, Y, lambda x: x[:, 0] * np.nan, rng=RNG), "log_prob"),
        (lambda: c2st(X, Y, rng=RNG, learners=()), "learners"),
        (lambda: c2st(X, Y, rng=RNG, learners=("svm",)), "learners"),
        (lambda: c2st(X, Y, rng=RNG, permutations=0), "permutations"),
        (lambda: c2st(X, Y, rng=RNG, retrain=-1), "retrain"),
        (lambda: mode_coverage(X, np.zeros((3, 1)), 1.0), "centers"),
        (lambda: mode_coverage(X, np.zeros((3, 2)), 0.0), "std"),
        (lambda: mode_coverage(X, np.zeros((3, 2)), 1.0, radius=-1), "radius"),
        (lambda: mode_coverage(X, np.zeros((3, 2)), 1.0, weights=[1, 1]), "weights"),
        (lambda: mode_coverage(X * np.nan, np.zeros((3, 2)), 1.0), "fake"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(MetricError, match=f"`{argument}`"):
        call()
