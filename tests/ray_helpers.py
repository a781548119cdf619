"""What tests with a Ray cluster share: clusters, a plugin that reaches all machines, a grid."""

import contextlib
import os
import shutil
import signal
import sys
import uuid
from pathlib import Path

import psutil
import pytest
import torch

from ganbench.cells import plan
from ganbench.evaluation import build_metrics
from ganbench.execution.driver import execute
from ganbench.execution.executors import InlineExecutor
from ganbench.execution.tasks import make_plan
from ganbench.grid import make_grid
from ganbench.plugins import load_plugins
from ganbench.store import Store

ROOT = Path(__file__).parent.parent
CPU = torch.device("cpu")
SMALL = {"object_store_memory": 80_000_000}


@contextlib.contextmanager
def cluster(**head):
    """Start a head on this machine, to which nodes can be added; stop all of them in the end."""
    from ray.cluster_utils import Cluster

    mark = uuid.uuid4().hex
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(_MARK, mark)
        found = Cluster(
            initialize_head=True, head_node_args={"include_dashboard": False, **SMALL, **head}
        )
        try:
            yield found
        finally:
            found.shutdown()
            _kill_all(mark)


_MARK = "CLUSTER_OF_A_TEST"


def _kill_all(mark):
    """Kill what a cluster leaves behind where a part of it was killed.

    What names itself anew, as Ray's processes do, has zeros in its environment, of which psutil
    would make nothing.
    """
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if pid != os.getpid() and mark.encode() in Path(f"/proc/{pid}/environ").read_bytes():
                os.kill(pid, signal.SIGKILL)


def install(site):
    """Lay the plugin `gated` into a folder, as pip would."""
    metadata = site / "gated-1.0.dist-info"
    metadata.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "execution" / "gated.py", site)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: gated\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[ganbench]\ngated = gated\n")
    return f"{site}:{ROOT}:{ROOT / 'plugins'}"


def grid(**fields):
    return make_grid(
        {
            "name": "gated",
            "seeds": 2,
            "metrics": ["gap"],
            "datasets": ["gate"],
            "priors": ["normal(dim=2)"],
            "architectures": ["mlp(width=4, depth=1)"],
            "losses": ["least"],
            "train": {"generator_steps": 5, "batch_size": 8, "block": 2},
            "evaluation": {"samples": 50, "floor_splits": 2},
            **fields,
        },
        origin="test",
    )


def done(grid, folder, executor=None, **options):
    """Plan and execute a grid in a results folder; return the store and the summary."""
    registry, store = load_plugins(), Store(folder)
    store.create()
    metrics = build_metrics(grid.metrics, registry)
    todo = make_plan(grid, plan(grid, registry), metrics, CPU, store)
    return store, execute(todo, store, registry, executor or InlineExecutor(), **options)


def numbers(store):
    """Return all that must not depend on where and how often a run was tried."""
    return {
        run_id: (
            run["status"],
            store.samples(run_id).tolist() if run["status"] == "ok" else None,
            []
            if run["status"] != "ok"
            else store.scores(run_id).drop(columns="seconds").to_dict("records"),
        )
        for run_id, run in store.runs().items()
    }, {key: floor["floors"] for key, floor in store.floors().items()}


def forget():
    from ganbench.execution import worker

    worker._loaded.cache_clear()
    worker._evaluator.cache_clear()
    sys.modules.pop("gated", None)


def environment(path, **more):
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **more}
