"""Trackers hear of every run from a process of their own, and harm none."""

import os
import threading
from multiprocessing.connection import Connection
from types import SimpleNamespace

import pytest

from ganbench.api import Tracker
from ganbench.errors import SpecError, UnknownComponentError
from ganbench.execution import trackers
from ganbench.execution.driver import Observers
from ganbench.execution.trackers import build_trackers
from ganbench.plugins import NOTHING, Built


def heard(store):
    return (store.folder / "diary.txt").read_text().splitlines()


def test_a_tracker_hears_how_each_run_goes(done, grid, store):
    done(grid(trackers=["diary"]))
    first, *told, last = heard(store)
    assert (first, last) == ("open", "close")
    assert len(store.runs()) == 2
    for run_id in store.runs():
        story = [line.replace(f" {run_id}", "") for line in told if run_id in line]
        assert story[0] == "started"
        assert story[-2:] == ["progress 5 critic_loss generator_loss", "finished ok 1"]


def test_it_hears_of_failures_and_not_of_what_is_stored(done, grid, store):
    done(grid(seeds=1))
    (stored,) = store.runs()
    done(grid(seeds=1, datasets=["spot", "trouble"], trackers=["diary"]))
    (failed,) = store.runs().keys() - {stored}
    assert heard(store) == ["open", f"finished {failed} failed 0 {failed}", "close"]


@pytest.mark.parametrize(
    ("tracker", "warning", "notes"),
    [
        (
            "diary(trouble='raise', at='open')",
            "cannot be used and hears nothing: ConnectionError: nobody is",
            None,
        ),
        (
            "diary(trouble='raise')",
            "failed and was passed over: ConnectionError: nobody is",
            "close",
        ),
        (
            "diary(trouble='die', at='started')",
            "has died and hears no more (exit code -9)",
            "open",
        ),
        (
            "diary(trouble='hang', at='finished')",
            "is too slow and was stopped: it has not heard 3 events",
            "progress",
        ),
    ],
)
def test_a_failing_tracker_harms_no_run(
    done, grid, store, caplog, monkeypatch, tracker, warning, notes
):
    if "hang" in tracker:
        monkeypatch.setattr(trackers, "_PATIENCE_SECONDS", 5.0)
    summary = done(grid(trackers=[tracker]))
    assert set(summary.statuses.values()) == {"ok"}
    assert {run["status"] for run in store.runs().values()} == {"ok"}
    assert caplog.text.count(f"The tracker '{tracker}' {warning}") == 1
    if notes is None:
        assert not (store.folder / "diary.txt").exists()
    else:
        assert heard(store)[-1].startswith(notes)


def test_a_slow_tracker_is_spared_the_progress(done, grid, store, caplog, monkeypatch):
    monkeypatch.setattr(trackers, "_MOST_WAITING", 0)
    done(grid(trackers=["diary"]))
    assert [line.split()[0] for line in heard(store)] == [
        "open", "started", "started", "finished", "finished", "close",
    ]  # fmt: skip
    assert "is too slow and was spared 10 reports of progress. No run" in caplog.text


@pytest.fixture
def lines(monkeypatch, tmp_path):
    """Trackers that are threads, and answer at once, late (`slow`), never (`hanging`) or badly."""
    over = threading.Event()

    class Served(threading.Thread):
        pid = exitcode = 0
        kill = over.set

    def serve(label, queue, pipe):
        event = "open"
        while True:
            if event == "close":
                over.wait({"hanging": None, "slow": 0.1}.get(label, 0))
            failed = (label, event) == ("failing", "progress")
            pipe.send((event, "ConnectionError: nobody is." if failed else "", ""))
            if event == "close":
                pipe.close()
                return
            event, _ = queue.get()

    def start(_serve, arguments, _name):
        label, _, _, queue, theirs = arguments
        end = Connection(os.dup(theirs.fileno()))
        thread = Served(target=serve, args=(label, queue, end), daemon=True)
        thread.start()
        return thread

    for name, value in (
        ("start", start),
        ("kill", lambda pid, family: None),
        ("descendants", lambda pid: []),
        ("_HASTE_SECONDS", 0.05),
    ):
        monkeypatch.setattr(trackers, name, value)
    return lambda *labels: trackers.Trackers(
        [Built(label, NOTHING.entry, {}, None) for label in labels], tmp_path
    )


def test_a_slow_end_of_one_tracker_is_no_fault_of_the_others(lines, caplog):
    every = lines("slow", "csv")
    every.close(30.0)
    assert [(line.waiting, line.cut) for line in every.lines] == [(0, False)] * 2
    (waited,) = caplog.messages
    assert waited.startswith("The tracker 'slow' has still to hear 1 event, for 30 seconds")


def test_one_that_hangs_takes_no_time_from_the_others(lines, caplog):
    every = lines("hanging", "csv")
    for step in range(3000):  # more answers than fit into a pipe that nobody reads
        every.lines[1].tell("progress", (step,))
    every.close(1.0)
    assert [(line.waiting, line.cut) for line in every.lines] == [(1, False), (0, False)]
    assert caplog.messages[-1] == (
        "The tracker 'hanging' is too slow and was stopped: it has not heard 1 event. "
        "No run is harmed."
    )


def test_a_sentence_ends_once(lines, caplog):
    every = lines("failing")
    every.tell("progress", 1)
    every.close(30.0)
    assert caplog.messages == [
        "The tracker 'failing' failed and was passed over: ConnectionError: nobody is. "
        "No run is harmed."
    ]


def test_a_run_that_begins_says_what_it_is_and_not_how_it_went(planned, grid, troubled):
    (task,) = [each for each in planned(grid(seeds=1)).tasks if each.kind == "train"]
    told = []
    stub = SimpleNamespace(lines=[], tell=lambda event, run, *_: told.append((event, set(run))))
    values = {run_id: {"critic_loss": 1.0} for run_id in task.runs.values()}
    Observers(troubled, stub).event(task, {"step": 1, "values": values})
    known = {
        "run_id", "seed", "dataset", "prior", "generator", "discriminator", "loss", "recipe",
        "device",
    }  # fmt: skip
    assert told == [("started", known), ("progress", known)]
    assert all(f"`{name}`" in Tracker.started.__doc__ for name in known)


def test_each_tracker_is_built_once_and_checked_before_anything_runs(troubled):
    (one,) = build_trackers(["diary", "diary(at='progress')"], troubled)
    assert one.label == "diary"
    with pytest.raises(UnknownComponentError, match="No tracker named 'dairy'"):
        build_trackers(["dairy"], troubled)
    with pytest.raises(SpecError, match="has no parameter 'file'"):
        build_trackers(["diary(file='x')"], troubled)
