"""Where tasks run: in worker processes, or inside this process."""

import contextlib
import functools
import json
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pebble import ProcessExpired, ProcessPool

from ganbench.errors import GanbenchError, StoreError
from ganbench.execution.tasks import Task
from ganbench.execution.worker import perform
from ganbench.store import Json

_POLL_SECONDS = 0.1
_WATCH_SECONDS = 1.0

OnEvent = Callable[[Task, Json], None]


@dataclass(frozen=True)
class Outcome:
    """How a task ended: with records of published runs, or with a status and its reason."""

    task: Task
    records: Sequence[Json] = ()
    status: str = "ok"
    reason: str = ""


class Executor(Protocol):
    """Runs tasks until they are done or `stopping` says so; then finishes what has begun."""

    def run(
        self,
        tasks: Sequence[Task],
        folder: Path,
        on_event: OnEvent,
        stopping: Callable[[], bool],
    ) -> Iterator[Outcome]:
        """Yield each task's outcome as it ends."""
        ...


class InlineExecutor:
    """Runs tasks one after another in this process: for debuggers, profilers and notebooks."""

    def run(
        self,
        tasks: Sequence[Task],
        folder: Path,
        on_event: OnEvent,
        stopping: Callable[[], bool],
    ) -> Iterator[Outcome]:
        """Yield each task's outcome as it ends."""
        for task in tasks:
            if stopping():
                return
            try:
                records = perform(task, folder, functools.partial(on_event, task))
            except StoreError:
                raise
            except Exception as error:
                yield Outcome(task, (), "failed", f"{type(error).__name__}: {error}")
            else:
                yield Outcome(task, records)


class LocalExecutor:
    """Runs tasks in worker processes that outlive their tasks.

    A worker that dies or runs out of time costs its task alone, and is replaced.

    Args:
        jobs: number of workers, each with one thread.
        timeout: seconds that a task may take, None for any.
    """

    def __init__(self, jobs: int, timeout: float | None = None) -> None:
        self.jobs, self.timeout = jobs, timeout

    def run(
        self,
        tasks: Sequence[Task],
        folder: Path,
        on_event: OnEvent,
        stopping: Callable[[], bool],
    ) -> Iterator[Outcome]:
        """Yield each task's outcome as it ends."""
        waiting = list(tasks)[::-1]
        running: dict[Future[list[Json]], _Follower] = {}
        context = multiprocessing.get_context("spawn")
        pool = ProcessPool(
            min(self.jobs, len(tasks)),
            context=context,
            initializer=_start_worker,
            initargs=[os.getpid()],
        )
        with _one_thread_each(), tempfile.TemporaryDirectory(prefix="ganbench-") as events:
            try:
                while running or (waiting and not stopping()):
                    while waiting and len(running) < self.jobs and not stopping():
                        follower = _Follower(waiting.pop(), Path(events) / f"{len(waiting)}.jsonl")
                        arguments = [follower.task, folder, follower.path]
                        future: Future[list[Json]] = pool.schedule(
                            _work, args=arguments, timeout=self.timeout
                        )
                        running[future] = follower
                    time.sleep(_POLL_SECONDS)
                    for future, follower in list(running.items()):
                        ended = future.done()
                        follower.forward(on_event)
                        if ended:
                            del running[future]
                            yield _outcome(follower.task, future, self.timeout)
            finally:
                pool.stop()
                pool.join()


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """Give new processes one thread for numerical libraries, which read this when they load.

    Threads of several workers that share cores wait for each other: twenty times slower was seen.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start_worker(driver: int) -> None:
    """Leave Ctrl-C to the driver, which lets workers finish; but never outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == driver:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(task: Task, folder: Path, events: Path) -> list[Json]:
    with events.open("a", encoding="utf-8", buffering=1) as file:
        return perform(task, folder, lambda event: print(json.dumps(event), file=file))


def _outcome(task: Task, future: "Future[list[Json]]", timeout: float | None) -> Outcome:
    try:
        return Outcome(task, future.result())
    except FutureTimeoutError:
        return Outcome(task, (), "timeout", f"took longer than {timeout:g} seconds")
    except ProcessExpired as error:
        return Outcome(task, (), "killed", f"the worker died with exit code {error.exitcode}")
    except StoreError:
        raise
    except GanbenchError as error:
        return Outcome(task, (), "failed", str(error))
    except Exception as error:
        return Outcome(task, (), "failed", f"{type(error).__name__}: {error}")


class _Follower:
    """Reads the events that a worker appends to a file; a killed worker cannot jam it."""

    def __init__(self, task: Task, path: Path) -> None:
        self.task, self.path, self._position = task, path, 0

    def forward(self, on_event: OnEvent) -> None:
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as file:
            file.seek(self._position)
            text = file.read()
        whole, newline, _ = text.rpartition("\n")
        self._position += len((whole + newline).encode())
        for line in whole.splitlines():
            on_event(self.task, json.loads(line))
