import numpy as np
import pytest
from scipy.special import digamma
from scipy.stats import binom
from sklearn.feature_selection import mutual_info_classif

from benchmarks.calibration.pairs import PAIRS
from ganbench.errors import MetricError
from ganbench.metrics import jsd_knn, jsd_known_density, jsd_lower_bound

# (bias, standard deviation) of knn, lower_bound and known at n = 1000, from draws 0 to 19.
MEASURED = {
    "null_gauss2d": ((0.0005, 0.0051), (-0.0026, 0.0015), (-0.0020, 0.0025)),
    "shift1": ((0.0002, 0.0127), (-0.0048, 0.0111), (-0.0059, 0.0161)),
    "shift2": ((0.0007, 0.0130), (-0.0051, 0.0136), (-0.0070, 0.0181)),
    "corr0.8": ((0.0052, 0.0101), (-0.0063, 0.0092), (-0.0052, 0.0105)),
    "ring8_miss1": ((0.0001, 0.0076), (-0.0096, 0.0046), (-0.0160, 0.0067)),
    "ring8_miss4": ((0.0007, 0.0097), (-0.0074, 0.0087), (-0.0184, 0.0086)),
    "ring8_miss7": ((0.0023, 0.0141), (-0.0031, 0.0137), (-0.0020, 0.0136)),
    "grid25_blur": ((-0.0437, 0.0108), (-0.0544, 0.0100), (-0.0174, 0.0081)),
    "shift1_d10": ((-0.0074, 0.0145), (-0.0203, 0.0115), (-0.0916, 0.0166)),
}


def all_values(pair, x, y, seed):
    rng = np.random.default_rng(seed)
    return (
        jsd_knn(x, y, rng=rng, scale=x.std(axis=0)).value,
        jsd_lower_bound(x, y, rng=rng).value,
        jsd_known_density(x, y, pair.p.log_prob, rng=rng).value,
    )


@pytest.mark.parametrize("name", MEASURED)
def test_values_lie_where_measured_biases_put_them(name):
    pair = PAIRS[name]
    values = all_values(pair, *pair.sample(1000, 1000), 1000)
    for value, (bias, sd) in zip(values, MEASURED[name], strict=True):
        # Four standard deviations of a new draw about a mean that 20 draws have measured.
        assert abs(value - pair.jsd - bias) < 4 * sd * np.sqrt(1 + 1 / 20)


def test_missing_more_modes_is_further_away():
    for values in zip(
        *(
            all_values(PAIRS[f"ring8_miss{k}"], *PAIRS[f"ring8_miss{k}"].sample(500, 0), 0)
            for k in (1, 4, 7)
        ),
        strict=True,
    ):
        assert list(values) == sorted(values)
        assert values[-1] < np.log(2)


@pytest.fixture(scope="module", params=["corr0.8", "grid25_blur"])
def bounds(request):
    """Return the truth, and both bounds of 20 draws: (20, 2) scores."""
    pair, scores = PAIRS[request.param], []
    for seed in range(20):
        x, y = pair.sample(200, seed)
        rng = np.random.default_rng(seed)
        known = jsd_known_density(x, y, pair.p.log_prob, rng=rng)
        scores.append((known, jsd_lower_bound(x, y, rng=rng)))
    return pair.jsd, scores


def test_lower_ends_lie_below_the_truth(bounds):
    truth, scores = bounds
    below = np.sum([[score.low <= truth for score in pair] for pair in scores], axis=0)
    assert below.min() >= binom.ppf(0.001, 20, 0.95)
    assert all(score.high is None for pair in scores for score in pair)


def test_bounds_average_to_less_than_the_truth(bounds):
    truth, scores = bounds
    gaps = np.array([[score.value - truth for score in pair] for pair in scores])
    error = np.std(gaps, axis=0, ddof=1) / np.sqrt(20)
    assert (gaps.mean(axis=0) < 3.6 * error).all()  # 99.9% of Student's t at 19 degrees.


def test_standard_error_is_the_spread_of_a_bound_that_is_learned_well():
    rng = np.random.default_rng(0)
    scores = [jsd_lower_bound(*PAIRS["shift2"].sample(200, s), rng=rng) for s in range(20)]
    spread = np.std([score.value for score in scores], ddof=1)
    stated = np.mean([score.details["standard_error"] for score in scores])
    # The relative error of a standard deviation from 20 draws is 1 / sqrt(38).
    assert abs(spread / stated - 1) < 4 / np.sqrt(38)


