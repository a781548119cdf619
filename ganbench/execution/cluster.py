"""Tasks on a Ray cluster: each is a Ray task with an attendant, beside which a worker does it."""

import contextlib
import dataclasses
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from ganbench.errors import DeviceError, StoreError
from ganbench.execution.attendant import VERSIONS, Reply, Terms, attend
from ganbench.execution.connection import connected, import_ray
from ganbench.execution.executors import OnEvent, Outcome, Pool, verdict
from ganbench.execution.mailbox import END, SAVE, Key, Mailbox
from ganbench.execution.nodes import SILENCE_SECONDS, Nodes, gone
from ganbench.execution.parcels import Parcel, accept, needed
from ganbench.execution.tasks import Task
from ganbench.store import Store

_POLL_SECONDS = 0.1
_HEAR_SECONDS = 0.5
_GRACE_SECONDS = 5.0
"""For attendants to end their workers, before they are cancelled by force."""


class RayExecutor:
    """Runs tasks on a Ray cluster, or on a Ray of its own on this machine.

    Args:
        address: "auto" or HOST:PORT of a running cluster that this machine belongs to; None
            starts Ray here, and stops it at the end.
        jobs: how many tasks run at a time, None for as many as the cluster holds.
        timeout: seconds that a task may take, None for any.
        memory: GiB that a worker and its children may use, None for what their machine has.
        gpu: part of a GPU that each task gets, None for work on the CPU.
    """

    def __init__(
        self,
        address: str | None = None,
        jobs: int | None = None,
        timeout: float | None = None,
        memory: float | None = None,
        gpu: float | None = None,
    ) -> None:
        self.address, self.jobs, self.timeout = address, jobs, timeout
        self.memory, self.gpu = memory, gpu

    @contextlib.contextmanager
    def open(self, folder: Path, on_event: OnEvent) -> Iterator[Pool]:
        """Connect; leaving the block leaves nothing of ours behind.

        Raises:
            DeviceError: if there is no Ray, no such cluster, none of its machines can run a
                task, or it goes away.
        """
        ray = import_ray()
        cores = max(self.jobs or 1, os.cpu_count() or 1)
        with connected(ray, self.address, cores), _token(folder) as token:
            terms = Terms(folder.absolute(), token, self.timeout, self.memory, VERSIONS)
            pool = _RayPool(ray, self, terms, on_event)
            try:
                yield pool
            except ray.exceptions.RayError as error:
                raise gone() from error
            finally:
                pool.close()


