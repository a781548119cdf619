"""Worker processes on this machine.

Each talks through a pipe of its own.
"""

import contextlib
import dataclasses
import multiprocessing
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, cast

import psutil

from ganbench.errors import StoreError
from ganbench.execution.executors import OnEvent, Outcome, Pool
from ganbench.execution.memory import MemoryGuard
from ganbench.execution.processes import descendants, kill, signal_group, start
from ganbench.execution.serving import NOT_WRITTEN, serve, tail
from ganbench.execution.tasks import Task

_POLL_SECONDS = 0.1
_GRACE_SECONDS = 2.0
"""Between SIGTERM and SIGKILL."""


class LocalExecutor:
    """Runs tasks in worker processes that outlive their tasks.

    A worker that dies or runs out of time costs its task alone, and is replaced.

    Args:
        jobs: number of workers, each with one thread.
        timeout: seconds that a task may take, None for any.
        gpus: CUDA devices; a worker sees one of them. None of them for work on the CPU.
        memory: GiB that a worker and its children may use, None for what the machine has.
        machine: whether to kill a worker when the memory of the machine runs out; if not, somebody
            else does.
    """

    def __init__(
        self,
        jobs: int,
        timeout: float | None = None,
        gpus: Sequence[str] = (),
        memory: float | None = None,
        machine: bool = True,
    ) -> None:
        self.jobs, self.timeout, self.gpus, self.memory = jobs, timeout, tuple(gpus), memory
        self.machine = machine

    @contextlib.contextmanager
    def open(self, folder: Path, on_event: OnEvent) -> Iterator[Pool]:
        """Start workers that publish in `folder`; leaving the block leaves none behind."""
        try:
            desk = tempfile.TemporaryDirectory(prefix="ganbench-", ignore_cleanup_errors=True)
        except OSError as error:
            raise StoreError(
                f"There is no room for temporary files ({error.strerror}); set TMPDIR to a folder "
                "that can be written."
            ) from error
        with desk as place:
            pool = _LocalPool(self, folder, Path(place), on_event)
            try:
                yield pool
            finally:
                pool.close()


@dataclass(eq=False)
class _Worker:
    """A worker process, and the task that it has."""

    process: ForkServerProcess
    pipe: "Connection[Any, Any]"
    printed: Path
    gpu: str | None
    task: Task | None = None
    alone: bool = False
    started: float = field(default_factory=time.monotonic)
    doom: tuple[str, str] | None = None
    """The status and reason of a task for which the worker is being killed."""
    mercy: float = 0.0
    """Until when it may end by itself."""

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    def condemn(self, status: str, reason: str) -> None:
        """End the worker: politely, and after a while not."""
        self.doom, self.mercy = (status, reason), time.monotonic() + _GRACE_SECONDS
        signal_group(self.pid, signal.SIGTERM)

    def end(self, family: Sequence[psutil.Process]) -> None:
        """Leave nothing of it, nor of what it has started."""
        kill(self.pid, family)
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def output(self) -> str:
        """Return the last of what it has printed during its task."""
        return tail(self.printed)


