"""Runs a plan: feeds the workers, tries again, records what workers could not, tells observers."""

import collections
import contextlib
import copy
import dataclasses
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from ganbench.errors import StoreError
from ganbench.escaping import ended, said
from ganbench.execution.executors import Executor, Outcome, Pool
from ganbench.execution.live import Live
from ganbench.execution.tasks import Plan, Task
from ganbench.execution.trackers import Trackers, tracking
from ganbench.execution.worker import attempt_of, begun, failure
from ganbench.isolation import unchanged
from ganbench.plugins import Registry
from ganbench.store import FAILURES, Json, RunFiles, Store
from ganbench.store.index import add_to_index
from ganbench.store.leases import Leases

log = logging.getLogger(__name__)

_ELSEWHERE_SECONDS = 1.0
"""How often to look for what other drivers have done."""
_INDEX_BATCH = 1000
_MOST_LOSSES = 10
"""How often a task is begun anew because its machine went away."""
_PASSING = ("failed", "killed", "oom", "timeout")
"""Statuses that another attempt may change."""
_HOOKS = {
    "started": "ganbench_run_started",
    "progress": "ganbench_progress",
    "finished": "ganbench_run_finished",
}
"""Method of a tracker -> the hook that hears the same."""


@dataclass
class Summary:
    """What executing a plan has come to.

    Attributes:
        statuses: run id -> status, of the runs that were executed now.
        troubles: what went wrong without becoming the status of a stored run, such as a floor or
            score that failed: task or run -> what happened the last time that it was tried.
        interrupted: whether it was stopped before the end.
        enough: whether it ended at the number of failures that was to end it.
        elsewhere: how many tasks other drivers have done.
    """

    statuses: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    enough: bool = False
    elsewhere: int = 0

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
    elsewhere: Callable[[str], None] = lambda driver: None  # noqa: ARG005


