"""Starting processes that serve the driver, being one, and ending them.

Each is forked from a server that has imported torch once and leads a process group of its own: one
that dies, hangs or prints nonsense cannot disturb others.
"""

import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import resource_tracker
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import psutil

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""What people and batch systems send to all processes; only the driver heeds it."""
_QUIET = "ignore:resource_tracker"
"""Killed processes leave semaphores of libraries behind, which are cleaned up with a warning."""
_PRELOAD = ["ganbench.execution.serving", "torch._dynamo"]
"""What all need; torch imports the second when it takes the first gradient."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_WATCH_SECONDS = 1.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER


def context() -> ForkServerContext:
    """Return what makes processes, and queues for them."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(_PRELOAD)
    return made


def start(
    target: Callable[..., None],
    arguments: Sequence[Any],
    name: str,
    variables: Mapping[str, str] | None = None,
) -> ForkServerProcess:
    """Start a process.

    Args:
        target: what it does; it is called with the arguments and the environment variables that
            it is to `settle` with.
        arguments: for `target`.
        name: of the process.
        variables: to be set for it, beside those that keep it to one thread.
    """
    # Read when the server loads numerical libraries. Threads of several processes that share
    # cores wait for each other: twenty times slower was seen.
    single = {**dict.fromkeys(_THREADS, "1"), "PYTHONWARNINGS": _QUIET, **(variables or {})}
    with _variables(single), _unheard(), _without_main():
        process = context().Process(target=target, args=(*arguments, dict(os.environ)), name=name)
        process.start()
    return process


def settle(variables: Mapping[str, str], printed: Path) -> int:
    """Be a process that serves: heed no signals, never outlive the driver, print into a file.

    Args:
        variables: of the environment.
        printed: the file.

    Returns:
        The descriptor of the file.
    """
    os.setsid()
    gc.freeze()  # what the server has imported stays
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A batch system tells all processes to end; the driver then asks this one to save.
    signal.signal(signal.SIGTERM, lambda number, frame: None)  # noqa: ARG005
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    _die_with_parent()
    os.environ.clear()
    os.environ.update(variables)
    paper = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for output in (1, 2):
        os.dup2(paper, output)
    return paper


def descendants(pid: int) -> list[psutil.Process]:
    """List what a process has started, and what that has started."""
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).children(recursive=True)
    return []


def kill(pid: int, family: Sequence[psutil.Process]) -> None:
    """Kill a process with its group, and of its family those that have left the group."""
    signal_group(pid, signal.SIGKILL)
    for each in family:
        with contextlib.suppress(psutil.Error):
            each.kill()


def signal_group(pid: int, number: int) -> None:
    """Send a signal to a process and whatever it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _die_with_parent() -> None:
    """Die when the driver does: the server that forked us goes with it, and we with the server."""
    parent = os.getppid()
    if sys.platform == "linux":
        system = ctypes.CDLL(None)
        system.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        system.prctl(_ADOPT_ORPHANS, 1)  # so that whatever plugins start can be found

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Keep signals from what is started inside the block; here they wait for its end."""
    resource_tracker.ensure_running()  # which would unblock them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Keep the script that has called us from being run again in what is started.

    Nothing of it is needed there, and one without `if __name__ == "__main__"` would start it anew.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables inside the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
