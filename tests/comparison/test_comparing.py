"""The whole comparison: frames, answers, warnings and what could not be computed."""

import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ganbench.comparison import comparing
from ganbench.comparison.comparing import compare, compare_results
from ganbench.errors import SpecError, UnknownComponentError
from ganbench.results import Results
from tests.comparison.frames import tidy


def told(sentences, words):
    """Return the one sentence with these words."""
    (sentence,) = [each for each in sentences if words in each]
    return sentence


def results(name, frame, **environment):
    facts = {"torch": "2.13", "cuda": None, "device": "cpu", "cpu": "x", **environment}
    nothing = {"history": None, "samples": None, "dataset": None, "reason": None}
    return Results(name, {"environment": facts}, frame, **nothing)


def test_a_known_order_is_found(grid):
    found = compare(grid)
    assert (found.by, found.baseline, found.variants) == ("loss", "base", ("base", "good", "same"))
    differences = found.differences.set_index("variant")
    good, same = differences.loc["good"], differences.loc["same"]
    assert good["verdict"].eq("better").all()
    assert good["effect"].between(0.4, 0.6).all()
    assert good["scale"].eq("log").all()
    assert same["verdict"].eq("open").all()
    assert found.ranks["variant"][0] == "good"
    assert found.aggregate.set_index("variant")["iqm"].idxmax() == "good"
    assert found.answers["leader"].eq("good").all()
    assert len(found.pairwise) == 7 * 3
    assert len(found.summary) == 7 * 3
    assert set(found.profiles["variant"]) == set(found.variants)


def test_answers_say_who_won_by_how_much_and_how_surely(grid):
    answers = compare(grid).answers.set_index("task")["sentence"]
    overall, first = answers[""], answers["data0 · mlp · normal"]
    assert overall.startswith("over 7 tasks good leads: normalised interquartile mean ")
    assert "average rank 1.00 of 3 (Friedman p .00" in overall
    assert overall.endswith("tasks held fixed, overlaps with no other.")
    effect = compare(grid).differences.iloc[0]
    assert f"good leads, .{1000 * effect['effect']:.0f}" in first
    assert "against base (p < .001; practically better with probability above .99)" in first
    assert first.endswith("ahead of all 2 others.")


def test_the_baseline_can_be_named(grid):
    found = compare(grid, baseline="good")
    assert found.baseline == "good"
    assert set(found.differences["variant"]) == {"base", "same"}
    assert found.differences["verdict"].eq("worse").all()
    with pytest.raises(UnknownComponentError, match="No loss named 'goood'"):
        compare(grid, baseline="goood")


def test_leaders_that_tie_are_named_together():
    values = {("ring", "mlp", loss): [8.0, 8.0] for loss in "abc"}
    (sentence,) = compare(tidy(values, floor_p95=0.1)).answers["sentence"]
    assert sentence.startswith("a, the baseline, leads; as good: b, c; not told apart from any")


def test_a_leader_is_told_apart_from_the_baseline_by_planned_comparisons(rng):
    """P is .02: enough for two comparisons with the baseline, not for all three pairs."""
    noise = rng.standard_normal(8)
    noise -= noise.mean()
    y = 5 + rng.standard_normal(8)
    values = {
        ("ring", "mlp", "base"): y,
        ("ring", "mlp", "best"): y - 1.06 * np.std(noise, ddof=1) + noise,
        ("ring", "mlp", "far"): y - 0.1 * np.std(noise, ddof=1) - noise,
    }
    found = compare(tidy(values, floor=9.0, floor_p95=9.001))
    p = found.differences.set_index("variant").loc["best"]
    pair = found.pairwise.set_index(["variant", "other"]).loc["base", "best"]
    assert p["p_holm"] < 0.05 < pair["p_holm"]
    (answer,) = found.answers.to_dict("records")
    assert answer["alike"] == ["far"]
    assert answer["sentence"].endswith("ahead of 1 of 2, not told apart from far.")


