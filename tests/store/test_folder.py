"""The store: all of a run or nothing of it, whatever goes wrong."""

import errno
import hashlib
import json
import os
from pathlib import Path

import pandas as pd
import pytest
import torch

from ganbench.errors import StoreError
from ganbench.store import RunFiles, Store
from ganbench.store import folder as store_module
from ganbench.store.disk import FORMAT


def visible(store):
    """All published files and what they hold."""
    return {
        path.relative_to(store.folder): path.read_bytes()
        for path in store.folder.rglob("*")
        if path.is_file() and ".work" not in path.parts
    }


def leftovers(store):
    return [path for path in (store.folder / ".work").iterdir() if path.name != "lock"]


# ------------------------------------------------------------------------------------ publishing


def test_what_is_published_is_read_back(store, run_files):
    files = run_files()
    store.publish(files)
    back = store.files("a1")
    assert back.run == {**files.run, "attempts": []}
    assert torch.equal(back.samples, files.samples)
    assert torch.equal(back.generator["weight"], files.generator["weight"])
    assert torch.equal(back.critic["bias"], files.critic["bias"])
    pd.testing.assert_frame_equal(back.history, files.history)
    pd.testing.assert_frame_equal(back.scores, files.scores, check_dtype=False)
    assert back.log == "fine\n"
    assert list(store.runs()) == ["a1"]
    assert not leftovers(store)


def test_a_run_without_results_is_stored_too(store):
    store.publish(RunFiles({"run_id": "b", "seed": 1, "status": "failed"}, log="Traceback ...\n"))
    assert store.scores("b") is None
    assert store.history("b") is None
    assert store.log("b") == "Traceback ...\n"
    with pytest.raises(StoreError, match=r"The run b in .* holds no samples\.safetensors"):
        store.samples("b")


def test_the_manifest_is_right_and_nothing_is_pickled(store, run_files):
    store.publish(run_files())
    folder = store.folder / "runs" / "a1"
    manifest = json.loads((folder / "manifest.json").read_text())["files"]
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    del files["manifest.json"]
    assert manifest == {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    }
    suffixes = {path.suffix for path in visible(store)}
    assert suffixes == {".json", ".parquet", ".safetensors", ".txt"}


def test_publishing_again_replaces(store, run_files):
    store.publish(run_files(status="failed"))
    store.publish(run_files())
    assert store.run("a1")["status"] == "ok"
    assert not leftovers(store)


def test_a_failure_never_replaces_a_run_that_is_ok(store, run_files):
    store.publish(run_files())
    store.publish(run_files(status="killed"))
    assert store.run("a1")["status"] == "ok"
    assert not leftovers(store)


def test_of_two_writers_of_a_run_one_wins(store, run_files, monkeypatch):
    rename = Path.rename

    def overtaken(path, target):
        if Path(target).parent.name == "runs":
            monkeypatch.undo()
            store.publish(run_files(reason="faster"))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", overtaken)
    store.publish(run_files(reason="slower"))
    assert store.run("a1")["reason"] == "slower"
    assert not leftovers(store)


def failing_after(successes, function, error):
    """Let a function work some times and then raise."""
    calls = iter(range(successes))

    def maybe(*args, **kwargs):
        if next(calls, None) is None:
            raise error
        return function(*args, **kwargs)

    return maybe


@pytest.mark.parametrize("republished", [False, True])
@pytest.mark.parametrize(
    ("owner", "name", "successes"),
    [
        *((store_module, "write", n) for n in range(7)),
        *((os, "fsync", n) for n in range(7)),
        (Path, "mkdir", 0),
        (Path, "rename", 0),
    ],
)
def test_a_full_disk_leaves_what_was_published(
    store, run_files, monkeypatch, owner, name, successes, republished
):
    if republished:
        store.publish(run_files(reason="before"))
    store.publish(run_files("other"))
    before = visible(store)
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, failing_after(successes, getattr(owner, name), error))
        with pytest.raises(StoreError, match=r"No space left on device.* --results") as caught:
            store.publish(run_files(reason="after"))
    assert caught.value.exit_code == 4
    assert visible(store) == before
    assert not leftovers(store)


