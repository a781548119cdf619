"""What runs on each machine of a cluster beside a task: its attendant.

The attendant is the Ray task. It has one worker process, the same as on a single machine, which it
watches as the local driver does: time, memory, how it ends. So a worker that hangs or dies takes
nothing along, and its story is told from where it happened.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import ganbench
from ganbench.errors import DeviceError, StoreError
from ganbench.execution.executors import Outcome, Pool
from ganbench.execution.local import LocalExecutor
from ganbench.execution.mailbox import END, GO, SAVE, Key
from ganbench.execution.parcels import Parcel, result, unpack
from ganbench.execution.tasks import Task
from ganbench.store import Json, Store

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
    if line.exchange() != GO:
        return Reply(Outcome(task, (), "interrupted", "stopped before it began"))
    if (terms.folder / ".work" / terms.token).is_file():
        return Reply(_done(task, terms, Store(terms.folder), line))
    if parcel is None:
        return Reply(None)
    with tempfile.TemporaryDirectory(prefix="ganbench-") as place:
        store = Store(Path(place))
        try:
            store.create()
            unpack(parcel, task, store)
            outcome = _done(task, terms, store, line)
        except StoreError as error:
            return Reply(Outcome(task, (), "failed", f"on {os.uname().nodename}: {error}"))
        return Reply(outcome, result(task, store))


class _Line:
    """Talks with the driver about one task."""

    def __init__(self, mailbox: Any, key: Key) -> None:
        self.mailbox, self.key, self.talked = mailbox, key, 0.0
        self.events: list[Json] = []

    def exchange(self) -> int:
        """Pass on what has happened; return what the driver wishes."""
        import ray

        self.talked = time.monotonic()
        events, self.events = self.events, []
        wish: int = ray.get(self.mailbox.exchange.remote(self.key, events))
        return wish

    def due(self) -> bool:
        return time.monotonic() - self.talked > _EXCHANGE_SECONDS


def _done(task: Task, terms: Terms, store: Store, line: _Line) -> Outcome:
    def on_event(_task: Task, event: Json) -> None:
        line.events.append(event)

    executor = LocalExecutor(1, terms.timeout, _gpus(task), terms.memory, machine=False)
    with executor.open(store.folder, on_event) as pool:
        pool.submit(task)
        outcome = next(_outcomes(pool, task, line))
    line.exchange()
    return outcome


def _outcomes(pool: Pool, task: Task, line: _Line) -> Iterator[Outcome]:
    """Yield how the task ended, by itself or as the driver wished."""
    while True:
        yield from pool.wait()
        if line.due():
            wish = line.exchange()
            if wish == SAVE:
                pool.stop()
            elif wish == END:
                yield Outcome(task, (), "interrupted", "stopped at once")


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
