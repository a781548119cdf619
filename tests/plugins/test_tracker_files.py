"""Trackers that write files, that of the documentation too, of one small grid."""

import json
import math
import re
from pathlib import Path

import pandas as pd
import pytest

import ganbench
from ganbench.execution.request import Workers

PAGE = Path(__file__).parents[2] / "docs" / "trackers.md"
TRACKERS = ["jsonl", "csv", "tensorboard", "bell"]
INLINE = Workers(executor="inline")


@pytest.fixture(scope="module")
def results(tiny, tmp_path_factory):
    """Of two cells of two seeds, one of which diverges at once."""
    pytest.importorskip("tensorboard", reason="the package tensorboard is not installed")
    folder = tmp_path_factory.mktemp("tracked") / "results"
    plugin = folder.with_name("my_tracker.py")
    plugin.write_text(re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1])
    override = [{"where": {"loss": "hinge"}, "set": {"generator_rate": 1e30}}]
    grid = tiny(losses=["ns", "hinge"], metrics=["modes"], trackers=TRACKERS, override=override)
    return ganbench.run(grid, results=folder, plugins=[plugin], workers=INLINE, progress=False)


@pytest.fixture(scope="module")
def folder(results):
    return results.folder / "trackers"


def test_json_lines_hold_every_event(results, folder):
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert len({line["run_id"] for line in lines}) == 4
    ok = next(line for line in lines if line["event"] == "finished" and line["loss"] == "ns")
    story = [line for line in lines if line["run_id"] == ok["run_id"]]
    assert [line["event"] for line in story] == ["started", *["progress"] * 5, "finished"]
    assert [line["step"] for line in story[1:-1]] == [1, 2, 3, 4, 5]
    assert "critic_loss" in story[1]["values"]
    assert story[0]["recipe"]["generator_steps"] == 5
    assert {score["estimator"] for score in ok["scores"]} == {"covered", "quality", "kl"}
    ended = [line["status"] for line in lines if line["event"] == "finished"]
    assert sorted(ended) == ["diverged", "diverged", "ok", "ok"]


def test_tables_hold_curves_and_a_row_for_each_score(folder):
    scores, curves = (pd.read_csv(folder / f"{name}.csv") for name in ("scores", "curves"))
    ok = scores[scores["status"] == "ok"]
    assert sorted(ok["estimator"]) == ["covered", "covered", "kl", "kl", "quality", "quality"]
    failed = scores[scores["status"] == "diverged"]
    assert len(failed) == 2
    assert failed["metric"].isna().all()
    assert failed["reason"].str.contains("no longer finite").all()
    assert set(curves.loc[curves["loss"] == "ns", "step"]) == {1, 2, 3, 4, 5}


def test_the_tracker_of_the_documentation_works(folder):
    lines = (folder / "bell.txt").read_text().splitlines()
    assert sorted(lines) == [
        "hinge, seed 0: diverged, 0 scores",
        "hinge, seed 1: diverged, 0 scores",
        "ns, seed 0: ok, 3 scores",
        "ns, seed 1: ok, 3 scores",
    ]


def test_event_files_hold_curves_scores_settings_and_samples(results, folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    frame = results.frame
    row = frame[(frame["loss"] == "ns") & (frame["estimator"] == "covered")].iloc[0]
    (place,) = (folder / "tensorboard").glob(f"ns*/seed-{row['seed']}-{row['run_id'][:6]}")
    events = EventAccumulator(str(place))
    events.Reload()
    tags = events.Tags()
    assert {"critic_loss", "generator_loss", "modes/covered"} <= set(tags["scalars"])
    losses = events.Scalars("critic_loss")
    stored = pd.read_parquet(results.folder / "runs" / row["run_id"] / "history.parquet")
    stored = stored[stored["quantity"] == "critic_loss"]
    assert [point.step for point in losses] == stored["step"].tolist()
    for point, value in zip(losses, stored["value"], strict=True):
        assert math.isclose(point.value, value, rel_tol=1e-6)
    (covered,) = events.Scalars("score/modes/covered")
    assert (covered.step, covered.value) == (5, row["value"])
    assert tags["images"] == ["samples"]
    settings = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    assert b"recipe.generator_steps" in settings