class _RayPool:
    def __init__(
        self, ray: ModuleType, settings: RayExecutor, terms: Terms, on_event: OnEvent
    ) -> None:
        self.ray, self.settings, self.terms, self.on_event = ray, settings, terms, on_event
        self.store = Store(terms.folder)
        self.nodes = Nodes(ray, settings.gpu, settings.memory)
        self.nodes.refuse_infeasible()
        self.mailbox = (
            ray.remote(num_cpus=0)(Mailbox).options(scheduling_strategy=self.nodes.here).remote()
        )
        self.work = ray.remote(max_retries=0, retry_exceptions=False)(attend)
        self.tasks: dict[Any, Task] = {}
        self.begun: set[Key] = set()
        self.heard = 0.0
        self.carries = False
        self.stopping = self.rung = False

    @property
    def slots(self) -> int:
        return self.settings.jobs or self.nodes.room()

    @property
    def running(self) -> int:
        return len(self.tasks)

    def submit(self, task: Task, alone: bool = False) -> None:
        parcel = needed(task, self.store) if self.carries else None
        terms = dataclasses.replace(self.terms, memory=None) if alone else self.terms
        options = self.nodes.request(terms.memory)
        reference = self.work.options(name=task.title, **options).remote(
            task, terms, self.mailbox, parcel
        )
        self.tasks[reference] = task

    def wait(self) -> Iterator[Outcome]:
        if self.stopping and not self.rung:
            self._ring()
        self.nodes.look()
        if time.monotonic() - self.heard > _HEAR_SECONDS:
            self._hear()
        if not self.tasks:
            time.sleep(_POLL_SECONDS)
            return
        waited = list(self.tasks)
        ready, _ = self.ray.wait(waited, num_returns=len(waited), timeout=_POLL_SECONDS)
        if ready:
            self._hear()
        for reference in ready:
            task = self.tasks.pop(reference)
            self.begun.discard(task.leases)
            yield from self._ended(task, reference)

    def stop(self) -> None:
        self.stopping = True

    def _ring(self) -> None:
        """Tell the attendants once to save and stop, and drop what nobody has begun."""
        self.rung = True
        self.mailbox.ask.remote(SAVE)
        self._hear()
        for reference, task in list(self.tasks.items()):
            if task.leases not in self.begun:
                self._cancel(reference)
                del self.tasks[reference]

    def close(self) -> None:
        """Leave no task behind."""
        with contextlib.suppress(self.ray.exceptions.RayError):
            if self.tasks:
                self.mailbox.ask.remote(END)
                waited = list(self.tasks)
                _, left = self.ray.wait(waited, num_returns=len(waited), timeout=_GRACE_SECONDS)
                for reference in left:
                    self._cancel(reference)
                self.ray.wait(waited, num_returns=len(waited), timeout=_GRACE_SECONDS)
            self.ray.kill(self.mailbox)

    def _cancel(self, reference: Any) -> None:
        self.ray.cancel(reference, force=True)

    def _hear(self) -> None:
        """Pass on what attendants have told."""
        told = self.ray.get(self.mailbox.collect.remote(), timeout=SILENCE_SECONDS)
        self.heard = time.monotonic()
        tasks = {task.leases: task for task in self.tasks.values()}
        for key, events in told:
            self.begun.add(key)
            for event in events:
                if key in tasks:
                    self.on_event(tasks[key], event)

    def _ended(self, task: Task, reference: Any) -> Iterator[Outcome]:
        try:
            reply: Reply = self.ray.get(reference)
        except self.ray.exceptions.RayError as error:
            yield self._failed(task, error)
            return
        if reply.outcome is None:
            self.carries = True
            self.submit(task)
        else:
            yield self._accepted(task, reply.outcome, reply.parcel)

    def _accepted(self, task: Task, outcome: Outcome, parcel: Parcel | None) -> Outcome:
        """Publish what a worker could not."""
        outcome = dataclasses.replace(outcome, task=task)
        if parcel is not None:
            wrong = accept(parcel, task, self.store)
            if wrong:
                return dataclasses.replace(outcome, status="failed", reason=wrong, records=())
        return outcome

    def _failed(self, task: Task, error: Exception) -> Outcome:
        """Say how a task ended of which the attendant could not tell."""
        errors = self.ray.exceptions
        text = str(error).partition("\n")[0]
        if isinstance(error, errors.RayTaskError):
            return Outcome(task, (), *_told(error.cause))
        if isinstance(error, errors.OutOfMemoryError):
            return Outcome(task, (), "oom", f"Ray ended it, since memory had run out: {text}")
        if isinstance(error, errors.WorkerCrashedError):
            return Outcome(task, (), "killed", f"its Ray worker was killed: {text}")
        if isinstance(error, errors.RuntimeEnvSetupError):
            return Outcome(task, (), "failed", f"Ray could not set up its worker: {text}")
        return Outcome(task, (), "killed", f"its machine was lost: {text}", lost=True)


def _told(cause: BaseException) -> tuple[str, str]:
    """Return the status and reason of what an attendant raised, unless it concerns all.

    Raises:
        StoreError: if nothing more can be published.
        DeviceError: if a machine cannot do its part.
    """
    if isinstance(cause, DeviceError):
        raise cause
    if "failed to import" in str(cause):
        raise DeviceError(
            "A machine of the cluster cannot import ganbench; install the same version on all, "
            f"or put it on their PYTHONPATH: {str(cause).strip().splitlines()[-1]}"
        )
    return verdict(cause)


@contextlib.contextmanager
def _token(folder: Path) -> Iterator[str]:
    """Leave a file in the results folder by which other machines know it."""
    name = f"seen-{uuid.uuid4().hex}"
    try:
        (folder / ".work" / name).touch()
    except OSError as error:
        raise StoreError(
            f"Cannot write to the results folder '{folder}': {error.strerror}."
        ) from error
    try:
        yield name
    finally:
        (folder / ".work" / name).unlink(missing_ok=True)
