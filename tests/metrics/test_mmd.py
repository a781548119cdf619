import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist, pdist
from scipy.stats import binom, kstest

from benchmarks.calibration.closed_forms import population_mmd2
from benchmarks.calibration.families import gaussian
from benchmarks.calibration.pairs import PAIRS
from ganbench.errors import MetricError
from ganbench.metrics import (
    energy_distance,
    kid,
    median_distance,
    mmd2,
    mmd2_block,
    mmd2_incomplete,
    mmd_test,
)
from ganbench.metrics._pairs import _BLOCK


def rbf(*sigmas):
    return "+".join(f"rbf(sigma={sigma!r})" for sigma in sigmas)


def naive_mmd2(x, y, k):
    n, m = len(x), len(y)
    within_x = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j)
    within_y = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j)
    cross = sum(k(a, b) for a in x for b in y)
    return within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * cross / (n * m)


def square(a, b):
    return np.sum((a - b) ** 2)


NAIVE = {
    "rbf(sigma=0.7)": lambda a, b: np.exp(-square(a, b) / (2 * 0.7**2)),
    "multi_rbf(sigma=1.0, factors=(0.5, 1.0, 2.0, 3.0))": lambda a, b: np.mean(
        [np.exp(-square(a, b) / (2 * s**2)) for s in (0.5, 1.0, 2.0, 3.0)]
    ),
    "rbf(sigma=[0.5, 2.0])": lambda a, b: np.mean(
        [np.exp(-square(a, b) / (2 * s**2)) for s in (0.5, 2.0)]
    ),
    "rq(alpha=0.5, sigma=2.0)": lambda a, b: (1 + square(a, b) / (2 * 0.5 * 4)) ** -0.5,
    "poly(degree=3)": lambda a, b: (a @ b / 2 + 1) ** 3,
    "poly(degree=2, gamma=0.3, coef=2.0)": lambda a, b: (0.3 * a @ b + 2) ** 2,
    "linear": lambda a, b: a @ b,
    "laplace(sigma=0.9)": lambda a, b: np.exp(-np.abs(a - b).sum() / 0.9),
    "hamming(sigma=2.0)": lambda a, b: np.exp(-np.sum(a != b) / 2),
    "delta": lambda a, b: float((a == b).all()),
    "distance": lambda a, b: -np.sqrt(square(a, b)),
    "linear+rbf(sigma=0.7)": lambda a, b: (a @ b + np.exp(-square(a, b) / (2 * 0.7**2))) / 2,
}


@pytest.mark.parametrize("kernel", NAIVE)
def test_equals_the_naive_double_loop(kernel):
    x, y = (np.round(sample, 1) for sample in PAIRS["corr0.8"].sample(40, 0))
    expected = naive_mmd2(x, y[:25], NAIVE[kernel])
    assert mmd2(x, y[:25], kernel).value == pytest.approx(expected, abs=1e-12)


def test_a_kernel_may_be_a_function_of_tensors():
    def gram(a, b):
        return torch.exp(-torch.cdist(a, b).square() / 2)

    x, y = PAIRS["corr0.8"].sample(300, 0)
    score = mmd2(x, y, gram)
    assert score.value == pytest.approx(mmd2(x, y, rbf(1.0)).value, abs=1e-12)
    assert score.estimator == "gram"


def test_median_bandwidth_is_that_of_the_reference_or_of_the_real_sample():
    x, y = PAIRS["ring8_miss4"].sample(100, 0)
    for reference, rows in ((None, x), (y, y)):
        scale = median_distance(rows)
        seen = mmd2(x, y, "rbf", reference=reference)
        assert seen.value == pytest.approx(mmd2(x, y, rbf(scale)).value, abs=1e-14)
        assert seen.details["kernels"] == [f"rbf(sigma={scale:g})"]


def test_equals_the_formula_of_sbibm():
    x, y = PAIRS["corr0.8"].sample(120, 0)
    width = np.median(pdist(x))
    xx, yy, xy = (
        np.exp(-cdist(a, b, "sqeuclidean") / (2 * width**2)) for a, b in ((x, x), (y, y), (x, y))
    )
    # tp_sutherland there: K_XX and K_YY without their diagonals, of two samples of one size.
    m = 120
    expected = (xx.sum() - m) / (m * (m - 1)) + (yy.sum() - m) / (m * (m - 1))
    expected -= 2 * xy.sum() / (m * m)
    assert mmd2(x, y, "rbf").value == pytest.approx(expected, abs=1e-12)


