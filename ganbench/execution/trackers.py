"""Trackers, each in a process of its own, so that no run waits for one or fails with it."""

import logging
import os
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from ganbench.api import Tracker
from ganbench.components import parse_single
from ganbench.escaping import counted, ended, said
from ganbench.execution.processes import context, descendants, kill, settle, start
from ganbench.plugins import Built, Registry, load_plugins

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 60.0
"""How long trackers may take after the last run."""
_HASTE_SECONDS = 2.0
"""The same where somebody wants to stop at once; and what passes without a word."""
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
        """Let them come to an end, all at the same time, and leave no process behind."""
        try:
            for line in self.lines:
                line.tell("close", ())
            self._listen(min(patience, _HASTE_SECONDS))
            rest = patience - _HASTE_SECONDS
            if rest > 0:
                for line in self.lines:
                    line.warn_of_wait(rest)
                self._listen(rest)
            for line in self.lines:
                line.warn_of_loss()
        finally:
            for line in self.lines:
                line.end()

    def _listen(self, seconds: float) -> None:
        """Hear whoever answers, until nobody has to or the time is over."""
        deadline = time.monotonic() + seconds
        while (busy := [line for line in self.lines if line.busy]) and (
            left := deadline - time.monotonic()
        ) > 0:
            wait([line.pipe for line in busy], left)
            for line in busy:
                line.hear()


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
        self.hear()
        if self.cut:
            return
        if event == "progress" and self.waiting >= _MOST_WAITING:
            self.missed += 1
            return
        self.waiting += 1
        self.queue.put((event, arguments))

    def warn_of_wait(self, seconds: float) -> None:
        """Say for whom somebody has to wait."""
        if self.busy:
            events = counted(self.waiting, "event")
            self._warn(f"has still to hear {events}, for {seconds:.0f} seconds at most")

    def warn_of_loss(self) -> None:
        """Say what the tracker was too slow to hear."""
        if self.busy:
            events = counted(self.waiting, "event")
            self._warn(f"is too slow and was stopped: it has not heard {events}")
        if self.missed:
            self._warn(f"is too slow and was spared {counted(self.missed, 'report')} of progress")

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
    def busy(self) -> bool:
        """Whether there are answers to wait for."""
        return self.waiting > 0 and not self.cut

    def hear(self) -> None:
        """Take the answers, one for each thing that was said; after the last the pipe may end."""
        while self.busy and self.pipe.poll():
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
        log.warning("The tracker '%s' %s No run is harmed.", self.label, ended(what))


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