def test_an_old_run_returns_where_the_new_one_cannot_take_its_place(store, run_files, monkeypatch):
    store.publish(run_files(reason="before"))
    before, rename = visible(store), Path.rename
    failing = failing_after(0, rename, OSError(errno.EIO, "I/O error"))
    calls = iter([rename, failing, rename])
    monkeypatch.setattr(Path, "rename", lambda *args: next(calls)(*args))
    with pytest.raises(StoreError, match="I/O error"):
        store.publish(run_files(reason="after"))
    assert visible(store) == before
    assert not leftovers(store)


def test_an_interrupt_while_writing_leaves_nothing_visible(store, run_files, monkeypatch):
    before = visible(store)
    write = failing_after(3, store_module.write, KeyboardInterrupt())
    monkeypatch.setattr(store_module, "write", write)
    with pytest.raises(KeyboardInterrupt):
        store.publish(run_files())
    assert visible(store) == before
    assert not leftovers(store)


def test_a_failed_replacement_keeps_the_experiment(store, monkeypatch):
    before = visible(store)
    monkeypatch.setattr(Path, "replace", failing_after(0, None, OSError(errno.EIO, "I/O error")))
    with pytest.raises(StoreError, match="I/O error"):
        store.write_experiment({"name": "y", "grid": {}, "cells": {}})
    with pytest.raises(StoreError, match="I/O error"):
        store.write_floor("f", {"floors": {}})
    assert visible(store) == before


# ---------------------------------------------------------------------------------- the folder


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/nowhere", "a" * 300])
def test_a_folder_that_cannot_be_written_is_named(tmp_path, place):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="choose another") as caught:
        Store(tmp_path / place).create()
    assert caught.value.exit_code == 4
    assert str(tmp_path / place) in str(caught.value)


def test_an_empty_place_holds_nothing(tmp_path):
    for place in ("nothing", "a" * 300):
        store = Store(tmp_path / place)
        assert not store.exists
        assert (store.runs(), store.floors()) == ({}, {})
        with pytest.raises(StoreError, match="holds no results; `ganbench run` makes some"):
            store.experiment()


# ------------------------------------------------------------------------------------- damage


def test_a_newer_format_is_refused_and_an_older_one_read(store):
    file = store.folder / "experiment.json"
    newer = {"format": FORMAT + 1, "name": "x", "grid": {}, "cells": {}}
    file.write_text(json.dumps(newer))
    said = f"has format {FORMAT + 1}, and this ganbench reads up to {FORMAT}"
    with pytest.raises(StoreError, match=said):
        Store(store.folder).experiment()
    file.write_text(json.dumps({**newer, "format": 1}))
    assert Store(store.folder).experiment()["name"] == "x"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b"{}", b'{"format": "1"}', b'{"format": 1}', b"\xff\x00"]
)
def test_damaged_json_is_named(store, run_files, content):
    store.publish(run_files())
    store.write_floor("f", {"floors": {}})
    for file, read in {
        "runs/a1/run.json": store.runs,
        "floors/f.json": store.floors,
        "experiment.json": store.experiment,
    }.items():
        (store.folder / file).write_bytes(content)
        with pytest.raises(StoreError) as caught:
            read()
        assert f"{file}' is missing or damaged" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PAR1 nonsense", b"\x10\0\0\0\0\0\0\0{}"])
def test_other_damage_is_named_with_the_remedy(store, run_files, content):
    store.publish(run_files())
    folder = store.folder / "runs" / "a1"
    for file, read in {
        "scores.parquet": store.scores,
        "history.parquet": store.history,
        "samples.safetensors": store.samples,
        "generator.safetensors": store.generator,
        "critic.safetensors": store.critic,
    }.items():
        (folder / file).write_bytes(content)
        with pytest.raises(StoreError) as caught:
            read("a1")
        assert f"{folder / file}' is missing or damaged" in str(caught.value)
        assert f"`ganbench store verify {store.folder} --quarantine`" in str(caught.value)


@pytest.mark.parametrize("change", [b"", b"x" * 10, None])
def test_every_changed_file_of_a_run_is_noticed(store, run_files, change):
    store.publish(run_files())
    folder = store.folder / "runs" / "a1"
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        flipped = bytes([*whole[:-2], whole[-2] ^ 1, whole[-1]])
        path.write_bytes(flipped if change is None else change)
        _, wrong = store.checked("a1")
        assert path.name in wrong
        path.write_bytes(whole)
    assert store.checked("a1")[1] == ""