def test_far_outliers_neither_slow_nor_spoil_it():
    x, y = PAIRS["corr0.8"].sample(50, 0)
    x[0] = 1e4
    kernel = "multi_rbf(sigma=1.0)"
    expected = np.mean([mmd2(x, y, rbf(s)).value for s in (0.125, 0.25, 0.5, 1.0, 2.0)])
    assert mmd2(x, y, kernel).value == pytest.approx(expected, abs=1e-12)


def test_blocks_do_not_change_the_value(monkeypatch):
    monkeypatch.setitem(_BLOCK, "cpu", 64)
    x, y = PAIRS["corr0.8"].sample(400, 0)
    gaps = np.vstack([x, y])[:, None] - np.vstack([x, y])
    kernel = np.exp(-np.sum(gaps**2, axis=2) / 2)
    np.fill_diagonal(kernel, 0)
    within = kernel[:400, :400].sum() + kernel[400:, 400:].sum()
    expected = within / (400 * 399) - 2 * kernel[:400, 400:].mean()
    assert mmd2(x, y, rbf(1.0)).value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("shift", "truth"), [(0.5, 0.0471239558476), (2, 0.561857514619)])
def test_closed_form_of_gaussians(shift, truth):
    p, q = gaussian([0], [[1]]), gaussian([shift], [[1]])
    assert population_mmd2(p, q, "rbf(sigma=1.0)") == pytest.approx(truth, abs=1e-10)


@pytest.mark.parametrize(
    ("name", "bandwidth"),
    [
        ("null_gauss2d", 1.0),
        ("shift1", 1.0),
        ("corr0.8", 1.0),
        ("ring8_miss4", 1.0),
        ("grid25_blur", 0.5),
    ],
)
def test_mean_over_draws_is_the_closed_form(name, bandwidth):
    pair = PAIRS[name]
    values = [mmd2(*pair.sample(100, seed), rbf(bandwidth)).value for seed in range(100)]
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    # Four standard errors, estimated from the draws themselves.
    assert (
        abs(np.mean(values) - population_mmd2(pair.p, pair.q, f"rbf(sigma={bandwidth})"))
        < 4 * error
    )


def test_interval_covers_the_truth_away_from_the_null():
    pair = PAIRS["shift1"]
    truth = population_mmd2(pair.p, pair.q, "rbf(sigma=1.0)")
    scores = [mmd2(*pair.sample(300, seed), rbf(1.0), interval=True) for seed in range(100)]
    covered = sum(score.low <= truth <= score.high for score in scores)
    # At a true coverage of .95, fewer than 87 or 88 of 100 happen once in a thousand times.
    assert covered >= binom.ppf(0.001, 100, 0.95)


def test_row_order_and_rotation_do_not_matter():
    x, y = PAIRS["corr0.8"].sample(100, 0)
    seen = mmd2(x, y, rbf(0.5, 1.0)).value
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert mmd2(x[::-1], y[::-1], rbf(0.5, 1.0)).value == pytest.approx(seen, abs=1e-12)
    assert mmd2(x @ turn, y @ turn, rbf(0.5, 1.0)).value == pytest.approx(seen, abs=1e-12)
    assert mmd2(y, x, rbf(0.5, 1.0)).value == pytest.approx(seen, abs=1e-12)


def test_far_from_the_origin_no_digits_are_lost():
    x, y = PAIRS["corr0.8"].sample(100, 0)
    # Adding 1e6 itself rounds coordinates at 1e-10.
    seen = mmd2(x, y, rbf(1.0)).value
    assert mmd2(x + 1e6, y + 1e6, rbf(1.0)).value == pytest.approx(seen, abs=1e-9)


def test_missing_more_modes_scores_worse():
    values = [mmd2(*PAIRS[f"ring8_miss{k}"].sample(300, 0), rbf(1.0)).value for k in (1, 4, 7)]
    assert values == sorted(values)


def test_p_values_are_uniform_under_the_null():
    rng = np.random.default_rng(0)
    p_values = [
        mmd_test(
            *PAIRS["null_gauss2d"].sample(50, seed), rbf(0.5, 1.0, 2.0), rng=rng, permutations=99
        ).p_value
        for seed in range(200)
    ]
    rejections = sum(p <= 0.05 for p in p_values)
    assert binom.ppf(0.001, 200, 0.05) <= rejections <= binom.ppf(0.999, 200, 0.05)
    # A valid p-value lies on a grid of hundredths; spread it over its cell for the KS test.
    spread = np.array(p_values) - rng.random(200) / 100
    assert kstest(spread, "uniform").pvalue > 0.001


