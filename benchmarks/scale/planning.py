"""What it takes to plan large grids: `python -m benchmarks.scale.planning`.

Each size is planned in a process of its own on one thread: against an empty store, where all is to
do, and against one that holds every run and score, where nothing is. The full store is held in
memory, so that reading files does not count. Writes planning.json beside this file.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from ganbench import environment
from ganbench.cells import plan
from ganbench.evaluation import build_metrics
from ganbench.execution import driver, executors  # noqa: F401  # a driver has them, too
from ganbench.execution.tasks import Plan, make_plan
from ganbench.grid import Grid, make_grid
from ganbench.plugins import Registry, load_plugins
from ganbench.store import Store

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
    """A store that holds every run and score of a plan, without files."""

    def __init__(self, planned: Plan) -> None:
        run = {"status": "ok", "samples": 2000}
        self._runs = dict.fromkeys(planned.run_ids, run)
        self._floors: dict[str, Any] = {}
        self._scores: dict[str, pd.DataFrame] = {}
        frames: dict[object, pd.DataFrame] = {}
        for each in planned.cells:
            ids = each.score_ids(planned.metrics)
            self._floors.update(dict.fromkeys(ids.values()))
            frame = frames.setdefault(
                each.evaluator, pd.DataFrame({"score_id": list(ids.values())})
            )
            self._scores.update(dict.fromkeys(each.runs.values(), frame))

    def runs(self) -> dict[str, Any]:
        """Return the record of every run, by id."""
        return self._runs

    def floors(self) -> dict[str, Any]:
        """Return all floors, by id."""
        return self._floors

    def scores(self, run_id: str) -> pd.DataFrame | None:
        """Return the scores of a run."""
        return self._scores[run_id]


def measure(cells: int, full: bool) -> Row:
    """Plan a grid in this process; its peak of resident memory is in MiB."""
    registry, grid, before = load_plugins(), grid_of(cells), _peak()
    store = Full(_planned(grid, registry, Store(Path("nowhere")))[0]) if full else None
    planned, seconds = _planned(grid, registry, store or Store(Path("nowhere")))
    return {
        "cells": len(planned.cells),
        "store": "full" if full else "empty",
        "tasks": len(planned.tasks),
        **{name: round(value, 2) for name, value in seconds.items()},
        "peak_mib": _peak(),
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


def _peak() -> int:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


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