def test_failures_of_leaders_and_of_those_that_would_lead_are_told():
    values = {
        ("ring", "mlp", "a"): [5.0, 5.0, 5.0, 5.0],
        ("ring", "mlp", "b"): [1.0, 1.1, 1.2, "failed"],
    }
    found = compare(tidy(values))
    (sentence,) = found.answers["sentence"]
    assert sentence.startswith("a, the baseline, leads; ")
    assert "b has a better mean, but 1 of its 4 runs failed" in sentence
    values["ring", "mlp", "a"] = [5.0, 5.0, "failed", "failed"]
    (sentence,) = compare(tidy(values)).answers["sentence"]
    assert sentence.startswith("b leads, ")
    assert "1 of its 4 runs failed" in sentence
    assert told(found.warnings, "failed and count as worst") == (
        "1 run failed and count as worst: 1 of b."
    )


def test_rivals_that_could_not_be_tested_are_told():
    values = {
        ("ring", "mlp", "a"): [1.0, 1.1, 1.2, 1.0],
        ("ring", "mlp", "b"): [5.0, 5.2, 5.1, 5.4],
        ("ring", "mlp", "c"): [7.0, *["missing"] * 3],
    }
    (sentence,) = compare(tidy(values)).answers["sentence"]
    assert sentence.endswith("leads; ahead of 1 of 2, 1 of 2 could not be tested.")


def test_scores_that_are_not_finite_are_told():
    values = {
        ("ring", "mlp", "a"): [1.0, 1.1, float("inf")],
        ("ring", "mlp", "b"): [2.0, 2.1, 2.2],
    }
    assert told(compare(tidy(values)).warnings, "not finite") == (
        "Scores of finished runs that are not finite count as worst: 1 of distance."
    )


def test_tasks_with_one_variant_are_left_out_and_told():
    values = {("ring", "mlp", "a"): [1.0, 2.0], ("ring", "mlp", "b"): [2.0, 3.0]}
    values["digits", "mlp", "b"] = [1.0, 1.0]
    found = compare(tidy(values), by="loss")
    assert set(found.summary["dataset"]) == {"ring"}
    assert "1 of 2 tasks have one loss only: left out." in found.unmet


def test_a_variant_whose_rivals_have_no_runs_is_alone():
    values = {("ring", "mlp", "a"): [1.0, 2.0], ("ring", "mlp", "b"): ["missing", "missing"]}
    assert compare(tidy(values)).answers["sentence"].tolist() == ["only a is there."]


def test_no_task_with_all_variants_is_told_once():
    values = {
        (f"d{d}", "mlp", loss): [1.0 + d] for d in range(3) for loss in ("abc"[d], "abc"[d - 1])
    }
    parts = [tidy(values, metric=metric) for metric in ("distance", "divergence")]
    found = compare(pd.concat(parts, ignore_index=True), by="loss")
    assert told(found.unmet, "lack a variant") == (
        "distance, divergence: 3 of 3 tasks lack a variant and are left out of what spans tasks."
    )
    assert "there are 0" in told(found.unmet, "critical difference")


def test_seeds_that_are_not_shared_are_told():
    values = {("ring", "mlp", "a"): [1.0, "missing"], ("ring", "mlp", "b"): ["missing", 0.5]}
    found = compare(tidy(values))
    (sentence,) = found.answers["sentence"]
    assert "it has no seed in common with a" in sentence
    assert "2 runs of 4 not done yet" in told(found.warnings, "that is no failure")
    assert found.summary["missing"].tolist() == [1, 1]


def test_variants_that_share_no_task_cannot_be_compared():
    values = {("ring", "mlp", "a"): [1.0], ("digits", "mlp", "b"): [2.0]}
    with pytest.raises(SpecError, match="No two variants of the axis 'loss' share a task"):
        compare(tidy(values), by="loss")


def test_corrections_are_within_a_task(grid):
    found = compare(grid)
    for _, part in found.differences.groupby("dataset"):
        assert part["p_holm"].max() == pytest.approx(max(part["p"].max(), 2 * part["p"].min()))


