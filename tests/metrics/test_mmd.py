import numpy as np
import pytest
from scipy.stats import binom, kstest

from benchmarks.calibration.pairs import PAIRS
from ganbench.metrics import median_distance, mmd2, mmd_test
from ganbench.metrics.mmd import FACTORS


def naive_mmd2(x, y, bandwidth):
    def k(a, b):
        return np.exp(-np.sum((a - b) ** 2) / (2 * bandwidth**2))

    n, m = len(x), len(y)
    within_x = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j)
    within_y = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j)
    cross = sum(k(a, b) for a in x for b in y)
    return within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * cross / (n * m)


def test_equals_the_naive_double_loop():
    x, y = PAIRS["corr0.8"].sample(40, 0)
    expected = np.mean([naive_mmd2(x, y[:25], s) for s in (0.3, 1.0, 2.5)])
    assert mmd2(x, y[:25], [0.3, 1.0, 2.5]).value == pytest.approx(expected, abs=1e-12)


def test_blocks_do_not_change_the_value():
    x, y = PAIRS["corr0.8"].sample(400, 0)
    gaps = np.vstack([x, y])[:, None] - np.vstack([x, y])
    kernel = np.exp(-np.sum(gaps**2, axis=2) / 2)
    np.fill_diagonal(kernel, 0)
    within = kernel[:400, :400].sum() + kernel[400:, 400:].sum()
    expected = within / (400 * 399) - 2 * kernel[:400, 400:].mean()
    assert mmd2(x, y, [1.0]).value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "name", ["null_gauss2d", "shift1", "corr0.8", "ring8_miss4", "grid25_blur"]
)
def test_mean_over_draws_is_the_closed_form(name):
    pair = PAIRS[name]
    bandwidth = 0.5 if name == "grid25_blur" else 1.0
    values = [mmd2(*pair.sample(100, seed), [bandwidth]).value for seed in range(100)]
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    # Four standard errors, estimated from the draws themselves.
    assert abs(np.mean(values) - pair.mmd2) < 4 * error


def test_interval_covers_the_truth_away_from_the_null():
    pair = PAIRS["shift1"]
    scores = [mmd2(*pair.sample(300, seed), [1.0], interval=True) for seed in range(100)]
    covered = sum(score.low <= pair.mmd2 <= score.high for score in scores)
    # At a true coverage of .95, fewer than 87 or 88 of 100 happen once in a thousand times.
    assert covered >= binom.ppf(0.001, 100, 0.95)


def test_row_order_and_rotation_do_not_matter():
    x, y = PAIRS["corr0.8"].sample(100, 0)
    seen = mmd2(x, y, [0.5, 1.0]).value
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert mmd2(x[::-1], y[::-1], [0.5, 1.0]).value == pytest.approx(seen, abs=1e-12)
    assert mmd2(x @ turn, y @ turn, [0.5, 1.0]).value == pytest.approx(seen, abs=1e-12)
    assert mmd2(y, x, [0.5, 1.0]).value == pytest.approx(seen, abs=1e-12)


def test_far_from_the_origin_no_digits_are_lost():
    x, y = PAIRS["corr0.8"].sample(100, 0)
    # Adding 1e6 itself rounds coordinates at 1e-10.
    assert mmd2(x + 1e6, y + 1e6, [1.0]).value == pytest.approx(mmd2(x, y, [1.0]).value, abs=1e-9)


def test_missing_more_modes_scores_worse():
    values = [mmd2(*PAIRS[f"ring8_miss{k}"].sample(300, 0), [1.0]).value for k in (1, 4, 7)]
    assert values == sorted(values)


def test_p_values_are_uniform_under_the_null():
    rng = np.random.default_rng(0)
    p_values = [
        mmd_test(
            *PAIRS["null_gauss2d"].sample(50, seed), [0.5, 1.0, 2.0], rng=rng, permutations=99
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
    score = mmd_test(x, y[:20], [1.0], rng=np.random.default_rng(5), permutations=30)
    labels = np.repeat([1.0, 0.0], [30, 20])
    shuffles = np.random.default_rng(5).permuted(np.tile(labels[:, None], 30), axis=0)
    rows = np.vstack([x, y[:20]])
    permuted = [mmd2(rows[z == 1], rows[z == 0], [1.0]).value for z in shuffles.T]
    seen = mmd2(x, y[:20], [1.0]).value
    assert score.value == seen
    assert score.p_value == (1 + sum(value >= seen for value in permuted)) / 31


def test_difference_is_detected():
    x, y = PAIRS["ring8_miss1"].sample(500, 0)
    scale = median_distance(x)
    score = mmd_test(x, y, [f * scale for f in FACTORS], rng=np.random.default_rng(0))
    assert score.p_value == pytest.approx(1 / 500)


def test_two_rows_are_enough_and_tied_permutations_count():
    score = mmd_test([[0.0], [1.0]], [[5.0], [6.0]], [1.0], rng=np.random.default_rng(0))
    # One in three partitions of four rows is the seen one.
    assert score.p_value == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / 499))


def test_median_distance():
    assert median_distance([[0.0], [1.0], [3.0]]) == 2
    assert median_distance([[0.0], [0.0], [0.0], [2.0]]) == 2