class _LocalPool:
    def __init__(
        self, settings: LocalExecutor, folder: Path, desk: Path, on_event: OnEvent
    ) -> None:
        self.settings, self.folder, self.desk, self.on_event = settings, folder, desk, on_event
        self.slots = settings.jobs
        self.workers: list[_Worker] = []
        self.guard = MemoryGuard(settings.memory, self.slots, settings.machine)
        self.stopping = self.rung = False
        self.started = 0

    @property
    def busy(self) -> list[_Worker]:
        return [worker for worker in self.workers if worker.task is not None]

    @property
    def running(self) -> int:
        return len(self.busy)

    def submit(self, task: Task, alone: bool = False) -> None:
        idle = [worker for worker in self.workers if worker.task is None]
        worker = idle[0] if idle else self._hire()
        worker.task, worker.alone, worker.started = task, alone, time.monotonic()
        sent = dataclasses.replace(task, device="cuda") if worker.gpu is not None else task
        with contextlib.suppress(OSError):  # a dead worker is seen in `wait`
            worker.pipe.send(sent)

    def wait(self) -> Iterator[Outcome]:
        self._ring()
        # What a worker has forked may hold the pipe, so that its end alone tells of no death.
        signs: dict[object, _Worker] = {
            sign: worker for worker in self.busy for sign in (worker.pipe, worker.process.sentinel)
        }
        ready = wait(cast("list[int]", list(signs)), timeout=_POLL_SECONDS) if signs else []
        for worker in dict.fromkeys(signs[sign] for sign in ready):
            yield from self._listen(worker)
        self._judge()

    def stop(self) -> None:
        self.stopping = True

    def _ring(self) -> None:
        """Tell the workers once that they should stop."""
        if not self.stopping or self.rung:
            return
        self.rung = True
        for worker in self.busy:
            with contextlib.suppress(OSError):
                worker.pipe.send("stop")

    def close(self) -> None:
        """Leave no process behind, whatever it does."""
        families = [descendants(worker.pid) for worker in self.workers]
        for worker in self.workers:
            if worker.task is None:
                with contextlib.suppress(OSError):
                    worker.pipe.send(None)
        for worker, family in zip(self.workers, families, strict=True):
            if worker.task is None:
                worker.process.join(_GRACE_SECONDS)
            worker.end(family)

    def _hire(self) -> _Worker:
        """Start a worker, on the GPU that has the fewest."""
        gpus = self.settings.gpus
        taken = [worker.gpu for worker in self.workers]
        gpu = min(gpus, key=taken.count) if gpus else None
        variables = {} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}
        self.started += 1
        printed = self.desk / f"{self.started}.txt"
        ours, theirs = multiprocessing.Pipe()
        process = start(serve, (theirs, self.folder, printed), "ganbench worker", variables)
        theirs.close()
        worker = _Worker(process, ours, printed, gpu)
        self.workers.append(worker)
        return worker

    def _listen(self, worker: _Worker) -> Iterator[Outcome]:
        """Take what a worker says: an event, the end of its task, or its own end."""
        task = worker.task
        assert task is not None
        try:
            said = worker.pipe.recv() if worker.pipe.poll() else None
        except (EOFError, OSError):
            said = None
        if said is None:
            yield self._bury(worker, task)
            return
        if isinstance(said, dict):
            self.on_event(task, said)
            return
        worker.task = None
        if worker.doom is not None:  # it came to an end just before it was to be killed
            worker.end(descendants(worker.pid))
            self.workers.remove(worker)
        if isinstance(said, list):
            yield self._told(worker, Outcome(task, said))
        else:
            status, reason = said
            if status == NOT_WRITTEN:
                raise StoreError(reason)
            yield self._told(worker, Outcome(task, (), status, reason))

    def _bury(self, worker: _Worker, task: Task) -> Outcome:
        """Say why a worker has died, and let nothing survive it."""
        worker.end(descendants(worker.pid))
        self.workers.remove(worker)
        status, reason = worker.doom or self._death(worker.process.exitcode or 0)
        return self._told(worker, Outcome(task, (), status, reason))

    def _told(self, worker: _Worker, outcome: Outcome) -> Outcome:
        """Add what is known of the worker."""
        seconds = time.monotonic() - worker.started
        where = (socket.gethostname(), worker.pid)
        log = worker.output() if outcome.status != "ok" else ""
        return dataclasses.replace(outcome, log=log, seconds=seconds, where=where)

    def _death(self, code: int) -> tuple[str, str]:
        if code >= 0:
            return "failed", f"the worker exited with code {code} in the middle of its task"
        if -code == signal.SIGKILL and self.guard.system_has_killed():
            return "oom", "the system killed the worker, since memory had run out"
        known = -code in {each.value for each in signal.Signals}
        name = f" ({signal.Signals(-code).name})" if known else ""
        return "killed", f"the worker was killed by signal {-code}{name}"

    def _judge(self) -> None:
        """Condemn workers that use too much time or memory, and kill those that do not go."""
        now, timeout = time.monotonic(), self.settings.timeout
        fair = {worker.pid: worker for worker in self.busy if worker.doom is None}
        for worker in fair.values():
            if timeout is not None and now - worker.started > timeout:
                worker.condemn("timeout", f"took longer than {timeout:g} seconds")
        for pid, reason in self.guard.excesses({pid: each.alone for pid, each in fair.items()}):
            fair[pid].condemn("oom", reason)
            fair[pid].mercy = now
        for worker in self.busy:
            if worker.doom is not None and now >= worker.mercy:
                kill(worker.pid, descendants(worker.pid))
