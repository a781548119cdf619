"""An executor that trains nothing: it publishes a small run for each that is asked for."""

import contextlib
import random
import time
from collections.abc import Iterator, Sequence
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import torch

from ganbench import environment
from ganbench.execution.executors import OnEvent, Outcome, Pool
from ganbench.execution.tasks import Task
from ganbench.execution.worker import attempt_of, record
from ganbench.plugins import load_plugins
from ganbench.store import Json, RunFiles, Store

_CPU = torch.device("cpu")
_ESTIMATORS = {
    "mmd": (("mmd2", "lower", True), ("mmd", "lower", False)),
    "c2st": (("jsd", "lower", True), ("accuracy", "neither", False)),
    "modes": (("covered", "higher", True), ("quality", "higher", False)),
}
"""Name of a metric -> estimator, better side and whether tables show it."""


class TrivialExecutor:
    """Publishes runs in threads of this process, as workers would.

    Attributes:
        cpu_seconds: that publishing has taken, which is no cost of the driver.
    """

    def __init__(self) -> None:
        self.cpu_seconds = 0.0

    @contextlib.contextmanager
    def open(self, folder: Path, on_event: OnEvent) -> Iterator[Pool]:
        """Be ready at once."""
        del on_event
        with ThreadPoolExecutor(_Pool.slots) as threads:
            yield _Pool(self, Store(folder), threads)


class _Pool:
    slots = 4

    def __init__(
        self, executor: TrivialExecutor, store: Store, threads: ThreadPoolExecutor
    ) -> None:
        self.executor, self.store, self.threads = executor, store, threads
        self.taken: dict[Future[list[Json]], Task] = {}
        self.known = environment.describe(_CPU, load_plugins())

    @property
    def running(self) -> int:
        return len(self.taken)

    def submit(self, task: Task, alone: bool = False) -> None:
        del alone
        self.taken[self.threads.submit(self._perform, task)] = task

    def wait(self) -> Iterator[Outcome]:
        for done in futures.wait(self.taken, return_when=futures.FIRST_COMPLETED).done:
            yield Outcome(self.taken.pop(done), done.result())

    def stop(self) -> None:
        pass

    def _perform(self, task: Task) -> list[Json]:
        if task.kind == "floor":
            (metric,), (floor_id,) = task.metrics, task.score_ids
            floors = {name: {"mean": 0.1, "p95": 0.2} for name, *_ in _ESTIMATORS[metric]}
            self.store.write_floor(floor_id, {"metric": metric, "floors": floors})
            return []
        return [self._publish(task, seed) for seed in task.runs]

    def _publish(self, task: Task, seed: int) -> Json:
        run = {
            **record(task, seed),
            "steps": task.cell["recipe"]["generator_steps"],
            "samples": task.evaluation["samples"],
            "train_seconds": 0.0,
            "eval_seconds": 0.0,
            "engine": "trivial",
            "environment": self.known,
        }
        draw = random.Random(run["run_id"])
        history = pd.DataFrame({"step": [0, 1], "quantity": "critic_loss", "value": draw.random()})
        scores = _scores(task, draw)
        started = time.thread_time()
        files = RunFiles(run, history, torch.zeros(16, 2), {"w": torch.zeros(4)}, scores, "ok\n")
        self.store.publish(files, attempt_of(run, time.time(), 0.0))
        self.executor.cpu_seconds += time.thread_time() - started
        return run


def _scores(task: Task, draw: random.Random) -> pd.DataFrame:
    rows: Sequence[Json] = [
        {
            "metric": metric,
            "estimator": estimator,
            "value": draw.random(),
            "low": None,
            "high": None,
            "p_value": draw.random(),
            "n_real": 2000,
            "n_fake": 2000,
            "better": better,
            "headline": headline,
            "score_id": score_id,
            "details": "{}",
            "seconds": 0.0,
        }
        for metric, score_id in zip(task.metrics, task.score_ids, strict=True)
        for estimator, better, headline in _ESTIMATORS[metric]
    ]
    return pd.DataFrame(rows)
