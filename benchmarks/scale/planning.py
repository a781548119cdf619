"""What it takes to plan large grids: `python -m benchmarks.scale.planning`.

Each size is planned in a process of its own on one thread: against an empty store, where all is to
do, and against one that holds every run and score, where nothing is. The full store is held in
memory, so that reading files does not count. Writes planning.json beside this file.
"""

import argparse
import contextlib
import json
import multiprocessing
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pyarrow as pa
import torch

from benchmarks.scale.peaks import peak
from ganbench import environment
from ganbench.cells import plan
from ganbench.evaluation import build_metrics
from ganbench.execution import driver, executors, tasks  # noqa: F401  # a driver has them
from ganbench.execution.tasks import Plan, make_plan
from ganbench.grid import Grid, make_grid
from ganbench.plugins import Registry, load_plugins
from ganbench.store import Store
from ganbench.store.index import Index

OUT = Path(__file__).with_suffix(".json")
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
CPU = torch.device("cpu")

Row = dict[str, Any]


def grid_of(cells: int) -> Grid:
    """Make a grid of about this many cells: losses x 20 architectures x 10 priors x 5 datasets."""
    gammas = [round(0.01 * step, 2) for step in range(1, max(1, cells // 1000) + 1)]
    return make_grid(
        {
            "name": "scale",
            "seeds": 1,
            "metrics": ["mmd", "c2st", "modes"],
            "datasets": ["ring8", "grid25", "moons", "student_t", "gaussian"],
            "priors": [f"normal(dim={list(range(1, 11))})"],
            "architectures": [f"mlp(width={list(range(16, 36))})"],
            "losses": [f"ns+r1(gamma={gammas})"],
            "train": {"block": 1},
            "override": [
                {"where": {"dataset": "student_t"}, "set": {"generator_steps": 1000}},
                {"where": {"loss": "ns+r1(gamma=0.01)", "prior": "normal"}, "set": {"ema": 0.99}},
            ],
        },
        origin="benchmark",
    )


class Full(Store):
    """A store that holds every floor of a plan, without files."""

    def __init__(self, planned: Plan) -> None:
        super().__init__(Path("nowhere"))
        self._floors = {
            Path(f"{floor_id}.json")
            for each in planned.cells
            for floor_id in each.score_ids(planned.metrics).values()
        }

    def floor_files(self) -> list[Path]:
        """List the files of all floors."""
        return sorted(self._floors)


def full_index(planned: Plan) -> Index:
    """Make an index in which every run of a plan is ok and has its scores."""
    ids = sorted(planned.run_ids)
    runs = pd.DataFrame({"status": "ok", "samples": 2000, "attempts": 1}, index=ids)
    scores = [
        (run_id, score_id)
        for each in planned.cells
        for run_id in each.runs.values()
        for score_id in each.score_ids(planned.metrics).values()
    ]
    index = Index(runs, {}, pa.table({}))
    index.__dict__["scores"] = pd.DataFrame(scores, columns=["run_id", "score_id"])
    return index


def measure(cells: int, full: bool) -> Row:
    """Plan a grid in this process; its peak of resident memory is in MiB."""
    registry, grid, before = load_plugins(), grid_of(cells), peak()
    store, loader = Store(Path("nowhere")), contextlib.nullcontext()
    if full:
        planned = _planned(grid, registry, store)[0]
        store, index = Full(planned), full_index(planned)
        loader = mock.patch.object(tasks, "load_index", return_value=index)
    with loader:
        planned, seconds = _planned(grid, registry, store)
    return {
        "cells": len(planned.cells),
        "store": "full" if full else "empty",
        "tasks": len(planned.tasks),
        **{name: round(value, 2) for name, value in seconds.items()},
        "peak_mib": peak(),
        "libraries_mib": before,
    }


def _planned(grid: Grid, registry: Registry, store: Store) -> tuple[Plan, Mapping[str, float]]:
    begun, started = time.perf_counter(), time.process_time()
    cells = plan(grid, registry)
    expanded = time.process_time()
    planned = make_plan(grid, cells, build_metrics(grid.metrics, registry), CPU, store)
    spent = {
        "seconds": time.perf_counter() - begun,
        "cells_cpu_seconds": expanded - started,
        "tasks_cpu_seconds": time.process_time() - expanded,
    }
    return planned, spent


def main() -> None:
    """Measure, print, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="+", default=SIZES)
    facts, rows = environment.describe(CPU, load_plugins()), []
    for cells in parser.parse_args().cells:
        for full in (False, True):
            # Peaks are of a whole process, so that each needs its own.
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                rows.append(pool.apply(measure, (cells, full)))
            print(rows[-1], flush=True)  # noqa: T201
    print(pd.DataFrame(rows).to_string(index=False))  # noqa: T201
    known = {name: facts[name] for name in ("cpu", "torch", "python")}
    OUT.write_text(json.dumps({"environment": known, "planning": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
