"""Workers: no failure passes silently, and none costs more than it must."""

import json
import pickle

import pytest
import torch

from ganbench.errors import StoreError
from ganbench.execution.worker import perform
from ganbench.training.ensemble import Ensemble


def records(store):
    return {run["seed"]: run for run in store.runs().values()}


def test_a_good_run_is_stored_whole(done, grid, store, troubled):
    summary = done(grid())
    assert (summary.failures, summary.problems, summary.interrupted) == (0, [], False)
    run = records(store)[1]
    assert (run["status"], run["reason"], run["device"]) == ("ok", "", "cpu")
    assert run["engine"] in ("traced", "vmap", "loop")
    assert run["train_seconds"] > 0
    assert run["eval_seconds"] > 0
    assert run["environment"]["torch"] == torch.__version__
    assert store.samples(run["run_id"]).shape == (50, 2)
    history = store.history(run["run_id"])
    assert set(history["quantity"]) == {"critic_loss", "generator_loss"}
    assert history["step"].max() == 5
    assert len(store.floors()) == 1
    assert "seed 1" in store.log(run["run_id"])


def test_running_scores_are_followed(done, grid, store):
    done(grid(metrics=["mmd(permutations=19)"]))
    run_id = next(iter(store.runs()))
    assert "mmd(permutations=19)/multi_rbf" in set(store.history(run_id)["quantity"])


def test_seeds_differ_and_repeat(done, grid, store):
    done(grid())
    first = {seed: store.samples(run["run_id"]) for seed, run in records(store).items()}
    assert not torch.equal(first[0], first[1])
    done(grid(), redo="all")
    for seed, run in records(store).items():
        assert torch.equal(store.samples(run["run_id"]), first[seed])


def test_a_component_that_raises_fails_its_runs_with_a_traceback(done, grid, store):
    summary = done(grid(datasets=["trouble", "spot"]))
    assert sorted(summary.statuses.values()) == ["failed", "failed", "ok", "ok"]
    assert summary.failures == 2
    for run_id, run in store.runs().items():
        if run["status"] == "failed":
            assert run["reason"] == "ZeroDivisionError: on purpose"
            assert run["dataset"] == "trouble"
            assert "Traceback" in store.log(run_id)
            assert "_raise" in store.log(run_id)


def test_a_score_that_raises_is_told_and_costs_no_other_score(done, grid, store):
    summary = done(grid(metrics=["mean", "mean(broken=true)"]))
    assert len(summary.problems) == 2
    assert "seed 0: mean(broken=True) failed: ArithmeticError: cannot count" in summary.problems[0]
    for run_id, run in store.runs().items():
        assert run["status"] == "ok"
        assert run["reason"] == "mean(broken=True) failed: ArithmeticError: cannot count"
        assert "Traceback" in store.log(run_id)
        assert list(store.scores(run_id)["metric"]) == ["mean"]


def test_a_score_that_failed_is_tried_again_without_training(done, planned, grid, store):
    broken = grid(metrics=["mean(broken=true)"])
    done(broken)
    assert [task.kind for task in planned(broken).tasks] == ["score"]
    done(grid(metrics=["mean"]))
    for run_id, run in store.runs().items():
        assert run["reason"] == ""
        assert list(store.scores(run_id)["metric"]) == ["mean"]


@pytest.mark.parametrize("dataset", ["ring8", "breast_cancer"])
def test_a_run_that_is_no_longer_finite_has_diverged(done, grid, store, dataset):
    wild = {"generator_optimizer": "sgd", "critic_optimizer": "sgd"}
    wild |= {"generator_rate": 1e30, "critic_rate": 1e30}
    override = [{"where": {}, "set": wild}]
    summary = done(grid(datasets=[dataset], override=override))
    assert list(summary.statuses.values()) == ["diverged", "diverged"]
    for run_id, run in store.runs().items():
        assert "no longer finite" in run["reason"]
        assert store.scores(run_id) is None
        assert store.history(run_id) is not None


def test_an_unwritable_store_stops_everything(done, grid, store, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ganbench.store.folder.write", full)
    with pytest.raises(StoreError, match="No space left on device"):
        done(grid())


def test_tasks_travel_as_plain_data_and_events_as_json(planned, grid, store):
    todo = planned(grid())
    (task,) = [task for task in todo.tasks if task.kind == "train"]
    events = []
    runs = perform(task, store, events.append)
    assert {run["status"] for run in runs} == {"ok"}
    assert json.loads(json.dumps(events)) == events
    assert (events[0]["step"], events[-1]["step"], events[-1]["total"]) == (0, 5, 5)
    assert set(events[-1]["values"]) == set(task.runs.values())
    assert json.loads(json.dumps(task.cell)) == task.cell
    assert pickle.loads(pickle.dumps(task)) == task


def test_a_seed_whose_samples_are_not_finite_costs_no_other_seed(done, grid, store, monkeypatch):
    generate = Ensemble.generate

    def poisoned(self, count, role):
        samples = generate(self, count, role)
        samples[self.seeds.index(1)] = torch.nan
        return samples

    monkeypatch.setattr(Ensemble, "generate", poisoned)
    done(grid())
    assert {run["seed"]: run["status"] for run in store.runs().values()} == {
        0: "ok",
        1: "diverged",
    }
