"""Adding scores to stored runs from the command line."""

import dataclasses
import json
import shlex
import shutil
import sys

import pandas as pd
import pytest

from ganbench.store import Store

RAW = "mmd(permutations=19, features='raw')"
SEEN = "mmd(permutations=19, features='classifier(epochs=1)')"


@pytest.fixture
def copy(results, tmp_path, monkeypatch):
    """Trained runs of ring8 and digits with two metrics, where nothing can be trained."""
    monkeypatch.setattr("ganbench.execution.worker.train", None)
    return shutil.copytree(results, tmp_path / "copy")


@pytest.fixture
def evaluate(ganbench, copy):
    def run(*arguments, executor="inline"):
        return ganbench("evaluate", copy, "--executor", executor, "--no-report", *arguments)

    return run


def contents(folder):
    """Everything in the folders of runs but what scoring changes."""
    changing = ("scores.parquet", "run.json", "manifest.json")
    paths = [path for path in folder.glob("runs/*/*") if path.name not in changing]
    return {path: path.read_bytes() for path in paths}


def scores(folder):
    store = Store(folder)
    return {run_id: store.scores(run_id) for run_id in store.runs()}


def shown(ganbench, folder):
    rows = json.loads(ganbench("table", folder, "--tidy", "--json").stdout)
    return {(row["dataset"], row["metric"]) for row in rows if row["metric"]}


def test_a_new_score_appears_and_the_rest_stays_to_the_bit(evaluate, ganbench, copy, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["ganbench", "evaluate", "tiny", "-m", RAW])
    files, before, old = contents(copy), scores(copy), shown(ganbench, copy)
    experiment = Store(copy).experiment()
    result = evaluate("-m", RAW, "--tracker", "jsonl")
    assert result.exit_code == 0, result.output
    told = (copy / "trackers" / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in told] == ["finished"] * 4
    assert "4 runs to score and 2 floors to measure in 4 tasks." in result.stderr
    assert "raw" in result.stdout
    assert contents(copy) == files
    assert len([path for path in files if path.name == "samples.safetensors"]) == 4
    for run_id, after in scores(copy).items():
        added = after["metric"] == RAW
        pd.testing.assert_frame_equal(after[~added], before[run_id])
        assert list(after[added]["estimator"]) == ["multi_rbf"]
        assert json.loads(after[added]["details"].iloc[0])["features"]["name"] == "raw"
    assert shown(ganbench, copy) == {*old, ("ring8", RAW), ("digits", RAW)}
    rows = json.loads(ganbench("table", copy, "--tidy", "--json").stdout)
    assert all(row["floor"] is not None for row in rows if row["metric"] == RAW)
    later = Store(copy).experiment()
    new = ["ganbench evaluate tiny -m " + shlex.quote(RAW)]
    assert later["commands"] == experiment["commands"] + new
    assert {**later, "commands": 0, "cells": 0} == {**experiment, "commands": 0, "cells": 0}


def test_what_is_scored_is_not_scored_again(evaluate, copy):
    evaluate("-m", RAW)
    before = {path: path.stat().st_mtime_ns for path in copy.glob("runs/*/*")}
    for arguments in (["-m", RAW], []):
        result = evaluate(*arguments)
        assert result.exit_code == 0
        assert result.stderr.startswith("All scores of 4 runs are there in ")
        assert "raw" in result.stdout
    assert {path: path.stat().st_mtime_ns for path in copy.glob("runs/*/*")} == before
    quiet = evaluate("-q", "--json")
    assert (quiet.exit_code, quiet.stderr) == (0, "")
    assert json.loads(quiet.stdout)


def test_without_a_metric_whatever_was_asked_for_is_completed(evaluate, copy):
    before, store = scores(copy), Store(copy)
    for run_id, frame in before.items():
        fewer = dataclasses.replace(
            store.files(run_id), scores=frame[frame["metric"] != "modes"].reset_index(drop=True)
        )
        store.place(run_id, fewer.contents())
    result = evaluate()
    assert result.exit_code == 0
    assert "2 runs to score and 0 floors" in result.stderr
    assert "Left out" not in result.stderr, "modes of digits were not asked for by name"
    for run_id, after in scores(copy).items():
        pd.testing.assert_frame_equal(
            after.drop(columns="seconds"), before[run_id].drop(columns="seconds")
        )


