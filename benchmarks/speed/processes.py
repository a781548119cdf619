"""What whole processes cost: two at a time, their memory, and `ganbench run` around the engine."""

import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.speed.cases import CASES
from benchmarks.speed.engine import engine_training
from benchmarks.speed.hand import hand_written

_ROUNDS = 5

Row = dict[str, Any]


def workers() -> Row:
    """Seed-steps per wall second of one and of two processes at a time."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_throughput, [0.5, 0.5], chunksize=1)  # both have traced
        one, two = [], []
        for _ in range(_ROUNDS):
            one.append(pool.map(_throughput, [3.0])[0])
            two.append(sum(pool.map(_throughput, [3.0, 3.0], chunksize=1)))
    ratio = statistics.median(b / a for a, b in zip(one, two, strict=True))
    return {"one": round(statistics.median(one)), "two_over_one": round(ratio, 2)}


_trained: list[Callable[[int], None]] = []


def _throughput(seconds: float) -> float:
    torch.set_num_threads(1)
    if not _trained:
        _trained.append(engine_training(CASES[0], 8)[0])
    started, steps = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        _trained[0](64)
        steps += 64
    return 8 * steps / (time.perf_counter() - started)


def overhead() -> Row:
    """Wall time of `ganbench run` over that of its engine alone, on a cell of a minute."""
    with tempfile.TemporaryDirectory() as folder:
        cell = ["-d", "ring8", "-a", "mlp", "-l", "ns", "--seeds", "5", "-m", "mmd"]
        how = ["--set", "generator_steps=40000", "--set", "batch_size=64", "-q", "--no-report"]
        main = [sys.executable, "-c", "from ganbench.cli import main; main()"]
        started = time.perf_counter()
        subprocess.run(
            [*main, "run", *cell, *how, "--executor", "inline", "--results", folder],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        whole = time.perf_counter() - started
        records = [json.loads(path.read_text()) for path in Path(folder).glob("runs/*/run.json")]
    trained = sum(record["train_seconds"] for record in records)
    return {
        "run_seconds": round(whole, 1),
        "engine_seconds": round(trained, 1),
        "overhead_percent": round(100 * (whole / trained - 1), 1),
    }


def memory() -> list[Row]:
    """Peak resident memory in MiB of processes that train one case, imports included."""
    rows = []
    for name in ("hand", "engine"):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows.append({"trains": name, "seeds": 8, "peak_mib": pool.apply(_peak, (name,))})
    return rows


def _peak(name: str) -> int:
    case = next(case for case in CASES if case.name == "mlp-128x3")
    train = hand_written(case) if name == "hand" else engine_training(case, 8)[0]
    train(16)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