def test_permutation_p_value_equals_the_one_by_recomputation():
    x, y = PAIRS["shift1"].sample(30, 0)
    score = mmd_test(x, y[:20], rbf(1.0), rng=np.random.default_rng(5), permutations=30)
    labels = np.repeat([1.0, 0.0], [30, 20])
    shuffles = np.random.default_rng(5).permuted(np.tile(labels, (30, 1)), axis=1)
    rows = np.vstack([x, y[:20]])
    permuted = [mmd2(rows[z == 1], rows[z == 0], rbf(1.0)).value for z in shuffles]
    seen = mmd2(x, y[:20], rbf(1.0)).value
    assert score.value == seen
    assert score.p_value == (1 + sum(value >= seen for value in permuted)) / 31


def test_difference_is_detected():
    x, y = PAIRS["ring8_miss1"].sample(500, 0)
    score = mmd_test(x, y, rng=np.random.default_rng(0))
    assert score.p_value == pytest.approx(1 / 500)


def test_two_rows_are_enough_and_tied_permutations_count():
    score = mmd_test([[0.0], [1.0]], [[5.0], [6.0]], rbf(1.0), rng=np.random.default_rng(0))
    # One in three partitions of four rows is the seen one.
    assert score.p_value == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / 499))


def test_the_test_does_not_know_whose_the_rows_of_its_bandwidth_are():
    x, y = PAIRS["shift4"].sample(30, 0)
    kernels = [
        mmd_test(*pair, "rbf", rng=np.random.default_rng(0)).details["kernels"]
        for pair in ((x, y), (y, x), (np.vstack([x[:9], y[9:]]), np.vstack([y[:9], x[9:]])))
    ]
    assert kernels[0] == kernels[1] == kernels[2]


def test_median_distance():
    assert median_distance([[0.0], [1.0], [3.0]]) == 2
    assert median_distance([[0.0], [0.0], [0.0], [2.0]]) == 2


def test_aggregation_takes_the_largest_standardised_value_of_shared_permutations():
    x, y = PAIRS["corr0.8"].sample(30, 3)
    score = mmd_test(x, y, rbf(0.2, 1.0, 4.0), rng=np.random.default_rng(5), permutations=40)
    labels = np.repeat([1.0, 0.0], 30)
    shuffles = np.random.default_rng(5).permuted(np.tile(labels, (40, 1)), axis=1)
    rows = np.vstack([x, y])
    values = np.array(
        [
            [mmd2(rows[z == 1], rows[z == 0], rbf(s)).value for z in (labels, *shuffles)]
            for s in (0.2, 1.0, 4.0)
        ]
    )
    standard = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)
    best = standard.max(axis=0)
    assert score.p_value == np.mean(best >= best[0])
    assert score.details["p_values"] == [np.mean(each >= each[0]) for each in values]


def affine(a, b):
    return 1 + a @ b.T


@pytest.mark.parametrize("kernel", ["poly", "linear", "distance", affine])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_the_test_keeps_its_level_far_from_the_origin(kernel, offset):
    p_values = []
    for seed in range(60):
        x, y = PAIRS["null_gauss2d"].sample(30, seed)
        rng = np.random.default_rng(seed)
        score = mmd_test(x + offset, y + offset, kernel, rng=rng, permutations=39)
        p_values.append(score.p_value)
    assert sum(p <= 0.05 for p in p_values) <= binom.ppf(0.999, 60, 0.05)
    assert kstest(p_values, "uniform").pvalue > 0.001


def test_huge_numbers_are_tested_right_or_refused():
    x, y = PAIRS["shift2"].sample(60, 0)
    rng = np.random.default_rng(0)
    assert mmd_test(1e20 * x, 1e20 * y, "linear", rng=rng).p_value == 1 / 500
    for call in (mmd2, mmd2_block, mmd2_incomplete, mmd_test):
        options = {} if call is mmd2 else {"rng": rng}
        with pytest.raises(MetricError, match="overflows"):
            call(1e90 * x, 1e90 * y, "poly(degree=5)", **options)
    far = mmd2(x + 1e9, y + 1e9, "poly")
    assert "lost in rounding" in far.details["warnings"][0]


def test_power_on_a_missing_mode():
    p_values = [
        mmd_test(*PAIRS["ring8_miss1"].sample(200, seed), rng=np.random.default_rng(seed)).p_value
        for seed in range(40)
    ]
    # At the promised power of .75 fewer than 21 of 40 happen once in a thousand times.
    assert sum(p <= 0.05 for p in p_values) >= binom.ppf(0.001, 40, 0.75)


