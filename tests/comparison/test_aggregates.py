"""Normalised scores over tasks, their bootstrap and performance profiles."""

import numpy as np
import pandas as pd
import pytest

from ganbench.comparison.aggregates import aggregate, normalise, profiles, resampled, trimmed_mean
from ganbench.comparison.pairing import games_and_laws, labelled, lay_out, scores_to_compare
from ganbench.plugins import NOTHING
from tests.comparison.frames import laid_out, tidy

NAN = np.nan


@pytest.fixture
def scores(grid):
    frame = labelled(grid)
    (found,) = lay_out(frame, frame[:0], "loss", scores_to_compare(frame, None))
    return found


def test_real_data_is_one_and_the_worst_variant_zero():
    found = normalise(
        laid_out({("ring", "mlp", "a"): [4.0, 6.0], ("ring", "mlp", "b"): [3.0, 1.0]}, floor=1.0)
    )
    assert found.values[0].tolist() == [[0.25, -0.25], [0.5, 1.0]]
    assert found.unmet == ()


def test_higher_is_better_normalises_alike():
    values = {("ring", "mlp", "a"): [2.0, 4.0], ("ring", "mlp", "b"): [8.0, 5.0]}
    found = normalise(laid_out(values, better="higher", floor=8.0, floor_p95=7.9))
    assert found.values[0].tolist() == [[-0.2, 0.2], [1.0, 0.4]]


def law_frame(value):
    frame = tidy({("ring", "kde", "x"): [value]})
    return frame.assign(**dict.fromkeys(("prior", "discriminator", "loss"), NOTHING.label))


@pytest.mark.parametrize(("value", "zero"), [(11.0, 11.0), (0.0, 5.0)])
def test_a_law_that_is_worse_than_real_data_is_zero(value, zero):
    games = tidy({("ring", "mlp", "a"): [4.0, 6.0], ("ring", "mlp", "b"): [3.0, 1.0]}, floor=1.0)
    frame = labelled(pd.concat([games, law_frame(value)], ignore_index=True))
    games, laws = games_and_laws(frame)
    (scores,) = lay_out(games, laws, "loss", scores_to_compare(games, None))
    assert normalise(scores).values[0, 0] == pytest.approx((zero - np.array([4, 6])) / (zero - 1))


def test_failed_runs_are_worst_of_their_task():
    values = {
        ("ring", "mlp", "a"): [2.0, 4.0, 9.0],
        ("ring", "mlp", "b"): [1.0, "failed", "missing"],
    }
    found = normalise(laid_out(values, floor=0.0))
    assert found.values[0, 0].min() == found.values[0, 1, 1] == pytest.approx(-0.8)
    assert np.isnan(found.values[0, 1, 2])
    good = {("ring", "mlp", "a"): [2.0, 2.0], ("ring", "mlp", "b"): [1.0, "failed"]}
    assert normalise(laid_out(good, floor=0.0)).values[0, 1, 1] == 0.0


def test_tasks_that_lack_a_variant_or_a_distance_to_real_data_are_told():
    found = normalise(
        laid_out(
            {
                ("ring", "mlp", "a"): [2.0],
                ("ring", "mlp", "b"): [4.0],
                ("digits", "mlp", "a"): [2.0],
                ("easy", "mlp", "a"): [0.1],
                ("easy", "mlp", "b"): [0.2],
            },
            floor_p95=0.5,
        )
    )
    assert found.scores.tasks["dataset"].tolist() == ["ring"]
    lack, distance = found.unmet
    assert "1 of 3 tasks lack a variant" in lack
    assert "in 1 of 2 tasks no baseline is clearly worse" in distance


def test_nothing_is_normalised_without_a_floor():
    values = {("ring", "mlp", "a"): [2.0], ("ring", "mlp", "b"): [4.0]}
    found = normalise(laid_out(values, floor=None, floor_p95=None))
    assert len(found.values) == 0
    assert "no floor is known" in found.unmet[0]


def test_resampling_keeps_to_the_seeds_of_a_task(rng):
    values = np.array([[1.0, 2.0, NAN], [10.0, 20.0, 30.0]])
    drawn = resampled(values, 2000, rng)
    assert drawn.shape == (2000, 5)
    assert set(drawn[:, :2].ravel()) == {1.0, 2.0}
    assert set(drawn[:, 2:].ravel()) == {10.0, 20.0, 30.0}
    # The mean of 2000 draws is known to 8.2 / sqrt(6000) = .11 (one deviation).
    assert drawn[:, 2:].mean() == pytest.approx(20.0, abs=0.5)


def test_aggregates_order_variants_and_hold_their_point_estimates(scores):
    normalised = normalise(scores)
    found = aggregate(normalised, 0).set_index("variant")
    flat = normalised.values[:, 1].ravel()
    assert found.loc["good", "iqm"] == pytest.approx(trimmed_mean(flat))
    assert found.loc["good", "mean"] == pytest.approx(flat.mean())
    assert found.loc["good", ["tasks", "runs", "failed"]].tolist() == [7, 70, 0]
    assert found.loc["good", "iqm_low"] > found.loc["same", "iqm_high"]
    assert found.loc["good", "improvement"] == 1.0
    low, high = found.loc["same", ["improvement_low", "improvement_high"]]
    assert low < found.loc["same", "improvement"] < high
    assert np.isnan(found.loc["base", "improvement"])


def test_bootstrap_intervals_are_those_of_a_plain_bootstrap(scores):
    normalised = normalise(scores)
    found = aggregate(normalised, 0).set_index("variant").loc["same"]
    rng, values = np.random.default_rng(1), normalised.values
    means, wins = [], []
    for _ in range(2000):
        x, y = ([rng.choice(row, len(row)) for row in values[:, place]] for place in (2, 0))
        means.append(np.mean(x))
        wins.append(np.mean([(a[:, None] > b).mean() for a, b in zip(x, y, strict=True)]))
    # Either end is a quantile of 2000 draws, known to a tenth of the width.
    for name, draws in (("mean", means), ("improvement", wins)):
        low, high = np.percentile(draws, [2.5, 97.5])
        ends = found[[f"{name}_low", f"{name}_high"]].tolist()
        assert ends == pytest.approx([low, high], abs=(high - low) / 8)


def test_aggregates_are_the_same_every_time(scores):
    normalised = normalise(scores)
    assert aggregate(normalised, 0).equals(aggregate(normalised, 0))


def test_profiles_are_shares_above_thresholds(scores):
    normalised = normalise(scores)
    found = profiles(normalised)
    for place, variant in enumerate(scores.variants):
        part = found[found["variant"].eq(variant)]
        values = normalised.values[:, place].ravel()
        expected = [(values > threshold).mean() for threshold in part["threshold"]]
        assert part["share"].tolist() == pytest.approx(expected)
        assert (part["low"] <= part["share"]).all()
        assert (part["share"] <= part["high"]).all()
    base = found[found["variant"].eq("base")]
    assert (base["high"] - base["low"]).max() > 0.05
