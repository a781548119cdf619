"""Scores of tables with missing values, times and booleans."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from ganbench.errors import MetricError
from ganbench.metrics import association_gap, column_fidelity, tstr


def table(n, seed, gap=0.2):
    """Draw a table with all kinds of columns and gaps, which depend on the first one."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n)
    missing = rng.random(n) < gap * (1 + (size > 0)) / 1.5
    return pd.DataFrame(
        {
            "size": size,
            "price": np.where(missing, np.nan, 3 * size + rng.normal(size=n)),
            "count": pd.Series(rng.poisson(np.exp(size)), dtype="Int64").mask(missing),
            "when": pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(size, unit="D")).mask(
                missing
            ),
            "known": pd.Series(size > 0, dtype="boolean").mask(rng.random(n) < gap),
            "sure": rng.random(n) < 0.5,
            "word": pd.Series(rng.choice(["a", "b"], n), dtype="str").mask(rng.random(n) < gap),
        }
    )


def by_name(scores):
    return {score.estimator: score for score in scores}


def test_a_gap_counts_as_a_number_and_as_a_category():
    real, fake = table(300, 0), table(200, 1, gap=0.6)
    scores = by_name(column_fidelity(real, fake))
    shares = [frame["price"].isna().mean() for frame in (real, fake)]
    assert scores["tv"].details["columns"]["price is missing"] == pytest.approx(
        abs(shares[0] - shares[1])
    )
    mean = real["price"].mean()
    expected = ks_2samp(real["price"].fillna(mean), fake["price"].fillna(mean)).statistic
    assert scores["ks"].details["columns"]["price"] == pytest.approx(expected)
    assert "size is missing" not in scores["tv"].details["columns"]
    pairs = by_name(association_gap(real, fake))
    assert "price is missing ~ size" in pairs["mixed"].details["pairs"]


def test_equal_tables_are_at_no_distance():
    real = table(200, 0)
    for score in (*column_fidelity(real, real.copy()), *association_gap(real, real.copy())):
        assert score.value == pytest.approx(0, abs=1e-12)


def test_times_score_as_the_numbers_that_they_are():
    real, fake = table(200, 0), table(150, 1)
    scores = {}
    for unit in ("ns", "s", "numbers"):
        frames = []
        for frame in (real, fake):
            whole = frame["when"].dt.floor("s")
            start = pd.Timestamp("1970-01-01")
            column = (
                (whole - start).dt.total_seconds()
                if unit == "numbers"
                else whole.astype(f"datetime64[{unit}]")
            )
            frames.append(frame.assign(when=column))
        scores[unit] = [
            score.value for score in (*column_fidelity(*frames), *association_gap(*frames))
        ]
    assert scores["ns"] == pytest.approx(scores["numbers"], rel=1e-9)
    assert scores["s"] == pytest.approx(scores["numbers"], rel=1e-9)


def test_every_kind_of_missing_value_is_the_same_category():
    real = pd.DataFrame({"a": ["x", None, "y", "x"], "b": [True, False, None, True]})
    fake = pd.DataFrame({"a": ["x", np.nan, "y", "x"]}).assign(
        b=pd.array([True, False, None, True], dtype="boolean")
    )
    scores = by_name(column_fidelity(real.astype(object), fake))
    assert scores["tv"].value == 0
    assert scores["range"].value == 0


def test_gaps_that_the_real_table_has_not_are_out_of_range():
    real, fake = table(100, 0, gap=0), table(100, 1)
    rows = fake.isna().any(axis=1).mean()
    assert by_name(column_fidelity(real, fake))["range"].value >= rows


def test_a_column_without_real_numbers_is_refused():
    real = table(50, 0)
    with pytest.raises(MetricError, match="`real` has no numbers in the column price"):
        column_fidelity(real.assign(price=np.nan), real)
    assert by_name(column_fidelity(real, real.assign(price=np.nan)))["ks"].value > 0


@pytest.mark.parametrize("target", ["price", "known", "when"])
def test_rows_without_a_target_are_left_out(target):
    train, test, fake = table(300, 0), table(200, 1), table(300, 2)

    def scores(*frames):
        return [s.value for s in tstr(*frames, target, rng=np.random.default_rng(0))]

    gaps = scores(train, test, fake)
    dropped = [frame.dropna(subset=[target]) for frame in (train, test, fake)]
    assert gaps == scores(*dropped)
    assert gaps[0] > 0.5


def test_a_table_without_targets_is_refused():
    train = table(100, 0)
    with pytest.raises(MetricError, match="`fake` has 0 rows"):
        tstr(train, train, train.assign(price=np.nan), "price", rng=np.random.default_rng(0))
