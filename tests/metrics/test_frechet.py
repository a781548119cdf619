"""The Fréchet distance."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from ganbench.errors import MetricError
from ganbench.metrics import frechet_distance


def exact(mean, covariance, rng, n=60):
    """Rows whose sample mean and covariance are these."""
    z = rng.standard_normal((n, len(mean)))
    z -= z.mean(axis=0)
    z = z @ np.linalg.inv(np.linalg.cholesky(np.cov(z, rowvar=False))).T
    return mean + z @ np.linalg.cholesky(covariance).T


def test_normal_laws_with_parallel_axes_have_a_closed_form():
    rng = np.random.default_rng(0)
    means, deviations = rng.standard_normal((2, 4)), rng.uniform(0.1, 3, (2, 4))
    x, y = (exact(m, np.diag(s**2), rng) for m, s in zip(means, deviations, strict=True))
    score = frechet_distance(x, y)
    gaps = [((each[0] - each[1]) ** 2).sum() for each in (means, deviations)]
    assert score.value == pytest.approx(sum(gaps), abs=1e-9)
    assert score.details["mean_term"] == pytest.approx(gaps[0], abs=1e-9)
    assert score.details["covariance_term"] == pytest.approx(gaps[1], abs=1e-9)


@pytest.mark.parametrize("m", [40, 90])
def test_agrees_with_the_formula_by_a_matrix_root(m):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 5)) @ rng.standard_normal((5, 5))
    y = rng.standard_normal((m, 5)) @ rng.standard_normal((5, 5)) + 1
    first, second = (np.cov(z, rowvar=False) for z in (x, y))
    gap = ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum()
    expected = gap + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert frechet_distance(x, y).value == pytest.approx(expected, rel=1e-10)


def test_singular_covariances_keep_full_precision():
    t = np.linspace(-1, 1, 9)
    x, y = np.outer(t, [3.0, 0, 0, 0]), np.outer(t[:5], [3.0, 4.0, 0, 0])
    spreads = t.std(ddof=1), t[:5].std(ddof=1)
    a, b = 3 * spreads[0], 5 * spreads[1]
    mean = 25 * t[:5].mean() ** 2
    # Two lines at an angle of cosine 3/5.
    expected = mean + a**2 + b**2 - 2 * a * b * 3 / 5
    assert frechet_distance(x, y).value == pytest.approx(expected, abs=1e-12)


def test_a_shift_gives_its_square_and_no_root():
    x = np.random.default_rng(0).standard_normal((50, 3))
    assert frechet_distance(x, x + np.array([3, 0, 0])).value == pytest.approx(9, abs=1e-12)
    assert frechet_distance(x, x).value == pytest.approx(0, abs=1e-12)


def test_symmetric_invariant_and_of_the_second_order():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((50, 3)), 2 * rng.standard_normal((70, 3)) + 1
    rotation = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    value = frechet_distance(x, y).value
    for pair, expected in [
        ((y, x), value),
        ((x[::-1], rng.permutation(y)), value),
        ((x @ rotation + 4, y @ rotation + 4), value),
        ((5 * x, 5 * y), 25 * value),
    ]:
        assert frechet_distance(*pair).value == pytest.approx(expected, rel=1e-12)


def test_grows_with_a_shift_and_with_a_dropped_mode():
    rng = np.random.default_rng(0)
    x = np.sign(rng.standard_normal((300, 1))) * 3 + rng.standard_normal((300, 2))
    y = np.sign(rng.standard_normal((300, 1))) * 3 + rng.standard_normal((300, 2))
    shifts = [frechet_distance(x, y + s).value for s in (0, 0.5, 1, 2)]
    assert shifts == sorted(shifts)
    assert frechet_distance(x, y[y[:, 0] > 0]).value > 10 * shifts[0]


def test_few_rows_are_warned_of():
    x, y = np.random.default_rng(0).standard_normal((2, 20, 30))
    (warning,) = frechet_distance(x, y).details["warnings"]
    assert "covariance of 30 columns is estimated from 20 rows" in warning
    assert "warnings" not in frechet_distance(x[:, :5], y[:, :5]).details


def test_extrapolation_removes_most_of_the_bias():
    rng = np.random.default_rng(0)
    plain, corrected = [], []
    for _ in range(12):
        x, y = rng.standard_normal((300, 20)), rng.standard_normal((300, 20))
        plain.append(frechet_distance(x, y).value)
        corrected.append(frechet_distance(x, y, extrapolate=True, rng=rng).value)
    # The truth is 0; a fifth of the bias is 3 standard errors of what second order leaves.
    assert abs(np.mean(corrected)) < np.mean(plain) / 5


def test_extrapolation_finds_the_truth_of_different_laws():
    rng = np.random.default_rng(0)
    spread = np.array([2.0, 1, 1, 1])
    values = [
        frechet_distance(
            rng.standard_normal((400, 4)),
            rng.standard_normal((300, 4)) * spread,
            extrapolate=True,
            rng=rng,
        ).value
        for _ in range(20)
    ]
    assert abs(np.mean(values) - 1) < 4 * np.std(values) / np.sqrt(20)


def test_extrapolation_reports_its_line():
    x, y = np.random.default_rng(0).standard_normal((2, 100, 3))
    score = frechet_distance(x, y, extrapolate=True, rng=np.random.default_rng(0))
    assert score.estimator == "fid_infinity"
    details = score.details
    assert details["values"][-1] == pytest.approx(frechet_distance(x, y).value, rel=1e-9)
    line = np.polyfit(1 / np.array(details["sizes"]), details["values"], 1)
    assert [details["slope"], score.value] == pytest.approx(list(line), rel=1e-9)


def test_extrapolation_needs_a_generator():
    x, y = np.random.default_rng(0).standard_normal((2, 100, 3))
    with pytest.raises(MetricError, match="`rng`"):
        frechet_distance(x, y, extrapolate=True)
