"""Worker processes: one that dies or hangs costs its task alone."""

import time

import pytest

from ganbench.errors import StoreError
from ganbench.execution.executors import InlineExecutor, LocalExecutor


@pytest.fixture
def run(planned, store):
    """Run the training tasks of a grid; return their outcomes by dataset, and all events."""

    def outcomes(executor, grid, stopping=lambda: False):
        tasks = [task for task in planned(grid).tasks if task.kind == "train"]
        events = []
        ended = executor.run(
            tasks, store.folder, lambda task, event: events.append(event), stopping
        )
        return {outcome.task.cell["dataset"]: outcome for outcome in ended}, events

    return outcomes


def test_killed_hung_and_raising_workers_cost_their_tasks_alone(run, grid, store):
    troubles = ["trouble(kind='kill')", "trouble(kind='hang')", "trouble"]
    executor = LocalExecutor(2, timeout=15)
    started = time.monotonic()
    outcomes, events = run(executor, grid(datasets=[*troubles, "spot"], seeds=1))
    assert time.monotonic() - started < 60
    killed, hung, raising, fine = (outcomes[name] for name in [*troubles, "spot"])
    assert (killed.status, killed.reason) == ("killed", "the worker died with exit code -9")
    assert (hung.status, hung.reason) == ("timeout", "took longer than 15 seconds")
    assert (raising.status, raising.records[0]["status"]) == ("ok", "failed")
    assert (fine.status, fine.records[0]["status"]) == ("ok", "ok")
    assert {run["dataset"] for run in store.runs().values()} == {"trouble", "spot"}
    titles = {event["title"] for event in events if event["step"] == 5}
    assert titles == {fine.task.title}, "the last event arrives"


def test_both_executors_give_the_same_numbers(run, grid, store):
    run(LocalExecutor(1), grid(seeds=1))
    (run_id,) = store.runs()
    apart = store.samples(run_id)
    (store.folder / "runs" / run_id).rename(store.folder / "elsewhere")
    run(InlineExecutor(), grid(seeds=1))
    assert store.samples(run_id).equal(apart)


def test_inline_tasks_stop_when_told(run, grid):
    answers = iter([False, True])
    outcomes, _ = run(InlineExecutor(), grid(seeds=6), lambda: next(answers))
    (outcome,) = outcomes.values()
    assert list(outcome.task.runs) == [0, 1]


def test_an_inline_task_that_breaks_is_an_outcome(planned, grid, store, monkeypatch):
    def broken(*args):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("ganbench.execution.executors.perform", broken)
    todo = planned(grid())
    ended = list(InlineExecutor().run(todo.tasks, store.folder, print, lambda: False))
    assert [(each.status, each.reason) for each in ended] == [
        ("failed", "RuntimeError: unforeseen")
    ] * 2


def test_a_worker_that_cannot_write_stops_the_pool(planned, grid, store):
    todo = planned(grid())
    (store.folder / "runs").rmdir()
    (store.folder / "runs").write_text("in the way")
    (store.folder / "floors").rmdir()
    (store.folder / "floors").write_text("in the way")
    with pytest.raises(StoreError, match="Cannot write to the results folder"):
        list(LocalExecutor(1).run(todo.tasks, store.folder, print, lambda: False))