def execute(
    plan: Plan,
    store: Store,
    registry: Registry,
    executor: Executor,
    watcher: Watcher | None = None,
    retries: int = 0,
    max_failures: int | None = None,
) -> Summary:
    """Do all tasks of a plan, and divide them with whoever else is at work in the folder.

    The first Ctrl-C (or SIGTERM) lets the running tasks save where they are, the second stops at
    once.

    Args:
        plan: the tasks, and the trackers to tell.
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
    summary = Summary()

    def on_event(task: Task, event: Json) -> None:
        observers.event(task, event)
        live.event(task, event)
        watcher.task_event(task, event)

    with (
        tracking(plan.trackers, store.folder) as trackers,
        _interrupts(summary, watcher) as stops,
        Leases(store).held() as leases,
        contextlib.closing(Live(store, leases.me)) as live,
        executor.open(store.folder, on_event) as pool,
    ):
        stops.append(pool.stop)
        observers = Observers(registry, trackers)
        driver = _Driver(plan.tasks, store, leases, summary, observers, live, watcher, retries)
        driver.run(pool, max_failures)
    return summary


@dataclass
class _Driver:
    """The tasks that remain, and what becomes of them."""

    tasks: Iterable[Task]
    store: Store
    leases: Leases
    summary: Summary
    observers: "Observers"
    live: Live
    watcher: Watcher
    retries: int

    def __post_init__(self) -> None:
        self.waiting = collections.deque(self.tasks)
        self.alone: collections.deque[Task] = collections.deque()
        self.elsewhere: list[Task] = []
        self.tries: collections.Counter[tuple[str, ...]] = collections.Counter()
        self.looked = 0.0
        self.published: list[str] = []

    def run(self, pool: Pool, max_failures: int | None) -> None:
        """Feed the pool until all is done, or enough."""
        while True:
            failures = self.summary.failures if max_failures is not None else 0
            self.summary.enough = max_failures is not None and failures >= max_failures
            if self.summary.interrupted or self.summary.enough:
                pool.stop()
                if not pool.running:
                    break
            else:
                self._feed(pool)
                if not (pool.running or self.waiting or self.alone or self.elsewhere):
                    break
            for outcome in pool.wait():
                self._settle(outcome)
            if self.elsewhere and not pool.running:
                time.sleep(0.1)
        self._index(least=1)

    def _feed(self, pool: Pool) -> None:
        """Give the pool what it has room for; a task that needs all memory is given alone."""
        if self.elsewhere and time.monotonic() - self.looked > _ELSEWHERE_SECONDS:
            self.looked = time.monotonic()
            self.waiting.extendleft(reversed(self.elsewhere))
            self.elsewhere = []
        while self.waiting and pool.running < pool.slots and not self.summary.interrupted:
            task = self._claimed(self.waiting.popleft())
            if task is not None:
                pool.submit(task)
        if self.alone and not (pool.running or self.waiting):
            task = self._claimed(self.alone.popleft())
            if task is not None:
                pool.submit(task, alone=True)
                self._finish(pool)

    def _finish(self, pool: Pool) -> None:
        while pool.running:
            for outcome in pool.wait():
                self._settle(outcome)
            if self.summary.interrupted:
                pool.stop()

    def _claimed(self, task: Task) -> Task | None:
        """Take the lease of a task, and of it what nobody has done meanwhile."""
        holder = self.leases.claim(task.leases)
        if holder:
            self.elsewhere.append(task)
            self.watcher.elsewhere(holder)
            return None
        rest = self._rest(task)
        if rest is None:
            self.leases.release(task.leases)
            self.summary.elsewhere += 1
            self.watcher.task_done(Outcome(task))
        return rest

    def _rest(self, task: Task) -> Task | None:
        """Return what of a task other drivers have not done since it was planned."""
        if task.kind == "floor":
            done = {path.stem for path in self.store.floor_files()}
            return None if done.issuperset(task.score_ids) else task
        rest = {seed: key for seed, key in task.runs.items() if not self._is_done(task, key)}
        if len(rest) == len(task.runs):
            return task
        self.leases.release(key for key in task.leases if key not in rest.values())
        return dataclasses.replace(task, runs=rest) if rest else None

    def _is_done(self, task: Task, run_id: str) -> bool:
        if not (self.store.folder / "runs" / run_id).exists():
            return False
        try:
            run, scores = self.store.run(run_id), self.store.scores(run_id)
        except StoreError:
            return False  # it is damaged, so that it is done anew
        if task.kind == "score":
            return scores is not None and set(scores["score_id"]).issuperset(task.score_ids)
        again = len(run.get("attempts", ())) > task.tried.get(run_id, 0)
        return again and run["status"] != "interrupted"

    def _settle(self, outcome: Outcome) -> None:
        """Record how a task ended, and plan what of it to try again."""
        task, records = outcome.task, list(outcome.records)
        broken = outcome.status not in ("ok", "interrupted")
        if task.kind != "train":
            self.summary.tell(task.title, f"{outcome.status}: {outcome.reason}" if broken else "")
        elif outcome.status != "ok":
            records = [self._recorded(outcome, seed) for seed in task.runs]
        for run in records:
            run_id = run["run_id"]
            where = f"{task.title}, seed {run['seed']}"
            self.summary.tell(where, _trouble(run, self.store))
            self.summary.statuses[run_id] = run["status"]
            self.observers.finished(run, self.store)
        self.published += [run["run_id"] for run in records]
        self._index(_INDEX_BATCH)
        self.leases.release(task.leases)
        self._try_again(outcome, records)
        self.live.done(task)
        self.watcher.task_done(outcome)

    def _recorded(self, outcome: Outcome, seed: int) -> Json:
        """Return what the worker has published of a run; publish what it could not: its end."""
        task = outcome.task
        if self._attempts(task.runs[seed]) > task.tried.get(task.runs[seed], 0):
            return self.store.run(task.runs[seed])
        run = failure(task, seed, outcome.status, outcome.reason)
        started = time.time() - outcome.seconds
        attempt = attempt_of(run, started, outcome.seconds, *outcome.where)
        text = f"{task.title}, seed {seed}: {outcome.status}: {outcome.reason}\n"
        told = f"Printed:\n{outcome.log.rstrip()}\n" if outcome.log.strip() else ""
        self.store.publish(RunFiles(run, log=text + told), attempt)
        return run

    def _try_again(self, outcome: Outcome, records: Sequence[Json]) -> None:
        task = outcome.task
        ended = dict.fromkeys(task.leases, outcome.status)
        ended |= {run["run_id"]: run["status"] for run in records}
        short = self._part(task, [key for key, status in ended.items() if status == "oom"])
        if short is not None and not self.tries[("alone", *short.leases)]:
            self.tries[("alone", *short.leases)] += 1
            self.alone.append(short)
            ended = {key: status for key, status in ended.items() if status != "oom"}
        again = [key for key, status in ended.items() if self._may_retry(key, status, outcome)]
        rest = self._part(task, again)
        if rest is not None:
            self.waiting.append(rest)

    def _may_retry(self, key: str, status: str, outcome: Outcome) -> bool:
        """Whether one more attempt is due; what a lost machine cost does not count."""
        if status not in _PASSING:
            return False
        limit = _MOST_LOSSES if outcome.lost else self.retries
        kind = (key, "lost" if outcome.lost else "tried")
        self.tries[kind] += 1
        return self.tries[kind] <= limit

    def _part(self, task: Task, keys: Sequence[str]) -> Task | None:
        """Return the part of a task that holds these leases."""
        if not keys or task.kind == "floor":
            return task if keys else None
        runs = {seed: run_id for seed, run_id in task.runs.items() if run_id in keys}
        tried = {run_id: self._attempts(run_id) for run_id in runs.values()}
        return dataclasses.replace(task, runs=runs, tried=tried, fresh=False)

    def _attempts(self, run_id: str) -> int:
        if not (self.store.folder / "runs" / run_id).exists():
            return 0
        try:
            return len(self.store.run(run_id).get("attempts", ()))
        except StoreError:
            return 0  # it is damaged, so that it is done anew

    def _index(self, least: int) -> None:
        """Let the index learn of what was published, many runs at a time."""
        if len(self.published) >= least:
            add_to_index(self.store, list(dict.fromkeys(self.published)))
            self.published.clear()


def _trouble(run: Json, store: Store) -> str:
    """Say what the stored run does not: a score that failed, or a failure beside a success."""
    if run["status"] == "ok":
        return str(run["reason"])
    if run["status"] in FAILURES and store.run(run["run_id"])["status"] == "ok":
        return f"{run['status']}: {run['reason']}; its earlier result is kept"
    return ""


@contextmanager
def _interrupts(summary: Summary, watcher: Watcher) -> Iterator[list[Callable[[], None]]]:
    """Turn the first Ctrl-C or SIGTERM into a polite stop, and the second into an end.

    Yields a list of what is called for a polite stop, to be added to.
    """
    stops: list[Callable[[], None]] = []
    if threading.current_thread() is not threading.main_thread():
        yield stops  # where signals go elsewhere
        return
    raised = False

    def handle(_signal: int, _frame: FrameType | None) -> None:
        nonlocal raised
        if not summary.interrupted:
            summary.interrupted = True
            for stop in stops:
                stop()
            watcher.interrupted()
        elif not raised:
            raised = True
            raise KeyboardInterrupt

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Observers:
    """Tells trackers, and plugins by their hooks; one that fails is told off and harms no run."""

    def __init__(self, registry: Registry, trackers: Trackers) -> None:
        self.hooks, self.trackers = registry.observers, trackers
        self._started: set[str] = set()
        self._failing: set[tuple[str, str]] = set()

    def event(self, task: Task, event: Mapping[str, Any]) -> None:
        """Pass on a worker's progress event."""
        if task.kind != "train":
            return
        for seed, run_id in task.runs.items():
            run = begun(task, seed)
            if run_id not in self._started:
                self._started.add(run_id)
                self._tell("started", run=run)
            values = event["values"][run_id]
            if values:
                self._tell("progress", run=run, step=event["step"], values=values)

    def finished(self, run: Mapping[str, Any], store: Store) -> None:
        """Tell that a run has ended, with what it scored."""
        self._started.discard(run["run_id"])
        if self.trackers.lines or self.hooks.ganbench_run_finished.get_hookimpls():
            scores = store.scores(run["run_id"])
            rows = [] if scores is None else scores.to_dict("records")
            files = store.folder.absolute() / "runs" / run["run_id"]
            self._tell("finished", run=run, scores=rows, files=files)

    def _tell(self, event: str, **arguments: Any) -> None:
        self.trackers.tell(event, *arguments.values())
        hook = _HOOKS[event]
        for implementation in getattr(self.hooks, hook).get_hookimpls():
            wanted = {name: copy.deepcopy(arguments[name]) for name in implementation.argnames}
            try:
                with unchanged():
                    implementation.function(**wanted)
            except (Exception, SystemExit) as error:
                self._warn(hook, implementation.plugin_name, error)

    def _warn(self, hook: str, plugin: str, error: BaseException) -> None:
        """Say once that an observer fails."""
        log.debug("Traceback of the observer:", exc_info=True)
        if (hook, plugin) not in self._failing:
            self._failing.add((hook, plugin))
            log.warning(
                "The observer %s of plugin '%s' failed and was passed over: %s",
                hook,
                plugin,
                ended(said(error)),
            )
