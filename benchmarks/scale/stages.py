"""The stages of a large grid, each measured in a fresh process."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from benchmarks.scale.peaks import peak
from benchmarks.scale.planning import grid_of
from benchmarks.scale.trainer import TrivialExecutor
from ganbench.cells import plan
from ganbench.evaluation import build_metrics
from ganbench.execution.driver import execute
from ganbench.execution.executors import Executor
from ganbench.execution.experiment import record_experiment
from ganbench.execution.local import LocalExecutor
from ganbench.execution.tasks import make_plan
from ganbench.grid import Grid, make_grid
from ganbench.plugins import load_plugins
from ganbench.results import load_results
from ganbench.store import Store
from ganbench.store.index import load_index

CPU = torch.device("cpu")
_COMMAND = """
import atexit, sys
from pathlib import Path
from benchmarks.scale.peaks import peak
out = Path(sys.argv.pop(1))
atexit.register(lambda: out.write_text(str(peak())))
from ganbench.cli import main
main()
"""

Row = dict[str, Any]


@contextmanager
def timed(row: Row, name: str) -> Iterator[None]:
    """Note the wall and CPU seconds of a block."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    row[f"{name}_seconds"] = round(time.perf_counter() - wall, 2)
    row[f"{name}_cpu_seconds"] = round(time.process_time() - cpu, 2)


def drive(runs: int, folder: Path) -> Row:
    """Plan a grid of this many runs, record it and do it, as `ganbench run` does."""
    return _driven(grid_of(runs), folder, TrivialExecutor())


def drive_workers(runs: int, folder: Path, jobs: int) -> Row:
    """Fit a normal law per run in real worker processes."""
    grid = make_grid(
        {
            "name": "scale-workers",
            "seeds": runs,
            "datasets": ["gaussian"],
            "baselines": ["gaussian"],
            "metrics": ["modes"],  # which does not fit, so that nothing is scored
            "train": {"block": 1},
            "evaluation": {"samples": 100},
        },
        origin="benchmark",
    )
    return {"jobs": jobs, **_driven(grid, folder, LocalExecutor(jobs))}


def _driven(grid: Grid, folder: Path, executor: Executor) -> Row:
    registry, store, row = load_plugins(), Store(folder), Row()
    row["libraries_mib"] = peak()
    with timed(row, "plan"):
        cells = plan(grid, registry)
        store.create()
        planned = make_plan(grid, cells, build_metrics(grid.metrics, registry), CPU, store)
    with timed(row, "record"):
        record_experiment(store, planned, grid, registry)
    with timed(row, "execute"):
        summary = execute(planned, store, registry, executor)
    row["runs"], row["tasks"] = len(summary.statuses), len(planned.tasks)
    row["failures"] = summary.failures + len(summary.problems)
    if isinstance(executor, TrivialExecutor):
        row["publish_cpu_seconds"] = round(executor.cpu_seconds, 2)
    return {**row, "driver_peak_mib": peak()}


def plan_again(runs: int, folder: Path) -> Row:
    """Plan the grid against the folder that holds it all."""
    registry, row, grid = load_plugins(), Row(), grid_of(runs)
    with timed(row, "replan"):
        cells = plan(grid, registry)
        metrics = build_metrics(grid.metrics, registry)
        planned = make_plan(grid, cells, metrics, CPU, Store(folder))
    return {**row, "left": len(planned.tasks), "replan_peak_mib": peak()}


def read_index(folder: Path, cold: bool) -> Row:
    """Load the index, without segments if it is cold."""
    row, name = Row(), f"index_{'cold' if cold else 'warm'}"
    if cold:
        shutil.rmtree(folder / ".index")
    with timed(row, name):
        index = load_index(Store(folder))
    return {**row, "indexed": len(index.runs), f"{name}_peak_mib": peak()}


def read_results(folder: Path) -> Row:
    """Load all results, and the index with them."""
    registry, row = load_plugins(), Row()
    with timed(row, "results"):
        results = load_results(Store(folder), registry)
    return {**row, "rows": len(results.frame), "results_peak_mib": peak()}


def command(name: str, folder: Path) -> Row:
    """Measure a command of ganbench about a results folder, from its start to its end."""
    with tempfile.TemporaryDirectory() as desk:
        noted, printed = Path(desk) / "peak", Path(desk) / "printed"
        whole = [sys.executable, "-c", _COMMAND, str(noted), name, str(folder)]
        wall = time.perf_counter()
        with printed.open("wb") as out:
            process = subprocess.Popen(whole, stdout=out)
            _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - wall
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"ganbench {name} ended with {process.returncode}")
        return {
            f"{name}_seconds": round(seconds, 2),
            f"{name}_cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
            f"{name}_peak_mib": int(noted.read_text()),
            f"{name}_printed_mib": round(printed.stat().st_size / 2**20, 2),
        }


def sizes(folder: Path) -> Row:
    """Measure what lies on the disk, in MiB as `du` counts."""
    told = subprocess.run(["du", "-sk", folder], capture_output=True, text=True, check=True)
    page = folder / "report" / "report.html"
    figures = sum(path.stat().st_size for path in (folder / "report" / "figures").iterdir())
    return {
        "folder_mib": round(int(told.stdout.split()[0]) / 1024),
        "page_mib": round(page.stat().st_size / 2**20, 2),
        "figures_mib": round(figures / 2**20, 2),
    }
