"""SIGKILL of a worker in the middle of a cell: that cell is `killed`, and can be had again."""

import json

import pytest
from asking import endings, flags
from commands import until

from ganbench.store import Store

pytestmark = pytest.mark.slow

KILLED = ("killed", "the worker was killed by signal 9 (SIGKILL)")


def kill_one_worker(start, tmp_path, *more):
    """Kill the worker that fits the first law; return how the command ended."""
    notes = tmp_path / "notes"
    asked = flags(["spot", "spot(center=1)"], ["law(seconds=1)"], seeds=1)
    how = ["--results", tmp_path / "results", "-j", 1, "--retries", 0]
    command = start(*asked, *how, *more, FAULTS_NOTES=str(notes))
    until(lambda: notes.exists() and notes.read_text().endswith("\n"), "a law is fitted")
    (pid,) = [int(line.split()[1]) for line in notes.read_text().splitlines()]
    (worker,) = [each for each in command.workers() if each.pid == pid]
    worker.kill()
    ended = command.wait()
    assert command.leaves_nothing()
    return asked, ended


def test_a_killed_worker_costs_its_cell_alone(start, ganbench, tmp_path):
    folder = tmp_path / "results"
    asked, ended = kill_one_worker(start, tmp_path)
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert endings(folder) == {("spot", 0): KILLED, ("spot(center=1.0)", 0): ("ok", "")}

    (row, _) = json.loads(ganbench("status", folder, "--json").out)
    assert (row["dataset"], row["killed"]) == ("spot", 1)
    (run_id,) = [key for key, run in Store(folder).runs().items() if run["dataset"] == "spot"]
    assert KILLED[1] in ganbench("show", run_id, "--results", folder).out

    assert ganbench(*asked, "--results", folder, "-j", 1).code == 1, "it is not tried unasked"
    assert ganbench(*asked, "--results", folder, "-j", 1, "--retry-failed").code == 0
    run = Store(folder).run(run_id)
    assert (run["status"], run["reason"]) == ("ok", "")
    assert [each["status"] for each in run["attempts"]] == ["killed", "ok"]
    assert run["attempts"][0]["reason"] == KILLED[1]
    assert "Attempt 2: " in Store(folder).log(run_id)


def test_a_retry_mends_it_in_the_same_command(start, tmp_path):
    _, ended = kill_one_worker(start, tmp_path, "--retries", 1)
    assert ended.code == 0
    runs = {run["dataset"]: run for run in Store(tmp_path / "results").runs().values()}
    assert [each["status"] for each in runs["spot"]["attempts"]] == ["killed", "ok"]
    assert [each["status"] for each in runs["spot(center=1.0)"]["attempts"]] == ["ok"]
