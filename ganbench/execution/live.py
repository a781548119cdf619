"""What drivers are at right now, in small files that whoever watches a results folder can read."""

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import fmean

from ganbench.errors import StoreError
from ganbench.execution.tasks import Task
from ganbench.store import Json, Store
from ganbench.store.disk import sealed, unsealed
from ganbench.store.leases import DRIVERS

_ENDING = ".live"
_EVERY_SECONDS = 1.0
_POINTS = 60
"""Of a curve: as many as a terminal has room for."""


@dataclass
class Running:
    """A task that is being done.

    Attributes:
        title: for people.
        step: generator steps that are done.
        total: those that it is to do.
        curves: quantity -> its mean over the seeds, at each report.
    """

    title: str
    step: int = 0
    total: int = 0
    curves: dict[str, list[float]] = field(default_factory=dict)


class Live:
    """Writes what one driver is at, about once in a second.

    Args:
        store: the results folder.
        driver: names the file.
    """

    def __init__(self, store: Store, driver: str) -> None:
        self.path = store.folder / DRIVERS / f"{driver}{_ENDING}"
        self.running: dict[str, Running] = {}
        self.written = -_EVERY_SECONDS

    def event(self, task: Task, event: Json) -> None:
        """Take note of a worker's progress."""
        if "step" not in event:
            return
        running = self.running.setdefault(task.title, Running(task.title))
        running.step, running.total = event["step"], event["total"]
        found: dict[str, list[float]] = {}
        for values in event["values"].values():
            for name, value in values.items():
                found.setdefault(name, []).append(value)
        for name, each in found.items():
            running.curves.setdefault(name, []).append(fmean(each))
            del running.curves[name][:-_POINTS]
        self._write()

    def done(self, task: Task) -> None:
        """Take note of the end of a task."""
        if self.running.pop(task.title, None) is not None:
            self.written = -_EVERY_SECONDS  # it shows at once
            self._write()

    def close(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        """Write the file if it is time; a folder that cannot be written is no matter here."""
        if time.monotonic() - self.written < _EVERY_SECONDS:
            return
        self.written = time.monotonic()
        draft = self.path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            draft.write_bytes(sealed({"running": [vars(each) for each in self.running.values()]}))
            draft.replace(self.path)


def watch(store: Store, drivers: Iterable[str]) -> Iterator[Running]:
    """Yield what these drivers are at."""
    for driver in drivers:
        path = store.folder / DRIVERS / f"{driver}{_ENDING}"
        with contextlib.suppress(OSError, StoreError, ValueError, KeyError, TypeError):
            for each in unsealed(path.read_bytes())["running"]:
                yield Running(**each)