def test_knn_equals_sklearn_in_one_column():
    x, y = PAIRS["shift1"].sample(500, 0)
    rows, labels = np.vstack([x, y]), np.repeat([0, 1], 500)
    seen = jsd_knn(x, y, rng=np.random.default_rng(0), k=3).value
    theirs = mutual_info_classif(rows, labels, n_neighbors=3, random_state=0)[0]
    # sklearn moves rows by 1e-10, which leaves the order of 1000 rows as it is.
    assert seen == pytest.approx(theirs, abs=1e-12)


def test_knn_equals_the_naive_loop():
    x, y = PAIRS["corr0.8"].sample(300, 0)
    rows = np.vstack([x, y])
    total = 0.0
    for i in range(600):
        gaps = np.sqrt(((rows - rows[i]) ** 2).sum(axis=1))
        own = gaps[:300] if i < 300 else gaps[300:]
        total += digamma(np.sum(gaps < np.sort(own)[5]))
    expected = digamma(600) + digamma(5) - digamma(300) - total / 600
    seen = jsd_knn(x, y, rng=np.random.default_rng(0), scale=[1, 1]).value
    assert seen == pytest.approx(expected, abs=1e-12)


def test_knn_is_symmetric_and_ignores_row_order():
    x, y = PAIRS["corr0.8"].sample(300, 0)
    rng = np.random.default_rng(0)
    seen = jsd_knn(x, y, rng=rng).value
    assert jsd_knn(y, x, rng=rng).value == pytest.approx(seen, abs=1e-12)
    assert jsd_knn(x[::-1], y[::-1], rng=rng).value == pytest.approx(seen, abs=1e-12)


def test_knn_interval_covers():
    pair, covered = PAIRS["corr0.8"], 0
    for seed in range(40):
        score = jsd_knn(*pair.sample(300, seed), rng=np.random.default_rng(seed), interval=True)
        covered += score.low <= pair.jsd <= score.high
    assert covered >= binom.ppf(0.001, 40, 0.95)


def test_interval_leaves_the_value_alone():
    x, y = PAIRS["corr0.8"].sample(100, 0)
    plain = jsd_knn(x, y, rng=np.random.default_rng(0))
    assert jsd_knn(x, y, rng=np.random.default_rng(0), interval=True).value == plain.value


def test_larger_sample_is_thinned_to_equal_weights():
    x, _ = PAIRS["corr0.8"].sample(900, 0)
    _, y = PAIRS["corr0.8"].sample(300, 1)
    score = jsd_knn(x, y, rng=np.random.default_rng(0))
    assert (score.n_real, score.n_fake) == (300, 300)
    bias, sd = MEASURED["corr0.8"][0]
    # The standard deviation grows by sqrt(1000 / 300), and the bias at most as fast.
    growth = np.sqrt(1000 / 300)
    assert abs(score.value - PAIRS["corr0.8"].jsd) < growth * (bias + 4 * sd)


def test_unequal_sizes_are_corrected_in_the_bound():
    pair = PAIRS["corr0.8"]
    x, _ = pair.sample(2000, 0)
    _, y = pair.sample(500, 1)
    score = jsd_lower_bound(x, y, rng=np.random.default_rng(0))
    bias, _ = MEASURED["corr0.8"][1]
    # Half the rows of one sample: twice the learning cost at most, and the stated error.
    assert abs(score.value - pair.jsd - bias) < 4 * score.details["standard_error"] - bias


def test_tied_distances_of_binary_columns_do_no_harm():
    rows = (np.random.default_rng(0).random((800, 20)) < 0.3).astype(float)
    value = jsd_knn(rows[:400], rows[400:], rng=np.random.default_rng(1)).value
    _, sd = MEASURED["shift1_d10"][0]
    # Four times the largest standard deviation among the pairs, which grows as 1 / sqrt(n).
    assert abs(value) < 4 * sd * np.sqrt(1000 / 400)


def test_noise_in_many_columns_is_told_to_be_beyond_neighbours():
    rng = np.random.default_rng(0)
    x, y = (np.repeat(rng.standard_normal((400, 2)), 20, axis=1) for _ in range(2))
    y += 0.3 * rng.standard_normal(y.shape)
    score = jsd_knn(x, y, rng=rng)
    assert score.value < -0.1
    assert score.details["neighbours"] == [5]
    assert "trust the lower bound" in score.details["warnings"][0]
    assert jsd_lower_bound(x, y, rng=rng).low > 0.5


