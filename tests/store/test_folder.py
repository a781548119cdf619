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


def run_files(run_id="a1", **changes):
    run = {"run_id": run_id, "seed": 0, "status": "ok", **changes}
    return RunFiles(
        run,
        history=pd.DataFrame({"step": [1], "quantity": ["loss"], "value": [0.5]}),
        samples=torch.arange(6.0).view(3, 2).t(),
        generator={"weight": torch.ones(2, 3)},
        scores=pd.DataFrame(
            {
                "metric": ["mmd"],
                "estimator": ["rbf"],
                "score_id": ["s1"],
                "value": [0.25],
                "p_value": [None],
            }
        ),
        log="fine\n",
    )


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.create()
    store.write_experiment({"name": "x", "grid": {}, "cells": {}})
    return store


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


def test_what_is_published_is_read_back(store):
    files = run_files()
    store.publish(files)
    back = store.files("a1")
    assert back.run == {**files.run, "attempts": []}
    assert torch.equal(back.samples, files.samples)
    assert torch.equal(back.generator["weight"], files.generator["weight"])
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
    with pytest.raises(StoreError, match=r"samples\.safetensors' is missing or damaged"):
        store.samples("b")


def test_the_manifest_is_right_and_nothing_is_pickled(store):
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


def test_publishing_again_replaces(store):
    store.publish(run_files(status="failed"))
    store.publish(run_files())
    assert store.run("a1")["status"] == "ok"
    assert not leftovers(store)


def test_a_failure_never_replaces_a_run_that_is_ok(store):
    store.publish(run_files())
    store.publish(run_files(status="killed"))
    assert store.run("a1")["status"] == "ok"
    assert not leftovers(store)


def test_of_two_writers_of_a_run_one_wins(store, monkeypatch):
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
    store, monkeypatch, owner, name, successes, republished
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


def test_an_old_run_returns_where_the_new_one_cannot_take_its_place(store, monkeypatch):
    store.publish(run_files(reason="before"))
    before, rename = visible(store), Path.rename
    failing = failing_after(0, rename, OSError(errno.EIO, "I/O error"))
    calls = iter([rename, failing, rename])
    monkeypatch.setattr(Path, "rename", lambda *args: next(calls)(*args))
    with pytest.raises(StoreError, match="I/O error"):
        store.publish(run_files(reason="after"))
    assert visible(store) == before
    assert not leftovers(store)


def test_an_interrupt_while_writing_leaves_nothing_visible(store, monkeypatch):
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
    newer = {"format": 3, "name": "x", "grid": {}, "cells": {}}
    file.write_text(json.dumps(newer))
    with pytest.raises(StoreError, match="has format 3, and this ganbench reads up to 2"):
        Store(store.folder).experiment()
    file.write_text(json.dumps({**newer, "format": 1}))
    assert Store(store.folder).experiment()["name"] == "x"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b"{}", b'{"format": "1"}', b'{"format": 1}', b"\xff\x00"]
)
def test_damaged_json_is_named(store, content):
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
def test_other_damage_is_named_with_the_remedy(store, content):
    store.publish(run_files())
    folder = store.folder / "runs" / "a1"
    for file, read in {
        "scores.parquet": store.scores,
        "history.parquet": store.history,
        "samples.safetensors": store.samples,
        "generator.safetensors": store.generator,
    }.items():
        (folder / file).write_bytes(content)
        with pytest.raises(StoreError) as caught:
            read("a1")
        assert f"{folder / file}' is missing or damaged" in str(caught.value)
        assert f"`ganbench store verify {store.folder} --quarantine`" in str(caught.value)


@pytest.mark.parametrize("change", [b"", b"x" * 10, None])
def test_every_changed_file_of_a_run_is_noticed(store, change):
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
def test_no_id_leads_out_of_the_folder(store, run_id):
    for read in (store.run, store.samples, store.checked, store.checkpoint, store.floor):
        with pytest.raises(StoreError, match="is no id"):
            read(run_id)
    with pytest.raises(StoreError, match="is no id"):
        store.publish(run_files(run_id))


def test_links_in_a_results_folder_are_refused(store, tmp_path):
    store.publish(run_files())
    folder = store.folder / "runs" / "a1"
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    assert store.checked("a1")[1] == "it is no folder"
    store.publish(run_files())
    assert not folder.is_symlink()
    assert elsewhere.is_dir(), "the link was not followed"
    (store.folder / "runs").rename(tmp_path / "runs")
    (store.folder / "runs").symlink_to(tmp_path / "runs")
    with pytest.raises(StoreError, match="is a link, and a results folder holds none"):
        store.create()


def test_attempts_and_logs_add_up(store):
    first = {"status": "failed", "reason": "no luck"}
    store.publish(RunFiles({"run_id": "a1", "seed": 0, "status": "failed"}, log="one\n"), first)
    store.publish(run_files(), {"status": "ok", "reason": ""})
    store.publish(run_files(status="killed"), {"status": "killed", "reason": "by hand"})
    run = store.run("a1")
    assert run["status"] == "ok"
    assert [each["status"] for each in run["attempts"]] == ["failed", "ok", "killed"]
    assert store.log("a1") == "one\nAttempt 2: fine\nAttempt 3: fine\n"


def test_what_a_crash_left_between_two_renames_returns(store):
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


def test_what_is_damaged_goes_to_quarantine_with_a_reason(store):
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
