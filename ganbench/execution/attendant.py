"""What runs on each machine of a cluster beside a task: its attendant.

The attendant is the Ray task. It has one worker process, the same as on a single machine, which it
watches as the local driver does: time, memory, how it ends. So a worker that hangs or dies takes
nothing along, and its story is told from where it happened.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import ganbench
from ganbench.errors import DeviceError, StoreError
from ganbench.execution.executors import Outcome
from ganbench.execution.local import LocalExecutor
from ganbench.execution.mailbox import END, GO, SAVE, Key
from ganbench.execution.parcels import Parcel, result, unpack
from ganbench.execution.tasks import Task
from ganbench.store import Json, Store
from ganbench.store.folder import remove

_EXCHANGE_SECONDS = 0.4

VERSIONS = {"ganbench": ganbench.__version__, "torch": torch.__version__}
"""What must be the same on all machines, since numbers depend on it."""


@dataclass(frozen=True)
class Terms:
    """What an attendant has to know beside its task.

    Attributes:
        folder: the results folder, absolute.
        token: name of a file in its `.work` by which a machine knows the folder for the same.
        timeout: seconds that the task may take, None for any.
        memory: GiB that the worker may use, None for what the machine has.
        versions: of the driver's machine.
    """

    folder: Path
    token: str
    timeout: float | None
    memory: float | None
    versions: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What an attendant answers.

    Attributes:
        outcome: how the task ended, None if the machine does not see the results folder and was
            not given what it needs of it.
        parcel: what is to be published, None if the worker has done that.
    """

    outcome: Outcome | None
    parcel: Parcel | None = None


def attend(task: Task, terms: Terms, mailbox: Any, parcel: Parcel | None) -> Reply:
    """Have a task done by a worker process on this machine.

    Args:
        task: what to do.
        terms: how.
        mailbox: the actor that passes on events and wishes.
        parcel: what the task needs of the results folder where that is not seen.

    Raises:
        DeviceError: if this machine cannot give the numbers that the driver's would.
        StoreError: if the results folder is seen and cannot be written.
    """
    _compare_versions(terms.versions)
    line = _Line(mailbox, task.leases)
    if line.exchange([]) != GO:
        return Reply(Outcome(task, (), "interrupted", "stopped before it began"))
    seen = (terms.folder / ".work" / terms.token).is_file()
    if not seen and parcel is None:
        return Reply(None)
    desk = _desk(terms, terms.folder if seen else None, _gpus(task))
    if parcel is None or seen:
        return Reply(desk.do(task, line))
    try:
        desk.clear()
        unpack(parcel, task, desk.store)
        outcome = desk.do(task, line)
        return Reply(outcome, result(task, desk.store))
    except StoreError as error:
        return Reply(Outcome(task, (), "failed", f"on {os.uname().nodename}: {error}"))


class _Line:
    """Talks with the driver about one task."""

    def __init__(self, mailbox: Any, key: Key) -> None:
        self.mailbox, self.key, self.talked = mailbox, key, 0.0

    def exchange(self, news: list[Json]) -> int:
        """Pass on what has happened; return what the driver wishes."""
        import ray

        self.talked = time.monotonic()
        wish: int = ray.get(self.mailbox.exchange.remote(self.key, news))
        return wish

    def is_due(self) -> bool:
        """Whether it is time to talk."""
        return time.monotonic() - self.talked > _EXCHANGE_SECONDS


class _Desk:
    """Where this process has tasks done: by a worker that it keeps from one to the next.

    Args:
        terms: time and memory that a task may take.
        folder: the results folder, None for a temporary one.
        gpus: the GPU, if any.
    """

    def __init__(self, terms: Terms, folder: Path | None, gpus: Sequence[str]) -> None:
        self.exit = contextlib.ExitStack()
        if folder is None:
            place = tempfile.TemporaryDirectory(prefix="ganbench-", ignore_cleanup_errors=True)
            folder = Path(self.exit.enter_context(place))
        self.store = Store(folder)
        self.events: list[Json] = []
        executor = LocalExecutor(1, terms.timeout, gpus, terms.memory, machine=False)
        self.pool = self.exit.enter_context(executor.open(folder, self._on_event))

    def clear(self) -> None:
        """Make the temporary folder an empty results folder."""
        for path in self.store.folder.iterdir():
            remove(path)
        self.store.create()

    def do(self, task: Task, line: _Line) -> Outcome:
        """Have a task done, as long as the driver wishes."""
        try:
            self.pool.submit(task)
            outcome = next(self._outcomes(task, line))
            wish = line.exchange(self._news())
        except BaseException:
            _dismiss()
            raise
        if wish != GO:
            _dismiss()
        return outcome

    def _outcomes(self, task: Task, line: _Line) -> Iterator[Outcome]:
        """Yield how the task ended, by itself or as the driver wished."""
        while True:
            yield from self.pool.wait()
            if line.is_due():
                wish = line.exchange(self._news())
                if wish == SAVE:
                    self.pool.stop()
                elif wish == END:
                    yield Outcome(task, (), "interrupted", "stopped at once")

    def _on_event(self, _task: Task, event: Json) -> None:
        self.events.append(event)

    def _news(self) -> list[Json]:
        news, self.events = self.events, []
        return news


_desks: dict[tuple[object, ...], _Desk] = {}
"""Of this process: one, or none."""


def _desk(terms: Terms, folder: Path | None, gpus: Sequence[str]) -> _Desk:
    """Return the desk for such tasks, the same as before if that will do."""
    key = (folder, terms.timeout, terms.memory, *gpus)
    if key not in _desks:
        _dismiss()
        _desks[key] = _Desk(terms, folder, gpus)
    return _desks[key]


def _dismiss() -> None:
    while _desks:
        _desks.popitem()[1].exit.close()


def _gpus(task: Task) -> list[str]:
    """Name the GPU of which Ray has given this task a part."""
    if not task.device.startswith("cuda"):
        return []
    return os.environ["CUDA_VISIBLE_DEVICES"].split(",")[:1]


def _compare_versions(wanted: dict[str, str]) -> None:
    for name, version in VERSIONS.items():
        if wanted[name] != version:
            raise DeviceError(
                f"The machine {os.uname().nodename} has {name} {version}, and the driver's has "
                f"{wanted[name]}; numbers depend on it. Install the same on all machines."
            )