def test_means_are_geometric_where_ratios_are_told(grid):
    row = compare(grid).summary.iloc[0]
    values = grid.loc[:9, "value"].to_numpy(dtype=float)
    assert row["scale"] == "log"
    assert row["mean"] == pytest.approx(np.exp(np.log(values).mean()))
    assert row["median"] == pytest.approx(np.exp(np.median(np.log(values))))
    assert row["iqm_low"] < row["iqm"] < row["iqm_high"]


def test_datasets_themselves_can_be_compared(grid):
    found = compare(grid, by="dataset")
    assert found.baseline == "data0"
    assert found.aggregate.empty
    assert "nothing spans them" in found.unmet[0]
    assert found.answers["leader"].eq("data0").all()


def test_all_warnings():
    values = {
        ("ring", "mlp", "a"): [1.0, 2.0, 3.0],
        ("ring", "mlp", "b"): [1.0, 2.1, 3.1],
        ("digits", "mlp", "a"): [1.0, 2.0, 3.0],
        ("digits", "mlp", "b"): [1.1, 2.1, 3.2],
    }
    frame = tidy(values, floor_p95=0.5)
    other = frame["loss"].eq("b") & frame["dataset"].eq("ring")
    frame.loc[other, ["device", "engine", "generator_steps"]] = ["cuda", "loop", 50]
    frame = frame.assign(critic_passes=200, torch="2.13", hardware="EPYC")
    frame.loc[other, ["torch", "hardware"]] = ["2.12", "H100"]
    warnings = compare(frame).warnings
    assert "in 1 of 2 tasks, as in the first: a cpu, b cuda" in told(warnings, "different devices")
    assert "a traced, b loop" in told(warnings, "different engines")
    assert "a 2.13, b 2.12" in told(warnings, "builds of torch")
    assert "a EPYC, b H100" in told(warnings, "different processors")
    assert told(warnings, "Budgets are not equal") == (
        "Budgets are not equal within tasks: generator steps up to 2 times as many; batches "
        "through the critic are equal."
    )
    assert "(down to 3) in 2 of 2 comparisons" in told(warnings, "Fewer than 6 pairs")
    assert "with 3, no less than 0.25" in told(warnings, "Fewer than 6 pairs")
    assert told(warnings, "2 datasets: what spans datasets")
    assert "In 2 of 2 comparisons" in told(warnings, "of no practical weight")
    assert told(warnings, "1 of 6 pairs are tied")


def test_nothing_is_warned_of_without_reason(grid):
    assert compare(grid[grid["loss"].ne("same")]).warnings == ()


def test_few_datasets_have_no_critical_difference(grid):
    few = compare(grid[grid["dataset"].isin([f"data{d}" for d in range(5)])])
    assert "needs 6 datasets with all variants, and there are 5" in told(few.unmet, "critical")
    assert compare(grid).unmet == ()


def test_of_many_variants_not_all_pairs_are_compared(grid, monkeypatch):
    monkeypatch.setattr(comparing, "MOST_PAIRWISE", 2)
    found = compare(grid)
    assert found.pairwise.empty
    assert told(found.unmet, "3 variants are more than 2")
    assert "ahead of all 2 others" in found.answers["sentence"].iloc[-1]


# ---------------------------------------------------------------------------- two result sets


@pytest.fixture
def before(grid):
    return results("before", grid)


def test_equal_results_behave_alike(before, grid):
    found = compare_results(before, results("after", grid))
    assert (found.by, found.baseline, found.variants) == ("results", "before", ("before", "after"))
    assert found.differences["verdict"].eq("alike").all()
    assert found.answers["sentence"][0] == (
        "of 21 cells, after behaves like before in 21, differs in 0 (0 better, 0 worse), and "
        "shows neither in 0."
    )
    assert found.unmet == ()


