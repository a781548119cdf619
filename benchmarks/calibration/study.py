"""Run every estimator on every pair, sample size and repeat; interrupted studies go on."""

import json
import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import click

from benchmarks.calibration.estimators import ESTIMATORS, TESTS, Estimator
from benchmarks.calibration.pairs import PAIRS
from ganbench import isolation
from ganbench.errors import MetricError
from ganbench.metrics import Score
from ganbench.metrics._intervals import ONE_SIDED_95, TWO_SIDED_95
from ganbench.seeding import numpy_stream

Section = Literal["bias", "floors", "null", "power"]

SEED = 0
SECONDS_BETWEEN_LINES = 30


@dataclass(frozen=True)
class Plan:
    """What a section runs.

    Attributes:
        estimators: by name.
        repeats: by rows per sample.
        pairs: names of pairs.
        against_itself: whether the real law stands for the generated one, too.
    """

    estimators: Mapping[str, Estimator]
    repeats: Mapping[int, int]
    pairs: Sequence[str]
    against_itself: bool = False


NULLS = [name for name, pair in PAIRS.items() if pair.null]

PLANS: dict[Section, Plan] = {
    "bias": Plan(
        {name: each for name, each in ESTIMATORS.items() if each.target},
        {500: 50, 1000: 50, 5000: 10, 10_000: 3},
        [*PAIRS],
    ),
    "floors": Plan(
        ESTIMATORS,
        {500: 50, 1000: 50, 5000: 20},
        [*NULLS, "shift1", "ring8_miss1", "shift1_d10", "cat10", "markov"],
        against_itself=True,
    ),
    "null": Plan(TESTS, {200: 1000}, NULLS),
    "power": Plan(
        TESTS,
        {50: 200, 100: 200, 200: 200, 500: 200, 1000: 100, 2000: 50},
        ["ring8_miss1", "corr0.3", "grid25_blur"],
    ),
}


@dataclass(frozen=True)
class Task:
    """One call; its draws depend on nothing else."""

    section: Section
    pair: str
    n: int
    repeat: int
    estimator: str


def tasks(section: Section, plan: Plan) -> Iterator[Task]:
    """Name all calls of a section, small samples first."""
    for n in sorted(plan.repeats):
        for repeat in range(plan.repeats[n]):
            for pair in plan.pairs:
                for name, estimator in plan.estimators.items():
                    known = section == "floors" and PAIRS[pair].null and estimator.target
                    if estimator.fits(PAIRS[pair], n) and not known:  # `bias` has those
                        yield Task(section, pair, n, repeat, name)


def run_task(task: Task) -> dict[str, Any]:
    """Sample, call, and return what came of it."""
    plan, pair = PLANS[task.section], PAIRS[task.pair]
    place = (task.section, task.pair, task.n, task.repeat)
    draws = numpy_stream(SEED, "samples", *place)
    x, y = pair.sample(task.n, draws)
    if plan.against_itself:
        y = pair.p.sample(task.n, draws)
    started = time.process_time()
    try:
        rng = numpy_stream(SEED, task.estimator, *place)
        scores = plan.estimators[task.estimator].call(pair, x, y, rng)
    except MetricError as error:
        return {**asdict(task), "failed": str(error)}
    seconds = round(time.process_time() - started, 4)
    rows = [_row(score, task.estimator, alone=len(scores) == 1) for score in scores]
    return {**asdict(task), "seconds": seconds, "scores": rows}


def _row(score: Score, estimator: str, *, alone: bool) -> dict[str, Any]:
    return {
        "name": estimator if alone else f"{estimator} {score.estimator}",
        "value": score.value,
        "low": score.low,
        "high": score.high,
        "p_value": score.p_value,
        "error": standard_error(score),
    }


def standard_error(score: Score) -> float | None:
    """Return the error that an estimator states, or that its interval implies."""
    if "standard_error" in score.details:
        return float(str(score.details["standard_error"]))
    if score.low is None:
        return None
    if score.high is None:
        return (score.value - score.low) / ONE_SIDED_95
    return (score.high - score.low) / (2 * TWO_SIDED_95)


def run(section: Section, plan: Plan, path: Path, jobs: int) -> None:
    """Run what `path` does not hold yet, and append every result as soon as it is there."""
    done = {_key(row) for row in read_rows(path)}
    left = [task for task in tasks(section, plan) if _key(asdict(task)) not in done]
    click.echo(f"{section}: {len(done)} calls are there, {len(left)} are left")
    path.parent.mkdir(parents=True, exist_ok=True)
    last = started = time.monotonic()
    with path.open("a", encoding="utf-8") as file:
        for count, row in enumerate(_results(left, jobs), start=1):
            file.write(json.dumps(row) + "\n")
            file.flush()
            if time.monotonic() - last > SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                minutes = (last - started) / 60
                click.echo(f"{section}: {count} of {len(left)} in {minutes:.0f} min, n={row['n']}")


def _results(left: Sequence[Task], jobs: int) -> Iterator[dict[str, Any]]:
    if jobs == 1:
        yield from map(run_task, left)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, isolation.make_deterministic) as pool:
        yield from pool.imap_unordered(run_task, left)


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("pair", "n", "repeat", "estimator"))


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read the results of a section, and cut off a last line that was not written to its end."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    return [json.loads(line) for line in whole.splitlines()]