def test_many_columns_are_extrapolated_and_a_hundred_are_not():
    pair = PAIRS["scale_d10"]
    x, y = pair.sample(2000, 0)
    rng = np.random.default_rng(0)
    plain = jsd_knn(x, y, rng=rng, extrapolate=False, interval=False)
    line = jsd_knn(x, y, rng=rng, interval=False)
    assert plain.details["neighbours"] == [5]
    assert line.details["neighbours"] == [1, 4, 5, 16, 32]
    assert plain.value < pair.jsd - 0.1, "balls of 5 neighbours are much too large"
    assert abs(line.value - pair.jsd) < 0.06
    wide = rng.standard_normal((300, 100)), rng.standard_normal((300, 100))
    assert jsd_knn(*wide, rng=rng, interval=False).details["neighbours"] == [5]
    apart = jsd_knn(x, y + 5, rng=rng)
    assert apart.value == np.log(2)
    assert apart.low < apart.value < apart.high, "what is cut off is still uncertain"


def test_balls_that_are_too_large_are_told():
    x, y = PAIRS["scale_d10"].sample(500, 0)
    warnings = jsd_knn(x, y, rng=np.random.default_rng(0)).details["warnings"]
    assert "too large to trust" in warnings[0]
    x, y = PAIRS["corr0.8"].sample(500, 0)
    assert "warnings" not in jsd_knn(x, y, rng=np.random.default_rng(0)).details


@pytest.mark.parametrize("estimate", [jsd_knn, jsd_lower_bound])
def test_bits_are_nats_by_log_two(estimate):
    x, y = PAIRS["shift1"].sample(200, 0)
    nats, bits = (estimate(x, y, rng=np.random.default_rng(0), base=base) for base in (None, 2))
    assert bits.value == nats.value / np.log(2)
    assert bits.low == pytest.approx(nats.low / np.log(2))
    if "standard_error" in bits.details:
        error = bits.details["standard_error"]
        assert bits.value - 1.6448536269514722 * error == pytest.approx(bits.low)
    with pytest.raises(MetricError, match="`base`"):
        estimate(x, y, rng=np.random.default_rng(0), base=1)


def test_heavy_tails_do_not_drown_in_jitter():
    rng = np.random.default_rng(0)
    x, y = PAIRS["shift1"].sample(500, 0)
    seen = jsd_knn(x, y, rng=rng).value
    x[0], y[0] = 1e30, -1e30
    # Two of 1000 rows change: by 2 (psi(1000) - psi(5)) / 1000 at the very most, and as much for
    # the few rows that they were neighbours of.
    assert jsd_knn(x, y, rng=rng).value == pytest.approx(seen, abs=0.05)


def test_duplicates_are_jittered_and_counted():
    rng = np.random.default_rng(0)
    p, q = np.full(10, 0.1), np.arange(1, 11) / 55
    x, y = (rng.choice(10, (1000, 1), p=law).astype(float) for law in (p, q))
    score = jsd_knn(x, y, rng=rng)
    assert score.details["duplicates"] == 1990
    middle = (p + q) / 2
    truth = (p @ np.log(p / middle) + q @ np.log(q / middle)) / 2
    bias, sd = MEASURED["shift1"][0]
    # Within an atom jittered rows are exchangeable, which makes it a continuous law as any other.
    assert abs(score.value - truth) < bias + 4 * sd


def test_separate_supports_reach_almost_log_two():
    x, y = PAIRS["null_gauss2d"].sample(500, 0)
    for value in all_values(PAIRS["null_gauss2d"], x, y + 50, 0):
        # The point estimate reaches psi(2n) - psi(n), which exceeds log 2 by about 1 / 4n.
        assert np.log(2) - 0.01 < value < digamma(1000) - digamma(500) + 1e-9


def test_support_outside_the_real_law_is_allowed():
    rng = np.random.default_rng(0)
    x, y = rng.random((1000, 1)), rng.random((1000, 1)) + 0.25

    def log_prob(rows):
        return np.where((rows[:, 0] >= 0) & (rows[:, 0] <= 1), 0.0, -np.inf)

    score = jsd_known_density(x, y, log_prob, rng=rng)
    truth = np.log(2) / 4
    assert score.low <= truth
    # A bound that loses more than a fifth on uniform laws in one column would be of no use.
    assert score.value > 0.8 * truth
