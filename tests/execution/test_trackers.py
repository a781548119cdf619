"""Trackers hear of every run from a process of their own, and harm none."""

import pytest

from ganbench.errors import SpecError, UnknownComponentError
from ganbench.execution import trackers
from ganbench.execution.trackers import build_trackers


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
    assert "times it was told of no progress" in caplog.text


def test_each_tracker_is_built_once_and_checked_before_anything_runs(troubled):
    (one,) = build_trackers(["diary", "diary(at='progress')"], troubled)
    assert one.label == "diary"
    with pytest.raises(UnknownComponentError, match="No tracker named 'dairy'"):
        build_trackers(["dairy"], troubled)
    with pytest.raises(SpecError, match="has no parameter 'file'"):
        build_trackers(["diary(file='x')"], troubled)