@pytest.mark.parametrize(
    "run_id", ["../a1", "/etc", "a/b", "", "a1\0", ".", "a" * 65, "\uff411", "-a"]
)
def test_no_id_leads_out_of_the_folder(store, run_files, run_id):
    for read in (store.run, store.samples, store.checked, store.checkpoint, store.floor):
        with pytest.raises(StoreError, match="is no id"):
            read(run_id)
    with pytest.raises(StoreError, match="is no id"):
        store.publish(run_files(run_id))


def test_links_in_a_results_folder_are_refused(store, run_files, tmp_path):
    store.publish(run_files())
    folder = store.folder / "runs" / "a1"
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    assert store.checked("a1")[1] == "it is no folder"
    store.publish(run_files())
    log = folder / "log.txt"
    (tmp_path / "log").write_bytes(log.read_bytes())
    log.unlink()
    log.symlink_to(tmp_path / "log")
    assert store.checked("a1")[1] == "log.txt cannot be read (it is no file)"
    with pytest.raises(StoreError, match="it is no file"):
        store.log("a1")
    assert not folder.is_symlink()
    assert elsewhere.is_dir(), "the link was not followed"
    (store.folder / "runs").rename(tmp_path / "runs")
    (store.folder / "runs").symlink_to(tmp_path / "runs")
    with pytest.raises(StoreError, match="is a link, and a results folder holds none"):
        store.create()


def test_attempts_and_logs_add_up(store, run_files):
    first = {"status": "failed", "reason": "no luck"}
    store.publish(RunFiles({"run_id": "a1", "seed": 0, "status": "failed"}, log="one\n"), first)
    store.publish(run_files(), {"status": "ok", "reason": ""})
    store.publish(run_files(status="killed"), {"status": "killed", "reason": "by hand"})
    run = store.run("a1")
    assert run["status"] == "ok"
    assert [each["status"] for each in run["attempts"]] == ["failed", "ok", "killed"]
    assert store.log("a1") == "one\nAttempt 2: fine\nAttempt 3: fine\n"


def test_what_a_crash_left_between_two_renames_returns(store, run_files):
    store.publish(run_files())
    before = visible(store)
    (store.folder / "runs" / "a1").rename(store.folder / ".work" / "a1.replaced-b-c")
    assert store.ids() == []
    store.create()
    assert visible(store) == before
    (store.folder / ".work" / "a1.replaced-d-e").mkdir()
    store.create()
    assert visible(store) == before
    assert not leftovers(store)


def test_what_is_damaged_goes_to_quarantine_with_a_reason(store, run_files):
    store.publish(run_files())
    away = store.quarantine(store.folder / "runs" / "a1", "it smells")
    assert store.ids() == []
    assert (away / "run.json").is_file()
    assert away.with_name(f"{away.name}.txt").read_text() == "it smells\n"


def test_cells_are_read_back_and_share_what_is_equal(store):
    recipe = {"steps": 3}
    cells = {
        key: {"labels": {"loss": key}, "recipe": recipe, "device": "cpu", "origin": "o",
              "misfit": None, "warnings": ["w"], "runs": {"0": f"r{key}"}, "evaluation": {},
              "scores": {}}
        for key in ("a", "b")
    }  # fmt: skip
    store.write_experiment({"name": "x", "grid": {}, "cells": cells})
    back = store.experiment()["cells"]
    assert back == cells
    assert back["a"]["recipe"] is back["b"]["recipe"]
    file = store.cells_file
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(StoreError, match="is missing or damaged"):
        store.experiment()


def test_files_that_are_too_large_are_not_read(store, run_files):
    store.publish(run_files())
    with (store.folder / "runs" / "a1" / "run.json").open("r+b") as file:
        file.truncate(1 << 40)  # without taking room on the disk
    assert "run.json cannot be read (it has 1,099,511,627,776 bytes" in store.checked("a1")[1]
    with pytest.raises(StoreError, match="at most 67,108,864"):
        store.run("a1")
