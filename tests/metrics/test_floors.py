import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from ganbench.errors import MetricError
from ganbench.metrics import Score, c2st, column_fidelity, floor, mmd2

ROWS = np.random.default_rng(0).standard_normal((4000, 1))


def mean_gap(x, y, rng):
    assert not {*x[:, 0]} & {*y[:, 0]}, "parts are disjoint"
    gap = float(x.mean() - y.mean())
    return [Score(gap, estimator="gap"), Score(float(len(y)), estimator="n")]


def test_floor_is_the_mean_and_the_tails_of_real_against_real():
    floors = floor(mean_gap, ROWS, 100, 400, rng=np.random.default_rng(1))
    assert floors["n"].mean == floors["n"].p95 == 100
    gap, sd = floors["gap"], np.sqrt(2 / 100)
    assert gap.splits == 400
    # Errors of a mean and of quantiles of 400 normal values, four of them.
    assert abs(gap.mean) < 4 * sd / 20
    tail = 4 * np.sqrt(0.05 * 0.95 / 400) / norm.pdf(norm.ppf(0.95)) * sd
    assert gap.p95 == pytest.approx(norm.ppf(0.95) * sd, abs=tail)
    assert gap.p05 == pytest.approx(norm.ppf(0.05) * sd, abs=tail)


def test_floor_takes_any_estimator():
    floors = floor(lambda x, y, rng: mmd2(x, y), ROWS, 50, 30, rng=np.random.default_rng(0))
    assert floors["multi_rbf"].p05 < 0 < floors["multi_rbf"].p95
    rng = np.random.default_rng(0)
    floors = floor(lambda x, y, rng: c2st(x, y, rng=rng), ROWS, 50, 4, rng=rng)
    assert floors["max"].mean > 0.5, "the best of several learners is lucky"


def test_tables_have_floors_too():
    frame = pd.DataFrame({"a": ROWS[:200, 0], "b": np.arange(200) % 3}).astype({"b": "category"})
    rng = np.random.default_rng(0)
    floors = floor(lambda x, y, rng: column_fidelity(x, y), frame, 50, 5, rng=rng)
    assert 0 < floors["ks"].mean < 0.4


def test_one_name_for_two_scores_is_refused():
    def twice(x, y, rng):
        return [mmd2(x, y, "rbf(sigma=1)"), mmd2(x, y, "rbf(sigma=2)")]

    with pytest.raises(MetricError, match="reports one estimator twice: rbf, rbf"):
        floor(twice, ROWS, 50, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("n", "splits", "name"), [(2001, 20, "n"), (0, 20, "n"), (5, 1, "splits")]
)
def test_bad_sizes_are_named(n, splits, name):
    with pytest.raises(MetricError, match=f"`{name}`"):
        floor(mean_gap, ROWS, n, splits, rng=np.random.default_rng(0))
