"""What a worker process does: one task after another, for as long as there is a driver."""

import contextlib
import faulthandler
import os
import signal
import sys
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from ganbench.errors import StoreError
from ganbench.execution.executors import verdict
from ganbench.execution.processes import settle
from ganbench.execution.tasks import Task
from ganbench.execution.worker import perform
from ganbench.store import Json, Store

NOT_WRITTEN = "not written"
"""What a worker says in the place of a status when it cannot publish."""

_ASK_SECONDS = 0.2
"""How often a worker looks whether it should stop."""
_MOST_PRINTED = 64_000
"""Bytes of what a worker printed that are kept."""


def serve(
    pipe: "Connection[Any, Any]", folder: Path, printed: Path, variables: dict[str, str]
) -> None:
    """Do one task after another; never outlive whoever gives them."""
    paper = settle(variables, printed)
    faulthandler.enable()
    store, voice = Store(folder), _Voice(pipe, printed)
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        if task is None:
            return
        if isinstance(task, str):
            continue  # to stop, when there is nothing to stop
        os.truncate(paper, 0)
        done = _done(task, store, voice)
        _end_children()
        voice.tell(done)


class _Voice:
    """Speaks to the driver for this process, and for no copy of it that a plugin has forked."""

    def __init__(self, pipe: "Connection[Any, Any]", printed: Path) -> None:
        self.pipe, self.printed, self.speaker = pipe, printed, os.getpid()

    def tell(self, said: object) -> None:
        """Say something to the driver; without one, nothing that is done here counts."""
        self._end_copies()
        try:
            self.pipe.send(said)
        except OSError:
            os.killpg(0, signal.SIGKILL)

    def text(self) -> str:
        """Return what plugins have printed so far, as is asked before anything is published."""
        self._end_copies()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        return tail(self.printed)

    def _end_copies(self) -> None:
        if os.getpid() != self.speaker:
            os._exit(1)


def _done(task: Task, store: Store, voice: _Voice) -> list[Json] | tuple[str, str]:
    """Do a task; return the records of its runs, or why there are none."""
    try:
        return perform(task, store, voice.tell, _Bell(voice.pipe), voice.text)
    except StoreError as error:
        return NOT_WRITTEN, str(error)
    except BaseException as error:  # of a plugin: no user's Ctrl-C comes here
        traceback.print_exc()
        return verdict(error)


def _end_children() -> None:
    """Kill what a plugin has left running, while it can be found and before it costs others."""
    left = psutil.Process().children(recursive=True)
    for child in left:
        with contextlib.suppress(psutil.Error):
            child.kill()
    psutil.wait_procs(left, timeout=1)


class _Bell:
    """Tells whether the driver has asked to stop; looks now and then."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self.pipe, self.looked, self.rung = pipe, 0.0, False

    def __call__(self) -> bool:
        now = time.monotonic()
        if not self.rung and now - self.looked > _ASK_SECONDS:
            self.looked, self.rung = now, self.pipe.poll()
        return self.rung


def tail(path: Path) -> str:
    """Return the last of what is in a file."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _MOST_PRINTED))
        return file.read().decode(errors="replace")
    return ""
