"""What grids of up to 100,000 runs cost: `python -m benchmarks.scale`.

Each size gets a fresh results folder and, for every stage, a fresh process: the driver with
leases and an index plans the grid and publishes a small run for each that is asked for; then it is
planned again, indexed, loaded, tabled and reported. Every grid has one run per cell, the
hardest case. Writes results.json and scale.png beside this file.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read when the libraries load

from benchmarks.scale import stages
from benchmarks.scale.figure import draw
from ganbench import environment
from ganbench.plugins import load_plugins

FOLDER = Path(__file__).parent
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
COMMANDS = ("table", "status", "report")

Row = dict[str, Any]


def alone(stage: Callable[..., Row], *arguments: Any) -> Row:
    """Measure a stage in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:  # may itself start workers
        return pool.submit(stage, *arguments).result()


def measure(runs: int, desk: Path) -> Row:
    """Take a grid of this many runs through all stages; one that was driven is driven no more."""
    folder, driven = desk / str(runs), desk / f"{runs}.json"
    if not driven.exists():
        driven.write_text(json.dumps(alone(stages.drive, runs, folder)))
    row: Row = {"asked": runs, **json.loads(driven.read_text())}
    row |= alone(stages.plan_again, runs, folder)
    for cold in (True, False):
        row |= alone(stages.read_index, folder, cold)
    row |= alone(stages.read_results, folder)
    for name in COMMANDS:
        row |= stages.command(name, folder)
    return row | stages.sizes(folder)


def main() -> None:
    """Measure, print, and write what was measured over what was there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, nargs="*", default=SIZES, help="sizes of the grids")
    parser.add_argument("--workers", type=int, default=3_000, help="runs by real workers, or 0")
    parser.add_argument("--folder", type=Path, help="keep results folders here, and go on there")
    chosen = parser.parse_args()
    out = FOLDER / "results.json"
    results = json.loads(out.read_text()) if out.exists() else {"sizes": {}}
    facts = environment.describe(stages.CPU, load_plugins())
    kept = ("cpu", "torch", "python", "threads_per_worker")
    results["environment"] = {name: facts[name] for name in kept}
    with tempfile.TemporaryDirectory() as temporary:
        desk = chosen.folder or Path(temporary)
        desk.mkdir(parents=True, exist_ok=True)
        for runs in chosen.runs:
            results["sizes"][str(runs)] = measure(runs, desk)
            print(results["sizes"][str(runs)], flush=True)  # noqa: T201
            out.write_text(json.dumps(results, indent=1) + "\n")
        if chosen.workers:
            folder = Path(temporary) / "workers"
            results["workers"] = alone(stages.drive_workers, chosen.workers, folder, 1)
            print(results["workers"], flush=True)  # noqa: T201
    out.write_text(json.dumps(results, indent=1) + "\n")
    draw(sorted(results["sizes"].values(), key=lambda row: row["runs"]), FOLDER / "scale.png")


if __name__ == "__main__":
    main()
