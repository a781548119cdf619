"""Squared Wasserstein distances."""

import importlib.util
import math

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from ganbench.errors import MetricError
from ganbench.metrics import sliced_wasserstein, wasserstein2


def sliced(x, y, seed=0, **options):
    return sliced_wasserstein(x, y, rng=np.random.default_rng(seed), **options)


def assigned(x, y):
    """The distance by an assignment of rows, each repeated until both samples are of one size."""
    size = math.lcm(len(x), len(y))
    repeated = [np.repeat(each, size // len(each), axis=0) for each in (x, y)]
    squares = cdist(*repeated, "sqeuclidean")
    return squares[linear_sum_assignment(squares)].mean()


@pytest.mark.parametrize(("n", "m"), [(30, 30), (12, 9), (7, 10), (2, 11)])
def test_one_dimension_agrees_with_the_best_assignment(n, m):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((n, 1)), 2 * rng.standard_normal((m, 1)) + 1
    assert wasserstein2(x, y).value == pytest.approx(assigned(x, y), abs=1e-12)
    assert wasserstein2(y, x).value == pytest.approx(assigned(x, y), abs=1e-12)


def test_one_column_is_its_own_projection():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 1)), rng.standard_normal((25, 1)) + 1
    score = sliced(x, y, projections=8)
    assert score.value == pytest.approx(wasserstein2(x, y).value, rel=1e-12)
    assert score.details["standard_error"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("d", [1, 2, 10])
def test_a_shift_costs_its_square_over_the_dimension(d):
    rng = np.random.default_rng(0)
    x, shift = rng.standard_normal((100, d)), rng.standard_normal(d)
    score = sliced(x, x + shift, projections=2000)
    tolerance = 4 * score.details["standard_error"] + 1e-12
    assert abs(score.value - shift @ shift / d) < tolerance


def test_independent_normal_samples_are_close_to_the_truth():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 5000, 10))
    # The null value at this size, sampling error of the shift's square and of directions.
    assert sliced(x, y + np.eye(10)[0]).value == pytest.approx(0.1, abs=0.02)
    assert 0 < sliced(x, y).value < 0.002


def test_unequal_sizes_agree_with_repeated_rows():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((12, 3)), rng.standard_normal((20, 3))
    repeated = sliced(np.repeat(x, 5, axis=0), np.repeat(y, 3, axis=0)).value
    assert sliced(x, y).value == pytest.approx(repeated, rel=1e-12)


def test_many_blocks_are_one_average(monkeypatch):
    x, y = np.random.default_rng(0).standard_normal((2, 50, 3))
    whole = sliced(x, y[:40]).value
    monkeypatch.setattr("ganbench.metrics.transport._BLOCK_ENTRIES", 7 * 90)
    assert sliced(x, y[:40]).value == pytest.approx(whole, rel=1e-12)


def test_one_direction_has_no_standard_error():
    x, y = np.random.default_rng(0).standard_normal((2, 50, 3))
    assert sliced(x, y, projections=1).details["standard_error"] is None


def test_sliced_is_symmetric_and_sees_shifts_and_dropped_modes():
    rng = np.random.default_rng(0)
    x, y = (
        np.sign(rng.standard_normal((300, 1))) * 3 + rng.standard_normal((300, 2))
        for _ in range(2)
    )
    assert sliced(x, y).value == pytest.approx(sliced(y, x).value, rel=1e-12)
    assert sliced(x, y).value == pytest.approx(sliced(x[::-1], rng.permutation(y)).value, rel=1e-9)
    shifts = [sliced(x, y + s).value for s in (0, 0.5, 1, 2)]
    assert shifts == sorted(shifts)
    assert sliced(x, y[y[:, 0] > 0]).value > 10 * shifts[0]
    assert sliced(x, x).value == 0


def test_a_point_mass_costs_the_mean_square():
    x = np.random.default_rng(0).standard_normal((50, 1))
    assert wasserstein2(x, np.full((7, 1), 2.0)).value == pytest.approx(((x - 2) ** 2).mean())


@pytest.mark.parametrize(("n", "m"), [(40, 40), (6, 4), (9, 7)])
def test_several_dimensions_agree_with_the_best_assignment(n, m):
    pytest.importorskip("ot")
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((n, 3)), 2 * rng.standard_normal((m, 3)) + 1
    assert wasserstein2(x, y).value == pytest.approx(assigned(x, y), abs=1e-10)


def test_a_shift_costs_its_square_in_several_dimensions():
    pytest.importorskip("ot")
    x = np.random.default_rng(0).standard_normal((60, 4))
    assert wasserstein2(x, x + np.array([0, 3, 0, 4])).value == pytest.approx(25, rel=1e-10)
    assert wasserstein2(x, x[::-1]).value == pytest.approx(0, abs=1e-12)


def test_a_solver_that_gives_up_is_an_error(monkeypatch):
    pytest.importorskip("ot")
    monkeypatch.setattr("ganbench.metrics.transport._MOST_ITERATIONS", 1)
    x, y = np.random.default_rng(0).standard_normal((2, 60, 2))
    with pytest.raises(MetricError, match="gave up"):
        wasserstein2(x, y)


def test_without_a_solver_one_sentence_names_the_remedy(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    x, y = np.random.default_rng(0).standard_normal((2, 10, 2))
    with pytest.raises(MetricError, match=r'pip install "ganbench\[ot\]"\.$'):
        wasserstein2(x, y)
    assert wasserstein2(x[:, :1], y[:, :1]).value > 0
