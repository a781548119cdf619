"""Worker processes: one that dies or hangs costs its task alone."""

import time

import pytest

from ganbench.errors import StoreError
from ganbench.execution.executors import InlineExecutor
from ganbench.execution.local import LocalExecutor


@pytest.fixture
def run(planned, store):
    """Run the training tasks of a grid; return their outcomes by dataset, and all events."""

    def outcomes(executor, grid):
        tasks = [task for task in planned(grid).tasks if task.kind == "train"]
        ended, events = [], []
        with executor.open(store.folder, lambda task, event: events.append(event)) as pool:
            while tasks or pool.running:
                while tasks and pool.running < pool.slots:
                    pool.submit(tasks.pop(0))
                ended += pool.wait()
        return {outcome.task.cell["dataset"]: outcome for outcome in ended}, events

    return outcomes


def test_killed_hung_and_raising_workers_cost_their_tasks_alone(run, grid, store):
    troubles = ["trouble(kind='kill')", "trouble(kind='hang')", "trouble"]
    executor = LocalExecutor(2, timeout=15)
    started = time.monotonic()
    outcomes, events = run(executor, grid(datasets=[*troubles, "spot"], seeds=1))
    assert time.monotonic() - started < 60
    killed, hung, raising, fine = (outcomes[name] for name in [*troubles, "spot"])
    assert (killed.status, killed.reason) == (
        "killed",
        "the worker was killed by signal 9 (SIGKILL)",
    )
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


def test_a_pool_that_is_told_to_stop_interrupts_its_tasks(planned, grid, store):
    for executor in (InlineExecutor(), LocalExecutor(1)):
        task = next(
            task for task in planned(grid(train=LONG), redo="all").tasks if task.kind == "train"
        )
        with executor.open(store.folder, lambda task, event: pool.stop()) as pool:
            pool.submit(task)
            outcomes = []
            while pool.running:
                outcomes += pool.wait()
        (outcome,) = outcomes
        assert [run["status"] for run in outcome.records] == ["interrupted"] * 2


LONG = {"generator_steps": 1_000_000, "batch_size": 8, "block": 2}


def test_an_inline_task_that_breaks_is_an_outcome(planned, grid, store, monkeypatch):
    def broken(*args):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("ganbench.execution.executors.perform", broken)
    with InlineExecutor().open(store.folder, print) as pool:
        pool.submit(planned(grid()).tasks[0])
        (outcome,) = pool.wait()
    assert (outcome.status, outcome.reason) == ("failed", "RuntimeError: unforeseen")
    assert list(pool.wait()) == []


def test_a_worker_that_cannot_write_stops_the_pool(planned, grid, store):
    todo = planned(grid())
    (store.folder / "floors").rmdir()
    (store.folder / "floors").write_text("in the way")
    with LocalExecutor(1).open(store.folder, print) as pool:
        pool.submit(todo.tasks[0])
        with pytest.raises(StoreError, match="Cannot write to the results folder"):
            [outcome for _ in range(1000) for outcome in pool.wait()]