def test_scores_that_do_not_fit_are_told(evaluate, ganbench, copy):
    result = evaluate("-m", SEEN, "-m", RAW)
    assert result.exit_code == 0, result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Left out")]
    assert line.startswith(f"Left out: {SEEN} does not fit ring8: ")
    assert "need labels" in line
    assert ("digits", SEEN) in shown(ganbench, copy)
    assert ("ring8", SEEN) not in shown(ganbench, copy)


def test_a_dry_run_changes_nothing(evaluate, copy):
    def stamps():
        return {path: path.stat().st_mtime_ns for path in copy.glob("[!.]*/**/*")}

    before = stamps()
    result = evaluate("-m", RAW, "--dry-run")
    assert result.exit_code == 0
    assert "floor of mmd(permutations=19, features='raw') on ring8" in " ".join(
        result.stdout.split()
    )
    assert "4 runs to score and 2 floors to measure in 4 tasks." in result.stdout
    tasks = json.loads(evaluate("-m", RAW, "--dry-run", "--json").stdout)
    assert sorted(task["kind"] for task in tasks) == ["floor", "floor", "score", "score"]
    assert stamps() == before


def test_a_score_that_fails_is_told_and_tried_again(evaluate, copy, monkeypatch):
    from ganbench_scores.c2st import C2ST

    sound = C2ST.__call__

    def shaky(self, real, fake, context):
        if real.shape[1] == 64 and context.tests:
            raise ArithmeticError("cannot count")
        return sound(self, real, fake, context)

    with monkeypatch.context() as patch:
        patch.setattr(C2ST, "__call__", shaky)
        result = evaluate("-m", "c2st")
    assert result.exit_code == 1
    problems = [line for line in result.stderr.splitlines() if line.startswith("Problem: ")]
    assert len(problems) == 2
    assert all("c2st failed: ArithmeticError: cannot count" in line for line in problems)
    scored = ["c2st" in set(frame["metric"]) for frame in scores(copy).values()]
    assert sorted(scored) == [False, False, True, True]
    mended = evaluate()
    assert mended.exit_code == 0
    assert "2 runs to score and 0 floors" in mended.stderr


def test_workers_and_the_report(ganbench, copy):
    result = ganbench("evaluate", copy, "-m", RAW, "-j", "1")
    assert result.exit_code == 0, result.output
    assert "Report: " in result.stderr
    assert RAW in (copy / "report" / "report.html").read_text().replace("&#39;", "'")


def refused(result, code, words):
    assert result.exit_code == code, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert words in line


@pytest.mark.parametrize(
    ("metric", "code", "words"),
    [
        ("mdm", 2, "No metric named 'mdm'. Did you mean 'mmd'?"),
        ("mmd(features='pac')", 2, "No feature space named 'pac'. Did you mean 'pca'?"),
        ("mmd(features='pca(dim=65)')", 2, "needs 65 columns, and there are 64"),
        ("mmd(features=\"inception(weights='x')\")", 3, "need torch-fidelity"),
    ],
)
def test_a_metric_that_cannot_be_scored_is_refused(
    evaluate, copy, monkeypatch, metric, code, words
):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    before = (copy / "experiment.json").read_bytes()
    refused(evaluate("-m", metric), code, words)
    assert (copy / "experiment.json").read_bytes() == before


def test_folders_that_cannot_be_evaluated(evaluate, ganbench, copy, monkeypatch):
    refused(ganbench("evaluate", "nowhere"), 2, "'nowhere' is no results folder")
    refused(ganbench("evaluate"), 2, "Missing argument 'RESULTS'")
    with monkeypatch.context() as patch:
        patch.setenv("GANBENCH_PLUGINS", "scores,losses,vectors,players")
        refused(evaluate("-m", RAW), 2, "No dataset named 'digits'")
    next(copy.glob("runs/*/scores.parquet")).write_bytes(b"nonsense")
    damaged = evaluate("-m", RAW)
    assert damaged.exit_code == 1, "a run is left out"
    assert "scores.parquet has 8 bytes" in damaged.stderr
    assert "The `ganbench run` that made it makes it anew" in damaged.stderr
    shutil.rmtree(copy / "runs")
    refused(evaluate("-m", RAW), 2, "has no run that can be scored: none is stored that is ok")
