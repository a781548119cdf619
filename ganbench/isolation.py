"""What a process must be like to give the same bits every time, whatever plugins do to it."""

import contextlib
import logging
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

log = logging.getLogger(__name__)


def make_deterministic() -> None:
    """Make this process compute the same bits every time: flags, one thread, no subnormals."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # Without it, narrow matrix products depend on where in memory a seed happens to lie.
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    # `use_deterministic_algorithms` would import the compiler: seconds, in each worker.
    torch.set_deterministic_debug_mode("error")
    # Else every new tensor is filled first; nothing here reads memory that was not written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False


def _place(device: torch.device) -> None:
    torch.set_default_device(None if device.type == "cpu" else device)


def _folder() -> str:
    with contextlib.suppress(OSError):
        return os.getcwd()
    return "."  # of which nothing is left


def _variables() -> Mapping[str, str]:
    """Return the environment, without what scikit-learn tells OpenMP when it is imported."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KMP_")}


def _refill(variables: Mapping[str, str]) -> None:
    for name in _variables().keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def _speak(streams: tuple[Any, Any]) -> None:
    sys.stdout, sys.stderr = streams


def _handlers() -> Mapping[int, Any]:
    """Return what happens at the signals by which people stop a program."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    found = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    return {number: handler for number, handler in found.items() if handler is not None}


_SETTINGS: Mapping[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "the default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "the default device": (torch.get_default_device, _place),
    "whether algorithms are deterministic": (
        torch.get_deterministic_debug_mode,
        torch.set_deterministic_debug_mode,
    ),
    "the number of threads": (torch.get_num_threads, torch.set_num_threads),
    "whether gradients are taken": (torch.is_grad_enabled, torch.set_grad_enabled),
    "whether gradients are checked": (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    "the precision of products": (
        torch.get_float32_matmul_precision,
        torch.set_float32_matmul_precision,
    ),
    "the working directory": (_folder, os.chdir),
    "environment variables": (_variables, _refill),
    "the depth of recursion": (sys.getrecursionlimit, sys.setrecursionlimit),
    "what numpy does about errors": (np.geterr, lambda kinds: np.seterr(**kinds)),
    "where print writes": (lambda: (sys.stdout, sys.stderr), _speak),
}
"""What plugins may change for all: how to look at it, and how to put it back."""


@contextlib.contextmanager
def _on_stderr() -> Iterator[None]:
    """Send to stderr what is printed on stdout inside the block, by Python or not."""
    with contextlib.redirect_stdout(sys.stderr), contextlib.ExitStack() as end:
        with contextlib.suppress(OSError):  # of streams that are closed
            before = os.dup(1)
            end.callback(os.close, before)
            end.callback(os.dup2, before, 1)
            os.dup2(2, 1)
        yield


def _numpy_state() -> tuple[bytes, int]:
    state: Any = np.random.get_state()
    return state[1].tobytes(), state[2]


_STATES: Mapping[str, Callable[[], Any]] = {
    "torch's random state": lambda: torch.get_rng_state().tolist(),
    "numpy's random state": _numpy_state,
    "Python's random state": random.getstate,
}
"""What plugins may draw from behind everybody's back: how to look at it."""


@contextlib.contextmanager
def watched() -> Iterator[list[str]]:
    """Name, at the end of the block, what it has changed for all; put it back."""
    changed: list[str] = []
    before = {what: look() for what, look in _STATES.items()}
    with unchanged(changed):
        try:
            yield changed
        finally:
            changed += [what for what, look in _STATES.items() if look() != before[what]]


@contextlib.contextmanager
def unchanged(changed: list[str] | None = None) -> Iterator[None]:
    """Put back, at the end of the block, what a plugin may have changed for whoever comes next.

    What it prints inside goes to stderr, since stdout carries data.

    Args:
        changed: takes the names of what was changed, in place of a warning.
    """
    before = {what: look() for what, (look, _) in _SETTINGS.items()}
    handlers = _handlers()
    numpy_state, python_state = np.random.get_state(), random.getstate()
    try:
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings(), _on_stderr():
            yield
    finally:
        found = [what for what, (look, _) in _SETTINGS.items() if look() != before[what]]
        for what in found:
            _SETTINGS[what][1](before[what])
        for number, handler in handlers.items():
            signal.signal(number, handler)
        np.random.set_state(numpy_state)
        random.setstate(python_state)
        if changed is not None:
            changed += found
        elif found:
            log.warning("A plugin changed %s; it was put back.", ", ".join(found))
