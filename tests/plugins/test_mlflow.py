"""The MLflow tracker against a real server on this machine."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pandas as pd
import pytest

import ganbench
from ganbench.execution.request import Workers
from ganbench_trackers.server import MLflow

mlflow = pytest.importorskip("mlflow", reason="the package mlflow is not installed")
pytestmark = pytest.mark.slow

_START_SECONDS = 180
INLINE = Workers(executor="inline")
WILD = {"generator_optimizer": "sgd", "generator_rate": 1e30, "critic_rate": 1e30}


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of a server that ends with the tests."""
    place = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{place}/runs.db"]
    command += ["--artifacts-destination", str(place / "artifacts")]
    variables = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (place / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=variables, start_new_session=True
        )
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(f"{address}/health"):
            log = (place / "log.txt").read_text()
            assert process.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.2)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(address):
    with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as reply:
        return reply.status == 200
    return False


@pytest.fixture(scope="module")
def run(server, tiny, tmp_path_factory):
    """Run a grid of two cells, one of which diverges, with a tracker at the server."""
    folder = tmp_path_factory.mktemp("tracked") / "nested"
    grid = tiny(
        losses=["ns", "hinge"],
        metrics=["modes"],
        trackers=[f"mlflow(uri='{server}', timeout=60)"],
        override=[{"where": {"loss": "hinge"}, "set": WILD}],
    )

    def again(**fields):
        return ganbench.run(grid, results=folder, workers=INLINE, progress=False, **fields)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ganbench.execution.trackers._PATIENCE_SECONDS", 300.0)
        yield again


@pytest.fixture(scope="module")
def results(run):
    return run()


@pytest.fixture
def client(server):
    return mlflow.MlflowClient(server)


@pytest.fixture
def runs(client, results):
    """All runs of the experiment of the results folder, by name and cell."""
    experiment = client.get_experiment_by_name("nested")
    found = client.search_runs([experiment.experiment_id])
    return {(run.data.params["loss"], run.info.run_name.split()[-1]): run for run in found}


CELL = "normal(dim=2)"
"""The last word of the name of a cell."""


def test_runs_of_seeds_are_nested_in_those_of_cells(runs):
    assert set(runs) == {(loss, each) for loss in ("ns", "hinge") for each in ("0", "1", CELL)}
    for (loss, each), run in runs.items():
        if each != CELL:
            assert run.data.tags["mlflow.parentRunId"] == runs[loss, CELL].info.run_id
            assert run.data.params["seed"] == each
        assert run.data.params["generator"] == "mlp(width=4, depth=1)"
        assert run.data.params["recipe.batch_size"] == "8"
    assert runs["ns", "0"].data.params["recipe.generator_optimizer"] == "adam"
    assert runs["hinge", "0"].data.params["recipe.generator_optimizer"] == "sgd"


def test_curves_are_those_that_are_stored(client, runs, results):
    frame = results.frame
    (run_id,) = frame.loc[(frame["loss"] == "ns") & (frame["seed"] == 1), "run_id"].unique()
    assert runs["ns", "1"].data.tags["ganbench.run_id"] == run_id
    history = pd.read_parquet(results.folder / "runs" / run_id / "history.parquet")
    for quantity in ("critic_loss", "modes/kl"):
        curve = client.get_metric_history(runs["ns", "1"].info.run_id, quantity)
        stored = history[history["quantity"] == quantity]
        told = sorted((point.step, point.value) for point in curve)
        assert told == list(zip(stored["step"], stored["value"], strict=True))


def test_scores_are_metrics_and_a_cell_has_their_mean(runs, results):
    frame = results.frame
    kl = frame[(frame["loss"] == "ns") & (frame["estimator"] == "kl")].set_index("seed")["value"]
    for seed, value in kl.items():
        assert runs["ns", str(seed)].data.metrics["score/modes/kl"] == value
    cell = runs["ns", CELL].data.metrics
    assert cell["score/modes/kl"] == pytest.approx(kl.mean())
    assert cell["score/modes/kl.sd"] == pytest.approx(kl.std())
    assert (cell["seeds_ok"], cell["seeds_failed"]) == (2, 0)


def test_failures_are_failed_runs_with_their_reason(runs):
    ok, failed = runs["ns", "0"], runs["hinge", "0"]
    assert (ok.info.status, ok.data.tags["ganbench.status"]) == ("FINISHED", "ok")
    assert (failed.info.status, failed.data.tags["ganbench.status"]) == ("FAILED", "diverged")
    assert "no longer finite" in failed.data.tags["mlflow.note.content"]
    assert runs["hinge", CELL].info.status == "FAILED"
    assert runs["hinge", CELL].data.metrics["seeds_failed"] == 2
    assert runs["ns", CELL].info.status == "FINISHED"


def test_artefacts_can_be_fetched(client, runs, tmp_path):
    run = runs["ns", "0"].info.run_id
    names = {each.path for each in client.list_artifacts(run)}
    assert names == {"run.json", "log.txt", "scores.csv", "samples.png"}
    scores = pd.read_csv(client.download_artifacts(run, "scores.csv", str(tmp_path)))
    assert set(scores["estimator"]) == {"covered", "quality", "kl"}
    failed = {each.path for each in client.list_artifacts(runs["hinge", "0"].info.run_id)}
    assert failed == {"run.json", "log.txt"}


def test_stored_runs_are_not_told_again_and_new_seeds_join_their_cell(client, run, runs):
    run(seeds=3, losses=["ns"])
    found = client.search_runs([runs["ns", CELL].info.experiment_id], "params.loss = 'ns'")
    assert len(found) == 4
    cell = client.get_run(runs["ns", CELL].info.run_id)
    assert cell.data.metrics["seeds_ok"] == 3
    assert cell.info.status == "FINISHED"


def test_an_interrupted_run_is_gone_on_in_and_a_finished_one_is_not(
    client, runs, results, server, monkeypatch
):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    run, tracker = runs["ns", "0"], MLflow(server, "nested")
    run_id = run.data.tags["ganbench.run_id"]
    record = json.loads((results.folder / "runs" / run_id / "run.json").read_text())
    tracker.open(results.folder)
    client.set_terminated(run.info.run_id, "KILLED")
    tracker.started(record)
    assert tracker.runs == {run_id: run.info.run_id}
    assert client.get_run(run.info.run_id).info.status == "RUNNING"
    client.set_terminated(run.info.run_id, "FINISHED")
    tracker.started(record)
    (new,) = tracker.runs.values()
    assert client.get_run(new).data.tags["ganbench.run_id"] == run_id
    assert new != run.info.run_id


def test_a_server_that_is_not_there_is_one_warning(run, tmp_path, caplog):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        run(seeds=4, losses=["ns"], trackers=[f"mlflow(uri='{address}', timeout=5)"])
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    told = f"no MLflow at {address} gives an answer. No run is harmed."
    assert len([warning for warning in warnings if warning.endswith(told)]) == 1
