"""How fast engine and scores are: `python -m benchmarks.speed`.

Engine, hand-written loop and JAX train the same games with drawn batches on one thread and take
turns; each round gives the ratio of CPU seconds per seed-step, and the median over the rounds is
reported. Scores are compared with what recomputes them. Writes results.json
and speed.png beside this file.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read when the libraries load

import torch

from benchmarks.speed import jax_peer
from benchmarks.speed.cases import CASES, Case, Mlp
from benchmarks.speed.engine import CPU, engine_training
from benchmarks.speed.figure import draw
from benchmarks.speed.hand import hand_written
from benchmarks.speed.processes import memory, overhead, workers
from benchmarks.speed.scores import scores
from ganbench import environment, isolation
from ganbench.plugins import load_plugins

FOLDER = Path(__file__).parent
ROUNDS = 5
SEEDS = (1, 4, 8, 16, 32)
STEPS = {"mlp-64x2": 64, "mlp-128x3": 16, "dcgan-8": 4, "dcgan-28": 1, "lstm": 8}
"""Steps of a turn; about a tenth of a second of the hand-written loop."""

Row = dict[str, Any]


def cpu_seconds(train: Callable[[int], None], steps: int) -> float:
    """CPU seconds per step."""
    started = time.process_time()
    train(steps)
    return (time.process_time() - started) / steps


def take_turns(contenders: dict[str, tuple[Callable[[int], None], int]], steps: int) -> list[Row]:
    """Warm all up, then return the CPU seconds per seed-step of each in every round."""
    for train, _ in contenders.values():
        train(steps)
    return [
        {name: cpu_seconds(train, steps) / n for name, (train, n) in contenders.items()}
        for _ in range(ROUNDS)
    ]


def peers(case: Case, seeds: int) -> Row:
    """Let engine, hand-written loop and JAX take turns on a case."""
    steps = STEPS[case.name]
    ours, rung = engine_training(case, seeds)
    contenders = {"hand": (hand_written(case), 1), "engine": (ours, seeds)}
    if jax_peer.available():
        contenders["jax"] = (jax_peer.jax_training(case, seeds), seeds)
    rounds = take_turns(contenders, steps)
    speed = {f"{name}_per_second": 1 / _median(rounds, name) for name in contenders}
    ratios = {
        f"ratio_to_{name}": statistics.median(turn[name] / turn["engine"] for turn in rounds)
        for name in contenders
        if name != "engine"
    }
    facts = {"case": case.name, "loss": case.loss, "seeds": seeds, "rung": rung}
    return {**facts, **_rounded(ratios, 2), **_rounded(speed, 0)}


def compiled(case: Case, seeds: int) -> Row:
    """Compare the compiled rung with the loop, the traced rung and JAX."""
    hand, steps = hand_written(case), STEPS[case.name]
    started = time.perf_counter()
    ours, rung = engine_training(case, seeds, rung="compiled")
    ours(steps)
    build = time.perf_counter() - started
    traced, _ = engine_training(case, seeds, rung="traced")
    contenders = {"hand": (hand, 1), "compiled": (ours, seeds), "traced": (traced, seeds)}
    if jax_peer.available():
        contenders["jax"] = (jax_peer.jax_training(case, seeds), seeds)
    rounds = take_turns(contenders, steps)
    ratios = {
        f"{name}_ratio_to_hand": statistics.median(turn["hand"] / turn[name] for turn in rounds)
        for name in contenders
        if name != "hand"
    }
    facts = {"case": case.name, "loss": case.loss, "seeds": seeds, "rung": rung}
    return {**facts, "build_seconds": round(build, 1), **_rounded(ratios, 2)}


def profile(case: Case) -> Row:
    """Return the share of each operation in the time of eight seeds, in percent."""
    train, _ = engine_training(case, 8)
    train(2)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as watched:
        train(STEPS[case.name])
    spent = {event.key: event.self_cpu_time_total for event in watched.key_averages()}
    largest = sorted(spent, key=spent.__getitem__, reverse=True)[:8]
    total = sum(spent.values())
    shares = {name: round(100 * spent[name] / total, 1) for name in largest}
    return {"case": case.name, "loss": case.loss, "percent": shares}


def cost(width: int, batch: int) -> Row:
    """What eight seeds of a dense pair cost, by width and batch."""
    case = Case(f"mlp-{width}x2", "ring8", Mlp(width, 2), "ns", batch)
    hand, (ours, _) = hand_written(case), engine_training(case, 8)
    for train in (hand, ours):
        train(16)
    rounds = [(cpu_seconds(hand, 32), cpu_seconds(ours, 32) / 8) for _ in range(ROUNDS)]
    ratio = statistics.median(a / b for a, b in rounds)
    spent = statistics.median(b for _, b in rounds)
    facts = {"width": width, "batch": batch, "microseconds_per_seed_step": round(spent * 1e6)}
    return {**facts, "ratio_to_hand": round(ratio, 2)}


def _median(rounds: Sequence[Row], name: str) -> float:
    return statistics.median(turn[name] for turn in rounds)


def _rounded(values: Row, digits: int) -> Row:
    return {name: round(value, digits) for name, value in values.items()}


def _peer_rows(seeds: Sequence[int]) -> list[Row]:
    rows = []
    for case in CASES:
        for count in seeds:
            rows.append(peers(case, count))
            print(rows[-1], flush=True)  # noqa: T201
    return rows


SECTIONS: dict[str, Callable[[Sequence[int]], Any]] = {
    "peers": _peer_rows,
    "compiled": lambda _: [compiled(CASES[0], 1), *(compiled(case, 8) for case in CASES[:6])],
    "profile": lambda _: [profile(case) for case in CASES if case.loss == "ns"],
    "cost": lambda _: [cost(width, batch) for width in (32, 64, 256) for batch in (32, 128)],
    "workers": lambda _: workers(),
    "overhead": lambda _: overhead(),
    "memory": lambda _: memory(),
    "scores": lambda _: scores(),
}


def main() -> None:
    """Measure, print, and write what was measured over what was there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="default: all")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    chosen = parser.parse_args()
    isolation.make_deterministic()
    torch.set_num_threads(1)
    out = FOLDER / "results.json"
    results = json.loads(out.read_text()) if out.exists() else {}
    facts = environment.describe(CPU, load_plugins())
    kept = ("cpu", "torch", "python", "threads_per_worker")
    results["environment"] = {name: facts[name] for name in kept}
    results["jax"] = "measured" if jax_peer.available() else "absent"
    for name in chosen.sections or SECTIONS:
        results[name] = SECTIONS[name](chosen.seeds)
        print(name, results[name], flush=True)  # noqa: T201
        out.write_text(json.dumps(results, indent=1) + "\n")
    draw(results["peers"], FOLDER / "speed.png")


if __name__ == "__main__":
    main()
