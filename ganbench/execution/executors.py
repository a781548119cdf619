"""Where tasks run: what every executor can do, and the one that runs them in this process."""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ganbench.errors import GanbenchError, Interrupted, StoreError
from ganbench.escaping import said
from ganbench.execution.tasks import Task
from ganbench.execution.worker import perform, status_of
from ganbench.store import Json, Store

OnEvent = Callable[[Task, Json], None]


@dataclass(frozen=True)
class Outcome:
    """How a task ended: with records of published runs, or with a status and its reason.

    Attributes:
        task: what was to be done.
        records: of the runs that the worker published.
        status: "ok" if the worker came to the end, whatever it had to publish.
        reason: why not.
        log: what the worker printed, if it could not publish that itself.
        lost: whether a machine went away, so that the task is owed another attempt.
        seconds: how long it took.
        where: host and process id of the worker.
    """

    task: Task
    records: Sequence[Json] = ()
    status: str = "ok"
    reason: str = ""
    log: str = ""
    lost: bool = False
    seconds: float = 0.0
    where: tuple[str, int | None] = ("", None)


class Pool(Protocol):
    """Workers that are ready."""

    @property
    def slots(self) -> int:
        """How many tasks it takes at a time."""
        ...

    @property
    def running(self) -> int:
        """How many tasks it has taken and not ended."""
        ...

    def submit(self, task: Task, alone: bool = False) -> None:
        """Take a task; `alone` says that it may use what other workers do not."""
        ...

    def wait(self) -> Iterator[Outcome]:
        """Yield what has ended, after a moment at most; pass on events."""
        ...

    def stop(self) -> None:
        """Have all workers asked to save and stop; may be called from a signal's handler."""
        ...


class Executor(Protocol):
    """Provides workers."""

    def open(self, folder: Path, on_event: OnEvent) -> AbstractContextManager[Pool]:
        """Start workers that publish in `folder`; leaving the block leaves none behind."""
        ...


def verdict(error: BaseException) -> tuple[str, str]:
    """Return the status and reason of a task that raised.

    Raises:
        StoreError: if that is what it raised: nothing more can be published.
    """
    if isinstance(error, StoreError):
        raise error
    expected = isinstance(error, GanbenchError | Interrupted)
    return status_of(error), str(error) if expected else said(error)


class InlineExecutor:
    """Runs tasks one after another in this process: for debuggers, profilers and notebooks."""

    def open(self, folder: Path, on_event: OnEvent) -> AbstractContextManager[Pool]:
        """Be the pool itself."""
        return nullcontext(_Inline(Store(folder), on_event))


class _Inline:
    slots = 1

    def __init__(self, store: Store, on_event: OnEvent) -> None:
        self.store, self.on_event, self.stopped = store, on_event, False
        self.taken: list[Task] = []

    @property
    def running(self) -> int:
        return len(self.taken)

    def submit(self, task: Task, alone: bool = False) -> None:
        del alone
        self.taken.append(task)

    def wait(self) -> Iterator[Outcome]:
        if not self.taken:
            return
        (task,) = self.taken
        report = functools.partial(self.on_event, task)
        try:
            outcome = Outcome(task, perform(task, self.store, report, lambda: self.stopped))
        except (Exception, SystemExit) as error:
            outcome = Outcome(task, (), *verdict(error))
        self.taken.clear()
        yield outcome

    def stop(self) -> None:
        self.stopped = True
