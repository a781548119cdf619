"""Trackers, each in a process of its own, so that no run waits for one or fails with it."""

import logging
import os
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from ganbench.api import Tracker
from ganbench.components import parse_single
from ganbench.escaping import said
from ganbench.execution.processes import context, descendants, kill, settle, start
from ganbench.plugins import Built, Registry, load_plugins

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 60.0
"""How long trackers may take after the last run."""
_HASTE_SECONDS = 2.0
"""The same where somebody wants to stop at once; and what passes without a word."""
_POLL_SECONDS = 0.1
_MOST_WAITING = 10_000
"""Events that a slow tracker has not taken yet, before news of progress is kept from it."""


def build_trackers(expressions: Sequence[str], registry: Registry) -> list[Built]:
    """Build the trackers of these expressions, each once.

    Raises:
        GanbenchError: if one is not there, or cannot be used here.
    """
    built = [registry.build("tracker", parse_single(text)) for text in expressions]
    return list({each.label: each for each in built}.values())


class Trackers:
    """All trackers of a command."""

    def __init__(self, trackers: Sequence[Built], folder: Path) -> None:
        self.lines = [_Line(tracker.label, folder) for tracker in trackers]

    def tell(self, event: str, *arguments: Any) -> None:
        """Have a method of every tracker called, sooner or later."""
        for line in self.lines:
            line.tell(event, arguments)

    def close(self, patience: float) -> None:
        """Let them come to an end, and leave no process behind."""
        deadline = time.monotonic() + patience
        try:
            for line in self.lines:
                line.tell("close", ())
            for line in self.lines:
                line.wait(deadline)
        finally:
            for line in self.lines:
                line.end()


@contextmanager
def tracking(trackers: Sequence[Built], folder: Path) -> Iterator[Trackers]:
    """Have trackers listen inside the block.

    Args:
        trackers: what to tell.
        folder: the results folder.
    """
    listening, patience = Trackers(trackers, folder.absolute()), _HASTE_SECONDS
    try:
        yield listening
        patience = _PATIENCE_SECONDS
    finally:
        listening.close(patience)


class _Line:
    """Leads to one tracker; what is said here waits in memory until it is heard."""

    def __init__(self, label: str, folder: Path) -> None:
        self.label, self.cut, self.failing = label, False, False
        self.waiting, self.missed = 1, 0  # to open is the first that it does
        self.queue = context().Queue()
        self.pipe, theirs = context().Pipe(duplex=False)
        arguments = (label, folder, os.getcwd(), self.queue, theirs)
        self.process = start(_serve, arguments, "ganbench tracker")
        theirs.close()

    def tell(self, event: str, arguments: Sequence[Any]) -> None:
        """Say something, unless that is in vain."""
        self._hear()
        if self.cut:
            return
        if event == "progress" and self.waiting >= _MOST_WAITING:
            self.missed += 1
            return
        self.waiting += 1
        self.queue.put((event, arguments))

    def wait(self, deadline: float) -> None:
        """Wait until all was heard, but not for ever."""
        self._listen(min(deadline, time.monotonic() + _HASTE_SECONDS))
        left = deadline - time.monotonic()
        if self._busy and left > 0:
            self._warn(f"has still to hear {self.waiting} events, for {left:.0f} seconds at most")
        self._listen(deadline)
        if self._busy:
            self._warn(f"is too slow and was stopped: it has not heard {self.waiting} events")
        if self.missed:
            self._warn(f"is too slow: {self.missed} times it was told of no progress")

    def end(self) -> None:
        """Leave no process behind."""
        pid = self.process.pid or 0
        family = descendants(pid)
        if not self.waiting:
            self.process.join(_HASTE_SECONDS)
        kill(pid, family)
        self.process.kill()
        self.process.join()
        self.pipe.close()
        self.queue.cancel_join_thread()
        self.queue.close()

    @property
    def _busy(self) -> bool:
        return self.waiting > 0 and not self.cut

    def _listen(self, deadline: float) -> None:
        while self._busy and time.monotonic() < deadline:
            self.pipe.poll(_POLL_SECONDS)
            self._hear()

    def _hear(self) -> None:
        """Take the answers, one for each thing that was said."""
        while not self.cut and self.pipe.poll():
            try:
                event, problem, trace = self.pipe.recv()
            except (EOFError, OSError):
                self.process.join(_HASTE_SECONDS)
                self.cut = True
                self._warn(f"has died and hears no more (exit code {self.process.exitcode})")
                return
            self.waiting -= 1
            if problem:
                self._take(event, problem, trace)

    def _take(self, event: str, problem: str, trace: str) -> None:
        """Say once that the tracker fails; the rest is for those who look closely."""
        log.debug("Tracker '%s', %s: %s", self.label, event, trace)
        if event == "open":
            self.cut = True
            self._warn(f"cannot be used and hears nothing: {problem}")
        elif not self.failing:
            self.failing = True
            self._warn(f"failed and was passed over: {problem}")

    def _warn(self, what: str) -> None:
        log.warning("The tracker '%s' %s. No run is harmed.", self.label, what)


def _serve(
    label: str,
    folder: Path,
    here: str,
    queue: "Queue[tuple[str, Sequence[Any]]]",
    pipe: "Connection[Any, Any]",
    variables: Mapping[str, str],
) -> None:
    """Be a tracker: do what is said until that is to close, and answer each time."""
    settle(variables, Path(os.devnull))
    os.chdir(here)
    tracker, event = Tracker(), "open"
    arguments: Sequence[Any] = (folder,)
    while True:
        problem, trace = "", ""
        try:
            if event == "open":
                tracker = load_plugins().build("tracker", parse_single(label)).value
            getattr(tracker, event)(*arguments)
        except BaseException as error:  # no user's Ctrl-C comes here
            problem, trace = said(error), traceback.format_exc()
        pipe.send((event, problem, trace))
        if event == "close" or (event == "open" and problem):
            return
        event, arguments = queue.get()
