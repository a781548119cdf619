"""The index: what the folder holds, without reading it all again."""

import pytest

from ganbench.store import index as module
from ganbench.store.index import add_to_index, load_index


@pytest.fixture
def read(store, monkeypatch):
    """The runs whose files were read since the last look."""
    seen, checked = [], type(store).checked

    def counting(self, run_id):
        seen.append(run_id)
        return checked(self, run_id)

    monkeypatch.setattr(type(store), "checked", counting)

    def look():
        found, seen[:] = list(seen), []
        return found

    return look


def test_runs_are_read_once_and_again_when_they_change(store, run_files, read):
    for run_id in ("a", "b"):
        store.publish(run_files(run_id, samples=50, train_seconds=1.5))
    read()
    first = load_index(store)
    assert read() == ["a", "b"]
    again = load_index(store)
    assert read() == []
    for index in (first, again):
        assert index.stored == {key: {"status": "ok", "samples": 50} for key in ("a", "b")}
        assert index.score_ids == {"a": {"s1"}, "b": {"s1"}}
        assert index.scores["value"].tolist() == [0.25, 0.25]
        assert index.damaged == {}
    store.publish(run_files("b", samples=60), {"status": "ok", "reason": ""})
    read()
    changed = load_index(store)
    assert read() == ["b"]
    assert changed.stored["b"]["samples"] == 60
    assert changed.tried(["a", "b", "c"]) == {"a": 0, "b": 1}


def test_an_added_run_is_not_read_by_the_next(store, run_files, read):
    store.publish(run_files("a"))
    add_to_index(store, ["a"])
    read()
    assert list(load_index(store).stored) == ["a"]
    assert read() == []


def test_removed_runs_are_forgotten(store, run_files):
    store.publish(run_files("a"))
    load_index(store)
    store.quarantine(store.folder / "runs" / "a", "gone")
    assert load_index(store).stored == {}
    assert load_index(store).scores.empty


@pytest.mark.parametrize("name", ["samples.safetensors", "run.json", "manifest.json", "log.txt"])
def test_damage_is_seen_without_being_told(store, run_files, name):
    store.publish(run_files("a"))
    load_index(store)
    path = store.folder / "runs" / "a" / name
    whole = path.read_bytes()
    path.write_bytes(bytes([whole[0] ^ 4, *whole[1:]]))
    index = load_index(store)
    assert name in index.damaged["a"]
    assert index.stored == {}


def test_damaged_segments_are_thrown_away(store, run_files, read):
    store.publish(run_files("a"))
    load_index(store)
    for change in (b"", b"nonsense", None):
        (segment,) = (store.folder / ".index").glob("*.parquet")
        whole = segment.read_bytes()
        segment.write_bytes(whole[:40] + b"?" + whole[41:] if change is None else change)
        read()
        assert list(load_index(store).stored) == ["a"]
        assert read() == ["a"]
        assert sorted((store.folder / ".index").iterdir()) == [segment]


def test_many_segments_become_one(store, run_files, monkeypatch):
    monkeypatch.setattr(module, "_MOST_SEGMENTS", 3)
    for i in range(5):
        store.publish(run_files(f"a{i}"))
        add_to_index(store, [f"a{i}"])
    assert len(list((store.folder / ".index").glob("*.parquet"))) == 5
    assert len(load_index(store).stored) == 5
    assert len(list((store.folder / ".index").glob("*.parquet"))) == 1


def test_a_run_of_strange_types_is_damaged_and_alone(store, run_files):
    store.publish(run_files("a"))
    store.publish(run_files("b", steps="many"))
    store.publish(run_files("c", reason="\ud800"))
    index = load_index(store)
    assert list(index.stored) == ["a", "c"]
    assert "types" in index.damaged["b"]
    assert index.runs.loc["c", "reason"] == "?"


def test_a_folder_that_cannot_hold_an_index_is_read_all_the_same(store, run_files):
    store.publish(run_files("a"))
    (store.folder / ".index").write_text("in the way")
    assert list(load_index(store).stored) == ["a"]
