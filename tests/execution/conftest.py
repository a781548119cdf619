"""A plugin that makes trouble, installed for one test, here and in worker processes."""

import shutil
import sys
from pathlib import Path

import pytest
import torch

from ganbench.cells import plan
from ganbench.evaluation import build_metrics
from ganbench.execution import worker
from ganbench.execution.driver import execute
from ganbench.execution.executors import InlineExecutor
from ganbench.execution.tasks import make_plan
from ganbench.execution.trackers import build_trackers
from ganbench.plugins import load_plugins
from ganbench.store import Store

CPU = torch.device("cpu")


def _forget():
    worker._loaded.cache_clear()
    worker._evaluator.cache_clear()


@pytest.fixture
def troubled(tmp_path, monkeypatch):
    """The registry with the plugin `troublesome` in it."""
    site = tmp_path / "site"
    metadata = site / "troublesome-1.0.dist-info"
    metadata.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("troublesome.py"), site)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: troublesome\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[ganbench]\ntroublesome = troublesome\n")
    monkeypatch.delitem(sys.modules, "troublesome", raising=False)
    monkeypatch.syspath_prepend(site)
    _forget()
    yield load_plugins()
    sys.modules.pop("troublesome", None)
    _forget()


@pytest.fixture
def grid(tiny):
    """Make a small grid of the troublesome components."""

    def make(**fields):
        quick = {"datasets": ["spot"], "losses": ["plain"], "metrics": ["mean"]}
        return tiny(**{**quick, **fields})

    return make


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.create()
    return store


@pytest.fixture
def planned(troubled, store):
    """Plan a grid against the store."""

    def make(grid, redo="nothing"):
        metrics = build_metrics(grid.metrics, troubled)
        todo = make_plan(grid, plan(grid, troubled), metrics, CPU, store, redo)
        todo.trackers = build_trackers(grid.trackers, troubled)
        return todo

    return make


@pytest.fixture
def done(planned, store, troubled):
    """Plan and execute a grid, in this process unless told otherwise."""

    def run(grid, executor=None, redo="nothing", **options):
        todo = planned(grid, redo)
        return execute(todo, store, troubled, executor or InlineExecutor(), **options)

    return run