def test_kid_is_the_published_one_over_all_rows():
    x, y = PAIRS["shift1_d10"].sample(60, 0)
    gram = (np.vstack([x, y]) @ np.vstack([x, y]).T / 10 + 1) ** 3
    xx, yy, xy = gram[:60, :60], gram[60:, 60:], gram[:60, 60:]
    # Code of the paper: unbiased polynomial MMD of one subset, here of all rows.
    expected = (xx.sum() - np.trace(xx)) / (60 * 59) + (yy.sum() - np.trace(yy)) / (60 * 59)
    expected -= 2 * xy.mean()
    score = kid(x, y)
    assert score.value == pytest.approx(expected, abs=1e-10)
    assert score.low < score.value < score.high


def test_energy_distance_of_shifted_points():
    # 2 E|x - y| - E|x - x'| - E|y - y'| with all pairs written out.
    score = energy_distance([[0.0], [1.0]], [[3.0], [5.0]])
    assert score.value == pytest.approx(2 * (3 + 5 + 2 + 4) / 4 - 1 - 2)


@pytest.mark.parametrize("estimate", [mmd2_block, mmd2_incomplete])
class TestLargeSamples:
    def test_mean_over_draws_is_the_closed_form(self, estimate):
        pair = PAIRS["corr0.8"]
        truth = population_mmd2(pair.p, pair.q, "rbf(sigma=1.0)")
        values = [
            estimate(*pair.sample(100, seed), rbf(1.0), rng=np.random.default_rng(seed)).value
            for seed in range(60)
        ]
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        assert abs(np.mean(values) - truth) < 4 * error

    def test_p_values_hold_their_level_and_see_a_difference(self, estimate):
        p_values = [
            estimate(
                *PAIRS["null_gauss2d"].sample(100, seed), rng=np.random.default_rng(seed)
            ).p_value
            for seed in range(150)
        ]
        assert sum(p <= 0.05 for p in p_values) <= binom.ppf(0.999, 150, 0.05)
        x, y = PAIRS["shift1"].sample(500, 0)
        assert estimate(x, y, rng=np.random.default_rng(0)).p_value < 0.01

    def test_uses_as_many_rows_of_each_as_it_says(self, estimate):
        x, y = PAIRS["shift1"].sample(130, 0)
        score = estimate(x, y[:110], rng=np.random.default_rng(0))
        assert score.n_real == score.n_fake
        assert 100 <= score.n_real <= 110


def test_incomplete_estimate_with_all_pairs_is_the_mean_over_pairs():
    x, y = PAIRS["corr0.8"].sample(20, 0)
    score = mmd2_incomplete(x, y, rbf(1.0), rng=np.random.default_rng(3), subdiagonals=19)
    rng = np.random.default_rng(3)
    u, v = x[rng.permutation(20)], y[rng.permutation(20)]

    def k(a, b):
        return np.exp(-square(a, b) / 2)

    terms = [
        k(u[i], u[j]) + k(v[i], v[j]) - k(u[i], v[j]) - k(v[i], u[j])
        for i in range(20)
        for j in range(i + 1, 20)
    ]
    assert score.details["pairs"] == 190
    assert score.value == pytest.approx(np.mean(terms), abs=1e-12)
    few = mmd2_incomplete(x, y, rbf(1.0), rng=np.random.default_rng(3), subdiagonals=4)
    assert few.details["pairs"] == 4 * 20 - 10


def test_blocks_are_averaged():
    x, y = PAIRS["corr0.8"].sample(20, 0)
    score = mmd2_block(x, y, rbf(1.0), rng=np.random.default_rng(3), block=10)
    rng = np.random.default_rng(3)
    u, v = x[rng.permutation(20)], y[rng.permutation(20)]
    values = [mmd2(u[part], v[part], rbf(1.0)).value for part in (slice(0, 10), slice(10, 20))]
    assert score.value == pytest.approx(np.mean(values), abs=1e-12)
    assert score.details["blocks"] == 2


@pytest.mark.parametrize(
    ("kernel", "complaint"),
    [
        ("rfb", "No kernel named 'rfb'. Did you mean 'rbf'?"),
        ("rbf(sigma=-1)", "sigma must be"),
        ("rbf(width=1)", "has no parameter 'width'"),
        ("rbf(sigma='mean')", "sigma must be"),
        ("rbf(", "Cannot read"),
        (lambda a, b: a, "must return"),
        (lambda a, b: a @ b.T * float("nan"), "must return"),
    ],
)
def test_bad_kernels_are_refused(kernel, complaint):
    x, y = PAIRS["corr0.8"].sample(20, 0)
    with pytest.raises(MetricError, match="`kernel`") as caught:
        mmd2(x, y, kernel)
    assert complaint in str(caught.value)
