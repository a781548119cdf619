import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.calibration.families import ring
from benchmarks.calibration.pairs import PAIRS
from ganbench.metrics import mode_coverage

CENTERS = ring(np.ones(8)).means
WHOLE = 1 - np.exp(-4.5)


def scores_of(fake, **options):
    return {score.estimator: score for score in mode_coverage(fake, CENTERS, 0.1, **options)}


def test_real_rows_cover_all_modes_at_the_expected_quality():
    scores = scores_of(PAIRS["ring8_miss1"].sample(2000, 0)[0])
    assert scores["covered"].value == 8
    quality = scores["quality"]
    assert quality.details["expected"] == pytest.approx(WHOLE)
    assert binom.ppf(0.0005, 2000, WHOLE) <= 2000 * quality.value <= binom.ppf(0.9995, 2000, WHOLE)
    assert quality.low < quality.value < quality.high
    # 2 n KL is asymptotically chi-squared with 7 degrees; its 99.9% quantile is 24.3.
    assert 0 <= scores["kl"].value < 24.3 / 4000


@pytest.mark.parametrize("missing", [1, 4, 7])
def test_missing_modes_are_counted_and_weighed(missing):
    scores = scores_of(PAIRS[f"ring8_miss{missing}"].sample(2000, 0)[1])
    assert scores["covered"].value == 8 - missing
    assert scores["covered"].details["missed"] == list(range(missing))
    expected = np.log(8 / (8 - missing))
    # The plug-in exceeds it by chi-squared / 2n.
    assert expected - 1e-9 <= scores["kl"].value < expected + 24.3 / 4000


def test_a_fifth_of_the_expected_rows_covers_a_mode():
    rows = np.repeat(CENTERS, [20, 19, 121, 128, 128, 128, 128, 128], axis=0)
    assert len(rows) == 800
    scores = scores_of(rows)
    assert scores["covered"].details["hits"][:2] == [20, 19]
    assert scores["covered"].details["missed"] == [1]
    assert scores_of(rows, share=0)["covered"].value == 8


def test_each_mode_needs_at_least_one_row():
    scores = scores_of(CENTERS[:3], share=0)
    assert scores["covered"].value == 3


def test_junk_has_no_quality_and_a_finite_divergence():
    scores = scores_of(np.full((50, 2), 9.0))
    assert scores["covered"].value == scores["quality"].value == 0
    assert scores["kl"].value == pytest.approx(np.log(8))


def test_weights_are_what_frequencies_are_compared_with():
    weights = np.arange(1, 9)
    rows = np.repeat(CENTERS, weights, axis=0)
    assert scores_of(rows, weights=weights)["kl"].value == pytest.approx(0, abs=1e-12)
    assert scores_of(rows)["kl"].value > 0.1


def test_row_order_does_not_matter():
    rows = PAIRS["ring8_miss1"].sample(100, 0)[1]
    assert mode_coverage(rows, CENTERS, 0.1) == mode_coverage(rows[::-1], CENTERS, 0.1)
