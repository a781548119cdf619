"""The driver: records what workers could not, retries, stops politely and tells observers."""

import contextlib
import signal
import sys

import pytest

from ganbench.execution.driver import Watcher, execute
from ganbench.execution.executors import InlineExecutor, Outcome
from ganbench.execution.worker import perform
from ganbench.store.disk import sealed, unsealed
from ganbench.store.leases import Leases


class Scripted:
    """An executor whose tasks end as a script says, in this process if they really run."""

    slots = 1

    def __init__(self, *script):
        self.script, self.given = iter(script), []

    @contextlib.contextmanager
    def open(self, folder, on_event):
        with InlineExecutor().open(folder, on_event) as self.real:
            self.task = None
            yield self

    @property
    def running(self):
        return int(self.task is not None)

    def submit(self, task, alone=False):
        self.given.append((task.kind, len(task.runs), alone))
        self.task = task

    def stop(self):
        self.real.stop()

    def wait(self):
        if self.task is None:
            return
        status, task = next(self.script), self.task
        self.task = None
        if status == "really":
            self.real.submit(task)
            yield from self.real.wait()
        else:
            lost = status == "lost"
            status = "killed" if lost else status
            yield Outcome(task, (), status, f"scripted to be {status}", "last words", lost)


@pytest.mark.parametrize("status", ["killed", "timeout", "failed"])
def test_what_a_worker_cannot_record_is_recorded(done, planned, grid, store, status):
    summary = done(grid(), Scripted("really", status))
    assert list(summary.statuses.values()) == [status, status]
    for run_id, run in store.runs().items():
        assert (run["status"], run["reason"]) == (status, f"scripted to be {status}")
        assert run["reason"] in store.log(run_id)
    assert planned(grid()).tasks == []


def test_a_floor_that_fails_is_a_problem(done, grid, store):
    summary = done(grid(), Scripted("failed", "really"))
    assert summary.problems == ["floor of mean on spot: failed: scripted to be failed"]
    assert set(summary.statuses.values()) == {"ok"}


def test_failures_are_retried_as_often_as_wanted(done, grid, store):
    executor = Scripted("failed", "killed", "really", "failed", "really")
    summary = done(grid(), executor, retries=3)
    assert [kind for kind, _, _ in executor.given] == ["floor", "train", "floor", "train", "train"]
    assert set(summary.statuses.values()) == {"ok"}
    assert summary.problems == []
    assert {run["status"] for run in store.runs().values()} == {"ok"}


def test_too_many_failures_stop(done, grid, store):
    watched = []
    watcher = Watcher(task_done=lambda outcome: watched.append(outcome.task.kind))
    many = grid(datasets=["trouble"], seeds=6)
    summary = done(many, max_failures=3, watcher=watcher)
    assert summary.failures == 4, "a block of two seeds ends as a whole"
    assert watched == ["floor", "train", "train"]


def test_the_first_interrupt_stops_what_runs(done, planned, grid, store):
    said = []

    def interrupt(task, event):
        if event.get("step") == 0:
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    watcher = Watcher(task_event=interrupt, interrupted=lambda: said.append("once"))
    summary = done(grid(seeds=6), watcher=watcher)
    assert summary.interrupted
    assert said == ["once"]
    assert list(summary.statuses.values()) == ["interrupted", "interrupted"]
    assert {run["status"] for run in store.runs().values()} == {"interrupted"}
    assert [task.kind for task in planned(grid(seeds=6)).tasks] == ["train"] * 3
    assert signal.getsignal(signal.SIGINT) is before


def test_the_second_interrupt_stops_at_once(done, grid, store):
    def interrupt(task, event):
        if "step" in event:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        done(grid(), watcher=Watcher(task_event=interrupt))
    assert store.runs() == {}
    left = [path for path in (store.folder / ".work").rglob("*") if path.is_file()]
    assert [path.name for path in left] == ["lock"]


def test_observers_hear_how_each_run_goes(done, grid, store):
    done(grid())
    heard = sys.modules["troublesome"].HEARD
    for run_id in store.runs():
        story = [entry for entry in heard if entry[1] == run_id]
        assert story[0] == ("started", run_id)
        assert story[-1] == ("finished", run_id, "ok", 1)
        assert story[-2] == ("progress", run_id, 5, ["critic_loss", "generator_loss"])
        assert [entry[0] for entry in story].count("started") == 1


def test_a_failing_observer_harms_nothing(planned, grid, store, troubled, monkeypatch, caplog):
    def failing(run):
        raise RuntimeError("nobody listens")

    (implementation,) = troubled.observers.ganbench_run_started.get_hookimpls()
    monkeypatch.setattr(implementation, "function", failing)
    summary = execute(planned(grid()), store, troubled, InlineExecutor())
    assert set(summary.statuses.values()) == {"ok"}
    assert "ganbench_run_started of plugin 'troublesome of troublesome 1.0' failed" in caplog.text


