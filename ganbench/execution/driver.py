"""Runs a plan: feeds the executor, retries, records what workers could not, tells observers."""

import dataclasses
import logging
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from ganbench.execution.executors import Executor, Outcome
from ganbench.execution.tasks import FAILURES, Plan, Task
from ganbench.execution.worker import failure, record
from ganbench.plugins import Registry
from ganbench.store import Json, RunFiles, Store

log = logging.getLogger(__name__)


@dataclass
class Summary:
    """What executing a plan has come to.

    Attributes:
        statuses: run id -> status, of the runs that were executed now.
        troubles: what went wrong without becoming the status of a stored run, such as a floor or
            score that failed: task or run -> what happened the last time that it was tried.
        interrupted: whether it was stopped before the end.
    """

    statuses: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def problems(self) -> list[str]:
        """The troubles, a sentence each."""
        return [f"{where}: {what}" for where, what in self.troubles.items()]

    def tell(self, where: str, what: str) -> None:
        """Replace what is known of a task or run; nothing means that all is well."""
        self.troubles.pop(where, None)
        if what:
            self.troubles[where] = what

    @property
    def failures(self) -> int:
        """Number of runs that ended without scores."""
        return sum(status in FAILURES for status in self.statuses.values())


@dataclass(frozen=True)
class Watcher:
    """What a progress display wants to hear; every callback may be left out."""

    task_event: Callable[[Task, Json], None] = lambda task, event: None  # noqa: ARG005
    task_done: Callable[[Outcome], None] = lambda outcome: None  # noqa: ARG005
    interrupted: Callable[[], None] = lambda: None


def execute(
    plan: Plan,
    store: Store,
    registry: Registry,
    executor: Executor,
    watcher: Watcher | None = None,
    retries: int = 0,
    max_failures: int | None = None,
) -> Summary:
    """Do all tasks of a plan.

    The first Ctrl-C lets the running tasks end and be published, the second stops at once.

    Args:
        plan: the tasks.
        store: where runs are published.
        registry: whose observers are told.
        executor: where tasks run.
        watcher: a progress display.
        retries: how often a failed task is tried again.
        max_failures: stop after this many failed runs.

    Raises:
        StoreError: if the results folder cannot be written.
        KeyboardInterrupt: at the second Ctrl-C.
    """
    watcher = watcher or Watcher()
    summary, observers = Summary(), Observers(registry)
    tasks, attempts = plan.tasks, 0
    with _interrupts(summary, watcher):

        def stopping() -> bool:
            return summary.interrupted or (
                max_failures is not None and summary.failures >= max_failures
            )

        def on_event(task: Task, event: Json) -> None:
            observers.event(task, event)
            watcher.task_event(task, event)

        while tasks and not stopping():
            again = []
            for outcome in executor.run(tasks, store.folder, on_event, stopping):
                rest = _settle(outcome, store, summary, observers)
                watcher.task_done(outcome)
                if rest is not None and attempts < retries:
                    again.append(rest)
            tasks, attempts = again, attempts + 1
    return summary


def _settle(
    outcome: Outcome, store: Store, summary: Summary, observers: "Observers"
) -> Task | None:
    """Record how a task ended; return what of it to try again, if that may help."""
    task, records = outcome.task, list(outcome.records)
    lost = outcome.status != "ok"
    if task.kind != "train":
        summary.tell(task.title, f"{outcome.status}: {outcome.reason}" if lost else "")
    elif lost:
        for seed in task.runs:
            run = failure(task, seed, outcome.status, outcome.reason)
            store.publish(RunFiles(run, log=f"{task.title}, seed {seed}: {outcome.reason}\n"))
            records.append(run)
    for run in records:
        summary.tell(f"{task.title}, seed {run['seed']}", _trouble(run, store))
        summary.statuses[run["run_id"]] = run["status"]
        scores = store.scores(run["run_id"])
        observers.finished(run, [] if scores is None else scores.to_dict("records"))
    if outcome.status != "ok":
        return task
    failed = {seed: task.runs[seed] for seed in task.runs if task.runs[seed] in _failed(records)}
    return dataclasses.replace(task, runs=failed) if failed else None


def _trouble(run: Json, store: Store) -> str:
    """Say what the stored run does not: a score that failed, or a failure beside a success."""
    if run["status"] == "ok":
        return str(run["reason"])
    if store.run(run["run_id"])["status"] == "ok":
        return f"{run['status']}: {run['reason']}; its earlier result is kept"
    return ""


def _failed(records: Sequence[Json]) -> set[str]:
    return {run["run_id"] for run in records if run["status"] == "failed"}


@contextmanager
def _interrupts(summary: Summary, watcher: Watcher) -> Iterator[None]:
    """Turn the first Ctrl-C into a polite stop."""

    def handle(_signal: int, _frame: FrameType | None) -> None:
        if summary.interrupted:
            raise KeyboardInterrupt
        summary.interrupted = True
        watcher.interrupted()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Observers:
    """Calls the observing hooks of plugins; one that fails is told off and never harms a run."""

    def __init__(self, registry: Registry) -> None:
        self.hooks = registry.observers
        self._started: set[str] = set()

    def event(self, task: Task, event: Mapping[str, Any]) -> None:
        """Pass on a worker's progress event."""
        if task.kind != "train":
            return
        for seed, run_id in task.runs.items():
            run = record(task, seed)
            if run_id not in self._started:
                self._started.add(run_id)
                self._call("ganbench_run_started", run=run)
            values = event["values"][run_id]
            if values:
                self._call("ganbench_progress", run=run, step=event["step"], values=values)

    def finished(self, run: Mapping[str, Any], scores: list[Any]) -> None:
        """Tell that a run has ended."""
        self._call("ganbench_run_finished", run=run, scores=scores)

    def _call(self, hook: str, **arguments: Any) -> None:
        for implementation in getattr(self.hooks, hook).get_hookimpls():
            wanted = {name: arguments[name] for name in implementation.argnames}
            try:
                implementation.function(**wanted)
            except Exception:
                log.warning(
                    "The observer %s of plugin '%s' failed and was passed over.",
                    hook,
                    implementation.plugin_name,
                    exc_info=True,
                )
