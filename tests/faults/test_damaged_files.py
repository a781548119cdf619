"""Every stored file truncated, emptied or with a bit turned: noticed, put aside and made anew."""

import shutil

import pytest
import torch

from ganbench.cells import plan
from ganbench.evaluation import build_metrics
from ganbench.execution.driver import execute
from ganbench.execution.executors import InlineExecutor
from ganbench.execution.experiment import record_experiment
from ganbench.execution.request import make_whole
from ganbench.execution.tasks import make_plan
from ganbench.results import load_results
from ganbench.store import Store

pytestmark = pytest.mark.slow

TIMED = ["train_seconds", "eval_seconds", "attempts"]


def cut(data):
    return data[: len(data) // 2]


def empty(data):
    return b""


def turn(data):
    """Turn one bit in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


@pytest.fixture(scope="module")
def complete(registry, tiny, tmp_path_factory):
    """Make a results folder whole again, as `ganbench run` does, and return its table."""
    grid = tiny(metrics=["modes"], seeds=2, baselines=["gaussian"])
    cells, metrics = plan(grid, registry), build_metrics(grid.metrics, registry)

    def run(folder):
        store = Store(folder)
        store.create()
        make_whole(store, "", lambda text: None)
        todo = make_plan(grid, cells, metrics, torch.device("cpu"), store)
        record_experiment(store, todo, grid, registry)
        execute(todo, store, registry, InlineExecutor())
        frame = load_results(store, registry).frame.drop(columns=TIMED)
        samples = {run_id: store.samples(run_id).tolist() for run_id in store.ids()}
        return frame.sort_values(["run_id", "estimator"]).to_json(), samples

    return run


@pytest.fixture(scope="module")
def whole(complete, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "results"
    return folder, complete(folder)


FILES = (
    "experiment.json", "cells/*", "floors/*", "runs/*/run.json", "runs/*/manifest.json",
    "runs/*/log.txt", "runs/*/history.parquet", "runs/*/scores.parquet",
    "runs/*/samples.safetensors", "runs/*/generator.safetensors", "runs/*/critic.safetensors",
    ".index/*",
)  # fmt: skip


@pytest.mark.parametrize("harm", [cut, empty, turn])
@pytest.mark.parametrize("pattern", FILES)
def test_a_damaged_file_is_put_aside_and_made_anew(complete, whole, tmp_path, pattern, harm):
    folder = shutil.copytree(whole[0], tmp_path / "results")
    path = sorted(folder.glob(pattern))[-1]
    before = path.read_bytes()
    path.write_bytes(harm(before))
    assert complete(folder) == whole[1]
    aside = list((folder / "quarantine").glob("*.txt")) if (folder / "quarantine").exists() else []
    assert len(aside) == (0 if pattern == ".index/*" else 1)
    assert all(text.read_text().strip() for text in aside)
    assert complete(folder) == whole[1], "it is whole now"


def test_all_is_told_at_once(complete, whole, tmp_path):
    folder = shutil.copytree(whole[0], tmp_path / "results")
    for path in folder.glob("runs/*/samples.safetensors"):
        path.write_bytes(turn(path.read_bytes()))
    shutil.rmtree(folder / ".work")
    assert complete(folder) == whole[1]
    assert len(list((folder / "quarantine").glob("*.txt"))) == 4
