"""What the estimators of geometry and memorisation owe to whoever calls them."""

import json
import math

import numpy as np
import pytest
import torch

from ganbench.errors import MetricError
from ganbench.metrics import (
    authenticity,
    frechet_distance,
    memorisation,
    nll,
    prdc,
    sliced_wasserstein,
    wasserstein2,
)

ESTIMATORS = {
    "prdc": lambda x, y, rng: prdc(x, y),
    "fid": lambda x, y, rng: [frechet_distance(x, y)],
    "fid_infinity": lambda x, y, rng: [frechet_distance(x, y, extrapolate=True, rng=rng)],
    "sw2": lambda x, y, rng: [sliced_wasserstein(x, y, projections=16, rng=rng)],
    "w2": lambda x, y, rng: [wasserstein2(x, y)],
    "authenticity": lambda x, y, rng: [authenticity(x, y)],
    "memorisation": lambda x, y, rng: memorisation(x, x, y),
}
NAMED_X = {"prdc", "fid", "fid_infinity", "sw2", "w2"}


def samples(seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((60, 1)), rng.standard_normal((50, 1))


@pytest.fixture(params=ESTIMATORS)
def name(request):
    return request.param


@pytest.fixture
def estimate(name):
    return lambda x, y, seed=0: ESTIMATORS[name](x, y, np.random.default_rng(seed))


def test_inputs_stay_unchanged(estimate):
    x, y = samples()
    copies = x.copy(), y.copy()
    x.flags.writeable = y.flags.writeable = False
    estimate(x, y)
    np.testing.assert_array_equal(x, copies[0])
    np.testing.assert_array_equal(y, copies[1])


def test_same_generator_state_gives_same_scores_for_arrays_and_tensors(estimate):
    x, y = (sample.astype(np.float32) for sample in samples())
    first = estimate(x, y)
    assert first == estimate(x, y)
    assert first == estimate(torch.tensor(x, requires_grad=True), torch.tensor(y))


def test_scores_are_finite_and_json_compatible(estimate):
    for score in estimate(*samples()):
        assert math.isfinite(score.value)
        assert score.low is None or score.low <= score.value
        assert score.high is None or score.high >= score.value
        assert score.p_value is None or 0 < score.p_value <= 1
        assert score.estimator
        json.dumps(dict(score.details), allow_nan=False)


@pytest.mark.parametrize("which", ["x", "y", "both", "same"])
def test_degenerate_samples_get_finite_scores_that_say_so(estimate, which):
    x, y = samples()
    if which in {"x", "both"}:
        x = np.zeros_like(x)
    if which in {"y", "both"}:
        y = np.zeros_like(y)
    if which == "same":
        y = x
    scores = estimate(x, y)
    assert all(math.isfinite(score.value) for score in scores)
    if which in {"both", "same"}:
        assert all(score.details["warnings"] for score in scores)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda x, y: (np.where(x == x[0, 0], np.nan, x), y), "`x` has NaN or infinite values"),
        (lambda x, y: (x, np.where(y == y[0, 0], np.inf, y)), "`y` has NaN or infinite values"),
        (lambda x, y: (x * 1e200, y), "`x` has values beyond 1e+100"),
        (lambda x, y: (x[:1], y), "`x` has 1 rows, but at least"),
        (lambda x, y: (x, y[:0]), "`y` has 0 rows, but at least"),
        (lambda x, y: (x, np.hstack([y, y])), "`y` has 2 columns, but `x` has 1"),
        (lambda x, y: (x[:, 0], y), "`x` must have the shape"),
        (lambda x, y: (x, [["a"]] * 60), "`y` must hold numbers only"),
    ],
)
def test_bad_samples_are_refused_in_one_sentence(name, estimate, spoil, complaint):
    with pytest.raises(MetricError) as caught:
        estimate(*spoil(*samples()))
    message = str(caught.value)
    expected = complaint if name in NAMED_X else complaint.replace("`x`", "`train`")
    assert message.startswith(expected)
    assert message.endswith(".")


RNG = np.random.default_rng(0)
X, Y = samples()


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: prdc(X, Y, k=0), "k"),
        (lambda: prdc(X, Y, k=2.5), "k"),
        (lambda: prdc(X, Y[:5], k=5), "y"),
        (lambda: frechet_distance(X[:7], Y, extrapolate=True, rng=RNG), "x"),
        (lambda: sliced_wasserstein(X, Y, projections=0, rng=RNG), "projections"),
        (lambda: memorisation(X, X[:1], Y), "test"),
        (lambda: memorisation(X, np.hstack([X, X]), Y), "test"),
        (lambda: nll([[np.nan]], lambda rows: rows[:, 0]), "y"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(MetricError, match=f"^`{argument}`"):
        call()
