import math

import numpy as np
import pytest

from benchmarks.calibration.closed_forms import population_mmd2
from benchmarks.calibration.families import gaussian
from benchmarks.calibration.pairs import PAIRS
from benchmarks.calibration.truths import ROUTES, bigram_jsd, divergences, scrambled

SAMPLED = [name for name, route in ROUTES.items() if route is scrambled]
SMOOTH_PLANE = {"corr0.3", "corr0.8", "aniso", "grid25_blur", "corr0.3_d10", "corr0.8_d10"}
"""The accuracy has a kink where densities cross, which quadrature in two columns feels."""


@pytest.mark.parametrize("name", [name for name in PAIRS if name not in SAMPLED])
def test_jsd_and_accuracy_are_what_enumeration_and_quadrature_give(name):
    pair, found = PAIRS[name], divergences(name)
    assert found.jsd == pytest.approx(pair.jsd, abs=pair.jsd_error)
    tolerance = 1e-4 if name in SMOOTH_PLANE else 1e-8
    assert found.accuracy == pytest.approx(pair.accuracy, abs=tolerance)


@pytest.mark.parametrize("name", SAMPLED)
def test_jsd_in_five_columns_is_what_sobol_points_give(name):
    pair, found = PAIRS[name], scrambled(PAIRS[name], points=2**12, repeats=8)
    assert abs(found.jsd - pair.jsd) < 5.4 * found.jsd_error  # 99.9% of t at 7 degrees
    assert abs(found.accuracy - pair.accuracy) < 5.4 * found.accuracy_error


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_mmd2_is_what_the_closed_form_gives(pair):
    assert population_mmd2(pair.p, pair.q, pair.kernel) == pytest.approx(pair.mmd2, abs=1e-9)


def test_jsd_of_bigrams():
    assert bigram_jsd(PAIRS["markov"]) == pytest.approx(PAIRS["markov"].bigram_jsd, abs=1e-9)


def test_mmd2_of_far_away_normals_is_known_by_hand():
    p, q = gaussian([0], [[1]]), gaussian([1e3], [[1]])
    # Two rows of one law differ by N(0, 2), and E exp(-t^2 / 2) = 1 / sqrt(1 + 2).
    assert population_mmd2(p, q, "rbf(sigma=1.0)") == pytest.approx(2 / math.sqrt(3))


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_samplers_follow_their_densities(pair):
    x, y = pair.sample(20_000, 1)
    gaps = [pair.p.log_prob(rows) - pair.q.log_prob(rows) for rows in (x, y)]
    gains = [math.log(2) - np.logaddexp(0, -gaps[0]), math.log(2) - np.logaddexp(0, gaps[1])]
    hits = [(gap > 0) + (gap == 0) / 2 for gap in gaps]
    for (real, fake), truth in (
        (gains, pair.jsd),
        ((hits[0], 1 - hits[1]), pair.accuracy),
    ):
        error = math.sqrt((real.var() + fake.var()) / len(x)) / 2
        # Four standard errors, plus rounding where nothing varies.
        assert abs((real.mean() + fake.mean()) / 2 - truth) < 4 * error + 1e-8


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_embedded_rows_are_real_and_distinct_for_distinct_rows(pair):
    x, y = pair.sample(100, 0)
    assert pair.embed(x).dtype == np.float64
    assert pair.embed(x).shape == (100, pair.embed(y).shape[1])
    assert len(np.unique(pair.embed(x), axis=0)) == len(np.unique(x, axis=0))


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_draws_depend_on_the_seed_only(pair):
    for first, second in zip(
        pair.sample(5, 3), pair.sample(5, np.random.default_rng(3)), strict=True
    ):
        np.testing.assert_array_equal(first, second)