def test_a_change_is_found_in_its_cells(before, grid):
    changed = grid["loss"].eq("good") & grid["dataset"].eq("data1")
    worse = grid.assign(value=grid["value"].where(~changed, 1.5 * grid["value"]))
    noisy = worse.assign(value=worse["value"] * (1 + 0.01 * np.sin(np.arange(len(worse)))))
    found = compare_results(before, results("after", noisy))
    verdicts = found.differences.set_index(["dataset", "loss"])["verdict"]
    assert verdicts["data1", "good"] == "worse"
    assert verdicts.drop(("data1", "good")).isin(["alike", "open"]).all()
    sentence = found.answers.set_index("task")["sentence"]["data1 · mlp · normal · good"]
    assert sentence.startswith("after differs, for the worse: 1.5")


def test_corrections_are_over_cells(before, grid):
    shifted = grid.assign(value=grid["value"] * (1 + 0.02 * np.cos(np.arange(len(grid)))))
    found = compare_results(before, results("after", shifted)).differences
    assert found["p_holm"].min() == pytest.approx(min(1.0, 21 * found["p"].min()))


def test_what_either_side_lacks_is_told(before, grid):
    kept = grid[grid["loss"].ne("same")]
    extra = tidy({("data0", "mlp", "new"): [1.0]})
    found = compare_results(before, results("after", pd.concat([kept, extra])))
    assert told(found.unmet, "7 cells of before not in the other").endswith("and 4 more.")
    assert (
        "1 cell of after not in the other and left out: data0 · mlp · normal · new." in found.unmet
    )
    assert len(found.differences) == 14


def test_seeds_that_one_side_lacks_are_not_paired(before, grid):
    found = compare_results(before, results("after", grid[grid["seed"].lt(7)]))
    assert found.differences["pairs"].eq(7).all()


def test_environments_that_differ_are_told(before, grid):
    found = compare_results(before, results("after", grid, torch="2.14"))
    assert found.warnings[0] == "Environments differ: torch 2.13 in before, 2.14 in after."


def test_result_sets_that_cannot_be_compared(before, grid):
    with pytest.raises(SpecError, match="Both result sets are called 'before'"):
        compare_results(before, replace(before))
    other = results("after", tidy({("ring", "mlp", "a"): [1.0]}))
    with pytest.raises(SpecError, match="no cell in common; before has data0 · mlp"):
        compare_results(before, other)
    with pytest.raises(UnknownComponentError, match="No score named 'jsd'"):
        compare_results(before, results("after", grid), metric="jsd")


def test_every_column_is_documented(grid):
    page = (Path(comparing.__file__).parents[2] / "docs" / "comparison.md").read_text()
    found = compare(grid)
    for field in fields(found):
        value = getattr(found, field.name)
        assert f"`{field.name}`" in page, field.name
        for column in value.columns if isinstance(value, pd.DataFrame) else ():
            assert f"`{re.sub('_(low|high)$', '', column)}`" in page, f"{field.name}: {column}"


@pytest.mark.parametrize("unit", [-1.0, 1000.0, -0.001])
def test_units_and_directions_do_not_matter(grid, unit):
    """Differences are told in both: the floor is so far from zero that ratios mean nothing."""
    few = grid[grid["dataset"].isin(["data0", "data1"])].assign(floor=9.0, floor_p95=9.1)
    scaled = {name: few[name].astype(float) * unit for name in ("value", "floor", "floor_p95")}
    other = few.assign(**scaled, better="higher" if unit < 0 else "lower")
    left, right = compare(few).differences, compare(other).differences
    assert left["scale"].eq("linear").all()
    for name in ("p_holm", "win_rate", "improvement", "p_alike", "p_better", "p_worse"):
        assert left[name].to_numpy() == pytest.approx(right[name].to_numpy(), rel=1e-6), name
    assert (left["effect"] * unit).to_numpy() == pytest.approx(right["effect"].to_numpy())
    assert left["verdict"].tolist() == right["verdict"].tolist()
