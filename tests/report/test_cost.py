import numpy as np
import pandas as pd
import pytest

from ganbench.errors import SpecError
from ganbench.report.cost import Target, _reach, costs
from ganbench.report.tables import summary


def test_targets_are_read():
    assert Target.parse("mmd/rbf<=0.01") == Target("mmd/rbf", 0.01, True)
    assert Target.parse(" modes/covered >= 7 ") == Target("modes/covered", 7.0, False)
    for text in ("", "mmd", "mmd<1", "mmd<=nan", "mmd<=inf", "<=1", "a<=b"):
        with pytest.raises(SpecError, match="Cannot read the target"):
            Target.parse(text)


def test_the_first_step_that_is_good_enough_counts():
    history = pd.DataFrame({"step": [10, 20, 30, 20], "quantity": ["a", "a", "a", "b"],
                            "value": [0.5, 0.1, 0.2, 9.0]})  # fmt: skip
    assert Target("a", 0.2, True).step(history) == 20
    assert Target("b", 8.0, False).step(history) == 20
    assert np.isnan(Target("a", 0.01, True).step(history))


def test_the_front_is_neither_slower_nor_worse_than_any_other(results):
    frame, fronts = costs(results), 0
    scored = {section.dataset: section for section in summary(results.frame).sections}
    for dataset, part in frame[frame["n"] > 0].groupby("dataset"):
        rows = [scored[dataset].rows[place - frame.index[frame["dataset"].eq(dataset)][0]]
                for place in part.index]  # fmt: skip
        part = part.assign(share=[row.failed / (row.failed + len(row.runs)) for row in rows])
        for row in part.itertuples():
            worse = (part["share"] > row.share) | (
                part["share"].eq(row.share) & (part["value"] >= row.value)
            )
            beaten = (part["train_seconds"] <= row.train_seconds) & ~worse
            assert row.front == (not beaten.any())
            fronts += row.front
    assert fronts


def test_time_to_a_score_is_that_share_of_the_training(results):
    # Curves begin with 1.02 times 0.9 to 1.1 and fall to 0.02; runs take 3.5 s for 1000 steps.
    frame = costs(results, Target("distance/rbf", 0.3, True))
    assert (frame["reached"] == frame["n"]).all()
    found = frame["reach_seconds"].dropna()
    assert len(found)
    assert found.between(3.5 * 0.15, 3.5 * 0.22).all()


def test_runs_that_never_came_there_took_forever():
    runs = pd.DataFrame(
        {"cell": [0, 0, 0, 1, 1, 1], "run_id": list("abcdef"),
         "status": ["ok", "ok", "failed", "ok", "ok", "missing"]}
    )  # fmt: skip
    found = _reach(runs, pd.Series({"a": 1.0, "b": np.nan, "d": 2.0, "e": 4.0}))
    assert found["reached"].tolist() == [1, 2]
    assert np.isnan(found["reach_seconds"][0])
    assert found["reach_seconds"][1] == 3.0
