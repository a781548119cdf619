"""How long the page of a large grid takes to open: `python -m benchmarks.scale.opening`.

The runs are made up, the page is the real one: five seeds of every cell, figures of the best. A
headless Chromium opens it from the disk; needs `chromium` and `playwright`. Writes what it
measured over what was there, into opening.json beside this file.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from playwright.sync_api import Browser, sync_playwright

from benchmarks.scale.planning import CPU
from ganbench import environment
from ganbench.components import parse_single
from ganbench.plugins import Registry, load_plugins
from ganbench.recipe import Recipe
from ganbench.report.page import write_report
from ganbench.results import Results

OUT = Path(__file__).with_suffix(".json")
SIZES = (1_000, 10_000, 100_000)
DATASETS = ("ring8", "grid25", "moons", "student_t", "gaussian")
PLAYERS = tuple(f"mlp(width={width})" for width in range(16, 36))
SEEDS = 5
SCORES = (("mmd", "rbf", "lower"), ("c2st", "max", "lower"), ("modes", "covered", "higher"))
ROUNDS = 5
_NAVIGATION = "performance.getEntriesByType('navigation')[0].loadEventEnd"
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_ELEMENTS = "document.getElementsByTagName('*').length"
_SORTING = """() => {
  const start = performance.now();
  document.querySelectorAll("table.results")[1].tHead.rows[0].cells[4].firstChild.click();
  document.body.offsetHeight;
  return performance.now() - start;
}"""

Row = dict[str, Any]


def made_up(count: int, registry: Registry) -> Results:
    """Make up the results of about this many runs, each ok and with three scores."""
    losses = max(1, count // (len(DATASETS) * len(PLAYERS) * SEEDS))
    names = [f"ns+r1(gamma={step / 100})" for step in range(1, losses + 1)]
    cells = list(product(DATASETS, PLAYERS, names))
    experiment = {
        "name": "scale",
        "grid": {},
        "commands": ["ganbench run --grid scale"],
        "environment": {"device": "cpu"},
        "cells": {str(place): _record(place, cell) for place, cell in enumerate(cells)},
    }
    datasets = {
        name: registry.build("dataset", parse_single(name)).value.judged for name in DATASETS
    }
    return Results(
        name="scale",
        experiment=experiment,
        frame=_frame(cells),
        history=_history,
        samples=lambda run_id: _samples(datasets, run_id),
        dataset=datasets.__getitem__,
        reason=lambda _: "",
    )


def _record(place: int, cell: tuple[str, str, str]) -> Row:
    dataset, player, loss = cell
    labels = {"dataset": dataset, "prior": "normal(dim=16)", "generator": player}
    return {
        "labels": {**labels, "discriminator": player, "loss": loss},
        "recipe": Recipe().settings,
        "runs": {str(seed): f"{place}-{seed}-{dataset}" for seed in range(SEEDS)},
        "scores": {metric: "" for metric, _, _ in SCORES},
        "device": "cpu",
        "origin": "made up",
    }


def _frame(cells: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Make the tidy frame: by cell, seed and score."""
    each = SEEDS * len(SCORES)
    frame = pd.DataFrame(cells, columns=["dataset", "generator", "loss"])
    frame = frame.loc[frame.index.repeat(each)].reset_index(names="place")
    frame["seed"] = np.tile(np.repeat(np.arange(SEEDS), len(SCORES)), len(cells))
    frame["run_id"] = [
        f"{place}-{seed}-{dataset}"
        for place, seed, dataset in zip(
            frame["place"], frame["seed"], frame["dataset"], strict=True
        )
    ]
    for name, values in zip(
        ("metric", "estimator", "better"), zip(*SCORES, strict=True), strict=True
    ):
        frame[name] = np.tile(values, SEEDS * len(cells))
    rng = np.random.default_rng(0)
    frame["value"] = rng.lognormal(size=len(frame)) + 0.001 * frame["place"]
    return frame.drop(columns="place").assign(
        prior="normal(dim=16)", discriminator=frame["generator"], status="ok", reason="",
        low=np.nan, high=np.nan, p_value=np.nan, floor=0.01, floor_p95=0.02, n_real=2000,
        n_fake=2000, generator_steps=2000, train_seconds=1.5, eval_seconds=0.5, device="cpu",
        engine="traced", block=5, attempts=1, headline=True, joules=np.nan, torch="2.13.0",
        generator_parameters=4866, critic_parameters=4417, generator_passes=4000,
        critic_passes=8000, hardware="a CPU",
    )  # fmt: skip


def _history(run_id: str) -> pd.DataFrame:  # noqa: ARG001
    steps = np.arange(0, 2000, 20)
    return pd.DataFrame({"step": steps, "quantity": "critic_loss", "value": np.exp(-steps / 500)})


def _samples(datasets: dict[str, Any], run_id: str) -> torch.Tensor:
    place, seed, name = run_id.split("-")
    rng = torch.Generator().manual_seed(int(place) * SEEDS + int(seed))
    samples: torch.Tensor = datasets[name].sample(1000, "train", rng)
    return samples


def measure(count: int, registry: Registry, browser: Browser) -> Row:
    """Write the page of this many runs and open it."""
    results = made_up(count, registry)
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        page = write_report(results, Path(folder), registry)
        seconds = time.process_time() - start
        opened = [_opened(browser, page) for _ in range(ROUNDS)]
        size = page.stat().st_size
    return {
        "runs": results.frame["run_id"].nunique(),
        "cells": len(results.experiment["cells"]),
        "write_cpu_seconds": round(seconds, 1),
        "page_mib": round(size / 2**20, 2),
        **{name: round(statistics.median(each[name] for each in opened), 3) for name in opened[0]},
    }


def _opened(browser: Browser, path: Path) -> dict[str, float]:
    """Open a page in a fresh profile; seconds."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    start = time.perf_counter()
    page.goto(path.as_uri())
    wall = time.perf_counter() - start
    found = {
        "open_wall_seconds": wall,
        "loaded_seconds": page.evaluate(_NAVIGATION) / 1000,
        "painted_seconds": page.evaluate(_PAINT) / 1000,
        "sort_seconds": page.evaluate(_SORTING) / 1000,
        "elements": page.evaluate(_ELEMENTS),
    }
    context.close()
    return found


def main() -> None:
    """Measure all sizes, print and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, nargs="*", default=SIZES, help="sizes of the grids")
    registry = load_plugins()
    measured = json.loads(OUT.read_text()) if OUT.exists() else {"sizes": {}}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        cpu = environment.describe(CPU, registry)["cpu"]
        measured["environment"] = {"cpu": cpu, "chromium": browser.version}
        for count in parser.parse_args().runs:
            measured["sizes"][str(count)] = measure(count, registry, browser)
            OUT.write_text(json.dumps(measured, indent=1) + "\n")
        browser.close()
    print(pd.DataFrame(measured["sizes"].values()).to_string(index=False))  # noqa: T201


if __name__ == "__main__":
    main()
