"""The commands that keep results folders, and what status and show tell of attempts."""

import json
import shutil
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import pytest

from ganbench.cli.execution import conclude
from ganbench.execution.driver import Summary
from ganbench.report.tables import TIDY_COLUMNS
from ganbench.store import RunFiles, Store
from ganbench.store.leases import Leases


@pytest.fixture
def copy(results, tmp_path):
    shutil.copytree(results, tmp_path / "copy")
    return Store(tmp_path / "copy")


def break_one(store):
    run_id = store.ids()[0]
    (store.folder / "runs" / run_id / "generator.safetensors").write_bytes(b"")
    return run_id


def test_verify_finds_damage_and_puts_it_away(ganbench, copy):
    fine = ganbench("store", "verify", copy.folder)
    assert (fine.exit_code, fine.stdout) == (0, "4 runs, 0 damaged.\n")
    run_id = break_one(copy)
    found = ganbench("store", "verify", copy.folder)
    assert found.exit_code == 4
    assert f"runs/{run_id}': generator.safetensors has 0 bytes instead of" in found.stdout
    assert "4 runs, 1 damaged. --quarantine moves them out of the way." in found.stdout
    (entry,) = json.loads(ganbench("store", "verify", copy.folder, "--json").stdout)
    assert entry["path"].endswith(run_id)
    assert entry["moved"] is None
    moved = ganbench("store", "verify", copy.folder, "--quarantine")
    assert moved.exit_code == 0
    assert "Moved to" in moved.stdout
    assert ganbench("store", "verify", copy.folder).stdout == "3 runs, 0 damaged.\n"
    assert "3 ok, 1 missing" in ganbench("status", copy.folder).stdout


def test_a_file_too_many_is_named_with_the_way_back(copy, registry, ganbench, capsys):
    run_id = copy.ids()[0]
    (copy.folder / "runs" / run_id / "mine.txt").write_text("x")
    options = {"as_json": False, "report": False, "quiet": False}
    plan = SimpleNamespace(run_ids=copy.ids())
    assert conclude(plan, copy, registry, options, Summary()) == 1
    assert (
        "mine.txt is not in the manifest: remove it (or the `ganbench run` that made it makes it "
        "anew)\n"
    ) in capsys.readouterr().err
    (copy.folder / "runs" / run_id / "mine.txt").unlink()
    assert ganbench("store", "verify", copy.folder).stdout == "4 runs, 0 damaged.\n"
    assert "4 ok" in ganbench("status", copy.folder).stdout


def test_merge_makes_one_folder_of_two(ganbench, copy, tmp_path):
    other = Store(tmp_path / "other")
    shutil.copytree(copy.folder, other.folder)
    first, *_, last = copy.ids()
    shutil.rmtree(copy.folder / "runs" / first)
    shutil.rmtree(other.folder / "runs" / last)
    result = ganbench("store", "merge", tmp_path / "all", copy.folder, other.folder)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].endswith("copy: 3 runs added, 0 known before.")
    assert result.stdout.splitlines()[1].endswith("other: 1 runs added, 2 known before.")
    assert "4 ok" in ganbench("status", tmp_path / "all").stdout
    missing = ganbench("store", "merge", tmp_path / "all", "nowhere")
    assert missing.exit_code == 2
    assert "'nowhere' is no results folder" in missing.stderr


def test_gc_lists_and_removes_litter(ganbench, copy):
    (copy.folder / ".work" / "x-draft").write_bytes(b"12345")
    listed = ganbench("store", "gc", copy.folder, "--dry-run")
    assert "5 bytes" in listed.stdout
    assert "would be removed" in listed.stdout
    assert (copy.folder / ".work" / "x-draft").exists()
    with Leases(copy).held():
        busy = ganbench("store", "gc", copy.folder)
        assert busy.exit_code == 4
        assert "is at work in" in busy.stderr
        assert "At work: process" in ganbench("status", copy.folder).stdout
    removed = json.loads(ganbench("store", "gc", copy.folder, "--json").stdout)
    assert {"path": str(copy.folder / ".work" / "x-draft"), "bytes": 5} == {
        key: value
        for each in removed
        for key, value in each.items()
        if each["path"].endswith("draft") and key != "reason"
    }
    assert "4 ok" in ganbench("status", copy.folder).stdout


def test_export_writes_the_tidy_table_with_what_was_asked_for(ganbench, copy, tmp_path):
    result = ganbench("store", "export", copy.folder)
    assert result.exit_code == 0
    frame = pd.read_parquet("copy.parquet")
    assert list(frame.columns) == list(TIDY_COLUMNS)
    assert f"{len(frame)} rows" in result.stderr
    told = json.loads(pq.read_schema("copy.parquet").metadata[b"ganbench"])
    assert told["grid"]["name"] == "tiny"
    assert set(told) == {"name", "grid", "commands", "environment"}
    refused = ganbench("store", "export", copy.folder, "-o", tmp_path / "no" / "where.parquet")
    assert refused.exit_code == 4
    assert "Cannot write" in refused.stderr


def test_attempts_are_rows_and_a_story(ganbench, copy):
    run_id = copy.ids()[0]
    run = copy.run(run_id)
    failed = {"status": "killed", "reason": "by hand", "started": "now", "seconds": 1.0,
              "host": "there", "pid": 7}  # fmt: skip
    copy.publish(RunFiles({**run, "status": "killed", "reason": "by hand"}, log="why\n"), failed)
    rows = json.loads(ganbench("status", copy.folder, "--attempts", "--json").stdout)
    mine = [row for row in rows if row["run_id"] == run_id]
    assert [(row["attempt"], row["status"]) for row in mine] == [(1, "ok"), (2, "killed")]
    assert "by hand" in ganbench("status", copy.folder, "--attempts").stdout
    story = ganbench("show", run_id, "--results", copy.folder).stdout
    assert "attempt 1: ok, began" in story
    assert "attempt 2: killed (by hand), began now, took 1 seconds on there, process 7" in story
    assert "Attempt 2: why" in story


def test_a_large_status_shows_first_what_is_not_ok(ganbench, copy, monkeypatch):
    monkeypatch.setattr("ganbench.cli.status._MOST_CELLS", 1)
    shown = ganbench("status", copy.folder).stdout
    cells = json.loads(ganbench("status", copy.folder, "--json").stdout)
    assert f"{len(cells) - 1} more cells are left out; --json prints all." in shown
    (unwell,) = (cell for cell in cells if "incompatible" in cell)
    assert shown.splitlines()[3].split()[:2] == [unwell["dataset"], unwell["architecture"]]
