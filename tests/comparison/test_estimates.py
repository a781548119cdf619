"""Intervals over seeds: known formulas, failures as worst, missing runs left out."""

import numpy as np
import pytest
from scipy import stats

from ganbench.comparison.estimates import interquartile_mean, mean, median

NAN, INF = np.nan, np.inf


def test_mean_is_students(rng):
    values = rng.standard_normal((3, 8))
    found = mean(values)
    for place, row in enumerate(values):
        low, high = stats.ttest_1samp(row, 0).confidence_interval(0.95)
        assert (found.low[place], found.high[place]) == pytest.approx((low, high), abs=1e-12)


def test_mean_is_of_the_runs_that_did_not_fail():
    found = mean(np.array([[1.0, 3.0, INF, NAN], [2.0, NAN, NAN, NAN], [INF, INF, NAN, NAN]]))
    assert found.value.tolist() == pytest.approx([2.0, 2.0, NAN], nan_ok=True)
    assert found.low[0] == pytest.approx(2 - stats.t.ppf(0.975, 1))
    assert np.isnan(found.low[1:]).all()


def test_interquartile_mean_is_trimmed_and_its_error_winsorised(rng):
    values = rng.standard_normal((4, 11))
    found = interquartile_mean(values)
    assert found.value == pytest.approx(stats.trim_mean(values, 0.25, axis=1))
    for place, row in enumerate(values):
        winsorised = stats.mstats.winsorize(row, limits=(2 / 11, 2 / 11)).data.std(ddof=1)
        half = stats.t.ppf(0.975, 6) * winsorised * np.sqrt(10 / (7 * 6))
        assert found.high[place] - found.value[place] == pytest.approx(half)


def test_interquartile_mean_counts_failures_as_worst():
    found = interquartile_mean(
        np.array([[1.0, 2.0, 3.0, INF], [1.0, 2.0, INF, INF], [4.0, 2.0, NAN, NAN]])
    )
    assert found.value.tolist() == [2.5, INF, 3.0]
    assert np.isnan(found.high[1])


def test_median_lies_between_order_statistics():
    found = median(np.array([[*range(1, 11)], [*range(1, 6), *[NAN] * 5]], dtype=float))
    assert (found.value[0], found.low[0], found.high[0]) == (5.5, 2.0, 9.0)
    assert found.value[1] == 3.0
    assert np.isnan(found.low[1])


def test_median_counts_failures_as_worst():
    found = median(np.array([[1.0, 2.0, 3.0, 4.0, 5.0, INF], [1.0, INF, INF, NAN, NAN, NAN]]))
    assert (found.value[0], found.low[0], found.high[0]) == (3.5, 1.0, INF)
    assert found.value[1] == INF
