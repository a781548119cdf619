"""The plan of scores: each cell as it was evaluated before, and only runs that fit."""

import pytest

from ganbench.errors import SpecError
from ganbench.execution.driver import execute
from ganbench.execution.executors import InlineExecutor
from ganbench.execution.experiment import record_experiment, record_scores
from ganbench.execution.scoring import misfits, plan_scores


@pytest.fixture
def stored(done, planned, grid, store, troubled):
    """Train grids one after another in one folder."""

    def train(*grids):
        for each in grids:
            record_experiment(store, planned(each), each, troubled)
            done(each)
        return store

    return train


def change(store, **fields):
    """Edit every cell of experiment.json."""
    experiment = store.experiment()
    cells = {key: {**cell, **fields} for key, cell in experiment["cells"].items()}
    store.write_experiment({**experiment, "cells": cells})


def test_every_cell_is_scored_with_the_settings_of_its_own_grid(stored, grid, store, troubled):
    more = {"samples": 60, "floor_splits": 3, "seed": 1}
    stored(grid(), grid(losses=["ns"], evaluation=more))
    plan, left_out = plan_scores(store, ["mmd(permutations=19)"], troubled)
    assert left_out == []
    assert [task.evaluation["samples"] for task in plan.tasks if task.kind == "score"] == [50, 60]
    assert len([task for task in plan.tasks if task.kind == "floor"]) == 2
    record_scores(store, plan)
    summary = execute(plan, store, troubled, InlineExecutor())
    assert summary.problems == []
    assert sorted(len(store.scores(run_id)) for run_id in store.runs()) == [2, 2, 2, 2]
    assert plan_scores(store, [], troubled)[0].tasks == []


def test_older_folders_have_the_settings_of_their_last_grid(stored, grid, store, troubled):
    stored(grid())
    experiment = store.experiment()
    for cell in experiment["cells"].values():
        del cell["evaluation"]
    store.write_experiment(experiment)
    assert plan_scores(store, [], troubled)[0].tasks == []


def test_a_folder_that_was_asked_for_no_score_gets_the_default_ones(stored, grid, store, troubled):
    stored(grid(metrics=["misfit"]))
    plan, _ = plan_scores(store, [], troubled)
    assert [metric.label for metric in plan.metrics] == ["c2st", "jsd", "mmd", "modes"]
    assert [sentence.split(":")[0] for sentence in misfits(plan)] == ["modes does not fit spot"]


def test_failed_runs_are_passed_over(stored, grid, store, troubled):
    stored(grid(datasets=["spot", "trouble"]))
    plan, left_out = plan_scores(store, ["mmd"], troubled)
    assert [planned.cell.dataset.label for planned in plan.cells] == ["spot"]
    assert left_out == []


def test_runs_that_cannot_be_scored_alike_are_told(stored, grid, store, troubled):
    stored(grid())
    change(store, evaluation={"samples": 60, "seed": 0, "floor_splits": 2})
    with pytest.raises(SpecError, match="2 runs hold fewer than 60 samples; `ganbench run`"):
        plan_scores(store, [], troubled)
    change(store, origin="somebody; data elsewhere; engine 2")
    with pytest.raises(SpecError, match="its data have changed since it was trained"):
        plan_scores(store, [], troubled)


def test_scores_that_fit_nothing_are_refused(stored, grid, store, troubled):
    stored(grid())
    with pytest.raises(SpecError, match="misfit does not fit spot: it fits nothing"):
        plan_scores(store, ["misfit"], troubled)


def test_scoring_adds_its_time(stored, grid, store, troubled):
    stored(grid())
    before = {run_id: run["eval_seconds"] for run_id, run in store.runs().items()}
    plan, _ = plan_scores(store, ["c2st"], troubled)
    execute(plan, store, troubled, InlineExecutor())
    for run_id, run in store.runs().items():
        assert run["eval_seconds"] == pytest.approx(store.scores(run_id)["seconds"].sum())
        assert run["eval_seconds"] != before[run_id]
