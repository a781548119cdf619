"""Precision, recall, density and coverage."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from ganbench.metrics import prdc

CORNERS = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0], [20.0, 20.0]])


def values(x, y, k=5):
    return {score.estimator: score.value for score in prdc(x, y, k=k)}


def naive(x, y, k, squares=cdist):
    """The formulas as they are in the official package."""
    radius_x, radius_y = (np.sort(squares(z, z), axis=1)[:, k] for z in (x, y))
    gaps = squares(x, y)
    inside = gaps < radius_x[:, None]
    return {
        "precision": inside.any(axis=0).mean(),
        "recall": (gaps < radius_y).any(axis=1).mean(),
        "density": inside.sum(axis=0).mean() / k,
        "coverage": (gaps.min(axis=1) < radius_x).mean(),
    }


def corners(n, rng, among=4):
    return CORNERS[rng.integers(among, size=n)] + rng.standard_normal((n, 2))


@pytest.mark.parametrize("d", [1, 2, 16, 17, 40])
@pytest.mark.parametrize("k", [1, 5])
def test_agrees_with_the_published_formulas(d, k):
    rng = np.random.default_rng(d)
    x, y = 100 + rng.standard_normal((150, d)), 100 + 0.9 * rng.standard_normal((220, d))
    assert values(x, y, k) == pytest.approx(naive(x, y, k), abs=1e-12)


def test_many_blocks_are_one_sample(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((60, 20)), rng.standard_normal((50, 20))
    whole = values(x, y)
    monkeypatch.setattr("ganbench.metrics._distances._BLOCK_ENTRIES", 7 * 50)
    assert values(x, y) == whole


def test_expectations_under_the_null_hold_for_unequal_sizes():
    rng = np.random.default_rng(1)
    n, m, k, draws = 30, 50, 3, 400
    drawn = [prdc(*(rng.standard_normal((size, 2)) for size in (n, m)), k=k) for _ in range(draws)]
    for index, expected in ((2, 1.0), (3, 1 - 29 * 28 * 27 / (79 * 78 * 77))):
        assert drawn[0][index].details["expected"] == pytest.approx(expected, abs=1e-12)
        seen = np.array([scores[index].value for scores in drawn])
        assert abs(seen.mean() - expected) < 4 * seen.std() / np.sqrt(draws)


def test_the_published_null_coverage_is_that_of_equal_sizes():
    x, y = np.random.default_rng(0).standard_normal((2, 50, 2))
    published = 1 - np.prod([(50 - i) / (100 - i) for i in range(1, 6)])
    assert prdc(x, y)[3].details["expected"] == pytest.approx(published, abs=1e-12)


def test_a_dropped_mode_costs_coverage_and_recall_but_not_precision():
    rng = np.random.default_rng(0)
    x, same, fewer = corners(800, rng), corners(800, rng), corners(800, rng, among=3)
    good, bad = values(x, same), values(x, fewer)
    assert bad["precision"] > 0.95
    # A quarter of the balls is empty: coverage falls by it within 4 standard errors of .015.
    assert bad["coverage"] == pytest.approx(0.75 * good["coverage"], abs=0.06)
    assert bad["recall"] == pytest.approx(0.75 * good["recall"], abs=0.06)


def test_junk_costs_precision_and_density_but_not_recall():
    rng = np.random.default_rng(0)
    x, y = corners(800, rng), corners(800, rng)
    y[:200] = 100 + rng.standard_normal((200, 2))
    scores = values(x, y)
    assert scores["recall"] > 0.95
    assert scores["precision"] < 0.75
    assert scores["density"] < 0.85


def test_a_collapsed_generator_is_precise_and_recalls_nothing():
    x = np.random.default_rng(0).standard_normal((200, 2))
    scores = prdc(x, np.zeros((200, 2)))
    assert [score.value for score in scores[:2]] == [1.0, 0.0]
    assert scores[3].value < 0.1
    assert "100.0% of the balls of `y` are empty" in scores[0].details["warnings"][-1]


def test_samples_change_roles():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((150, 2)), rng.standard_normal((90, 2)) * 2
    there, back = values(x, y), values(y, x)
    assert there["precision"] == back["recall"]
    assert there["recall"] == back["precision"]


def test_order_units_and_origin_do_not_matter():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((100, 3)), rng.standard_normal((100, 3))
    expected = values(x, y)
    assert values(x[::-1], rng.permutation(y)) == expected
    assert values(1000 * x + 7, 1000 * y + 7) == expected


def test_identical_samples_are_perfect_and_warned_of():
    x = np.random.default_rng(0).standard_normal((100, 2))
    scores = prdc(x, x)
    assert [score.value for score in scores if score.estimator != "density"] == [1.0, 1.0, 1.0]
    assert "same rows" in scores[0].details["warnings"][0]


@pytest.mark.parametrize("unit", [1.0, 1 / 3])
@pytest.mark.parametrize("d", [8, 30])
def test_ties_are_ties_whatever_the_rounding(d, unit):
    rng = np.random.default_rng(0)
    x, y = rng.integers(2, size=(2, 150, d)).astype(float)
    expected = naive(x, y, 3, lambda a, b: np.rint(cdist(a, b, "sqeuclidean")))
    assert values(x * unit + 5, y * unit + 5, 3) == pytest.approx(expected, abs=1e-12)