def test_a_failure_beside_an_earlier_success_is_told_and_the_success_kept(done, grid, store):
    done(grid())
    summary = done(grid(), Scripted("killed"), redo="all")
    assert summary.problems[0].endswith(
        "killed: scripted to be killed; its earlier result is kept"
    )
    assert len(summary.problems) == 2
    assert {run["status"] for run in store.runs().values()} == {"ok"}


def test_retrying_one_task_forgets_no_problem_of_another(done, grid):
    several = grid(metrics=["mean", "mean(broken=true)"])
    summary = done(several, Scripted("failed", "really", "really", "really"), retries=1)
    assert len(summary.problems) == 2
    assert all("cannot count" in problem for problem in summary.problems)


def test_a_task_without_memory_is_tried_once_more_alone(done, grid, store):
    executor = Scripted("really", "oom", "really", "really")
    summary = done(grid(seeds=4), executor)
    assert executor.given[1:] == [("train", 2, False), ("train", 2, False), ("train", 2, True)]
    assert set(summary.statuses.values()) == {"ok"}
    assert sorted(len(run["attempts"]) for run in store.runs().values()) == [1, 1, 2, 2]


def test_what_ran_out_of_memory_alone_is_oom(done, grid, store):
    executor = Scripted("really", "oom", "oom")
    done(grid(), executor)
    assert {run["status"] for run in store.runs().values()} == {"oom"}
    assert {len(run["attempts"]) for run in store.runs().values()} == {2}


def test_what_a_lost_machine_cost_is_begun_anew_without_being_counted(done, grid, store):
    executor = Scripted("really", "lost", "lost", "really")
    summary = done(grid(), executor, retries=0)
    assert set(summary.statuses.values()) == {"ok"}
    assert {len(run["attempts"]) for run in store.runs().values()} == {3}


def test_each_attempt_is_recorded_with_what_was_printed(done, grid, store):
    done(grid(), Scripted("really", "killed", "really"), retries=1)
    for run_id, run in store.runs().items():
        assert [each["status"] for each in run["attempts"]] == ["killed", "ok"]
        assert run["attempts"][0]["reason"] == "scripted to be killed"
        assert "Printed:\nlast words" in store.log(run_id)
        assert "Attempt 2:" in store.log(run_id)


def test_what_cannot_change_is_not_tried_again(done, grid, store):
    executor = Scripted("really", "invalid-output")
    done(grid(), executor, retries=5)
    assert {run["status"] for run in store.runs().values()} == {"invalid-output"}
    assert len(executor.given) == 2


def test_what_another_driver_holds_is_waited_for_and_not_done_twice(
    done, planned, grid, store, monkeypatch
):
    monkeypatch.setattr("ganbench.execution.driver._ELSEWHERE_SECONDS", 0.01)
    plan, told = planned(grid(seeds=4)), []
    first = next(task for task in plan.tasks if task.kind == "train")
    with Leases(store).held() as other:
        assert other.claim(first.leases) == ""

        def finish(driver):
            told.append(driver)
            if len(told) == 3:
                perform(first, store, lambda event: None)
                other.release(first.leases)

        summary = done(grid(seeds=4), watcher=Watcher(elsewhere=finish))
    assert summary.elsewhere == 1
    assert len(summary.statuses) == 2
    runs = store.runs()
    assert len(runs) == 4
    assert {len(run["attempts"]) for run in runs.values()} == {1}


def test_what_a_dead_driver_held_is_taken_over(done, planned, grid, store, monkeypatch):
    first = planned(grid()).tasks[-1]
    other = Leases(store)
    with other.held():
        other.claim(first.leases)
        left = {path: path.read_bytes() for path in (store.folder / ".work").rglob("*.json")}
        lease = {path: path.read_bytes() for path in other._leases.iterdir()}
    for path, data in left.items():
        path.write_bytes(sealed({**unsealed(data), "pid": 4194304}))
    for path, data in lease.items():
        path.write_bytes(data)
    summary = done(grid())
    assert set(summary.statuses.values()) == {"ok"}


def test_sigterm_is_a_polite_stop_too(done, grid, store):
    def terminate(task, event):
        if event.get("step") == 0:
            signal.raise_signal(signal.SIGTERM)

    summary = done(grid(), watcher=Watcher(task_event=terminate))
    assert summary.interrupted
    assert {run["status"] for run in store.runs().values()} == {"interrupted"}
