"""What a driver is at, as others see it."""

from types import SimpleNamespace

import pytest

from ganbench.execution import live
from ganbench.execution.live import Live, watch
from ganbench.store.leases import DRIVERS


@pytest.fixture
def folder(store):
    (store.folder / DRIVERS).mkdir(parents=True)
    return store


def task(title):
    return SimpleNamespace(title=title)


def event(step, *values):
    runs = {f"run{place}": {"loss": value} for place, value in enumerate(values)}
    return {"title": "a", "step": step, "total": 100, "values": runs}


def test_others_see_tasks_with_the_means_of_their_curves(folder, monkeypatch):
    monkeypatch.setattr(live, "_EVERY_SECONDS", 0)
    mine = Live(folder, "me")
    mine.event(task("a"), event(10, 1.0, 3.0))
    mine.event(task("a"), event(20, 2.0, 6.0))
    mine.event(task("floor"), {"title": "floor"})
    (running,) = watch(folder, ["me", "somebody else"])
    assert (running.title, running.step, running.total) == ("a", 20, 100)
    assert running.curves == {"loss": [2.0, 4.0]}
    mine.done(task("a"))
    assert list(watch(folder, ["me"])) == []
    mine.close()
    assert list((folder.folder / DRIVERS).iterdir()) == []


def test_files_are_written_now_and_then_and_hold_the_end_of_curves(folder, monkeypatch):
    monkeypatch.setattr(live, "_EVERY_SECONDS", 0)
    mine = Live(folder, "me")
    for step in range(200):
        mine.event(task("a"), event(step, float(step)))
    (running,) = watch(folder, ["me"])
    assert running.curves["loss"] == list(map(float, range(140, 200)))
    monkeypatch.setattr(live, "_EVERY_SECONDS", 1000)
    mine.event(task("a"), event(200, 0.0))
    (running,) = watch(folder, ["me"])
    assert running.step == 199
    mine.done(task("a"))
    assert list(watch(folder, ["me"])) == [], "an end shows at once"


def test_a_damaged_file_shows_nothing(folder):
    (folder.folder / DRIVERS / "me.live").write_bytes(b"{}")
    assert list(watch(folder, ["me"])) == []


def test_a_driver_tells_what_it_is_at_and_leaves_nothing(done, grid, store, monkeypatch):
    monkeypatch.setattr(live, "_EVERY_SECONDS", 0)
    seen = []
    write = Live._write

    def spy(self):
        write(self)
        seen.extend(watch(store, [self.path.stem]))

    monkeypatch.setattr(Live, "_write", spy)
    done(grid())
    assert {each.step for each in seen} >= {1, 5}
    assert "generator_loss" in seen[-1].curves
    assert list((store.folder / DRIVERS).iterdir()) == []
