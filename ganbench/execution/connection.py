"""Joining a Ray cluster, or starting a Ray on this machine that leaves nothing behind."""

import contextlib
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from ganbench.errors import DeviceError
from ganbench.execution.nodes import answers

_OBJECT_STORE = 100_000_000
"""Bytes; of a Ray of our own, where everything goes through the results folder."""
_MOST_PATH = 24
"""Characters of the folder for temporary files; Ray's sockets in it allow about a hundred."""
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


def import_ray() -> ModuleType:
    """Import ray.

    Raises:
        DeviceError: if it is not installed.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise DeviceError(
            "--executor ray needs the package ray: pip install 'ganbench[ray]'."
        ) from error
    return ray


@contextlib.contextmanager
def connected(ray: ModuleType, address: str | None, cores: int) -> Iterator[None]:
    """Join a cluster, or start one that ends with the block.

    Args:
        ray: the package.
        address: of a running cluster; None to start one.
        cores: that the one which is started has.

    Raises:
        DeviceError: if that is not possible.
    """
    variables = _variables()
    options: dict[str, Any] = {
        "log_to_driver": False,
        "logging_level": logging.ERROR,
        "runtime_env": {"env_vars": variables},
    }
    with contextlib.ExitStack() as stack:
        if address is None:
            options |= {
                "address": "local",
                "num_cpus": cores,
                "include_dashboard": False,
                "object_store_memory": _OBJECT_STORE,
                "_temp_dir": stack.enter_context(_short_folder()),
            }
            variables["TMPDIR"] = options["_temp_dir"]
        else:
            options["address"] = address
            _refuse_silent(address)
        stack.callback(ray.shutdown)
        with _own_signals():
            _start(ray, options)
        yield


def _start(ray: ModuleType, options: Mapping[str, Any]) -> None:
    try:
        ray.init(**options)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        what = str(error).strip().partition("\n")[0]
        raise DeviceError(f"Cannot use Ray at --address {options['address']}: {what}") from error
    # Ray would print on stdout what happens to its machines.
    ray._private.worker._worker_logs_enabled = False


def _refuse_silent(address: str) -> None:
    """Refuse at once an address where nobody answers; Ray would wait long."""
    host, _, port = address.rpartition(":")
    if address != "auto" and not (port.isdigit() and answers((host.strip("[]"), int(port)))):
        raise DeviceError(
            f"No Ray cluster answers at --address {address}; `ray start --head` starts one, and "
            "`--address auto` joins the one that this machine belongs to."
        )


def _variables() -> dict[str, str]:
    """Return the environment variables that workers need wherever they are."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("GANBENCH_") or name in ("PYTHONPATH", "MKL_CBWR")
    } | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the handlers of signals, which Ray replaces."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, handler)


@contextlib.contextmanager
def _short_folder() -> Iterator[str]:
    """Make a temporary folder whose path is short enough for Ray's sockets."""
    usual = tempfile.gettempdir()
    where = usual if len(usual) <= _MOST_PATH else "/tmp"
    with tempfile.TemporaryDirectory("", "ganbench-", where, ignore_cleanup_errors=True) as place:
        yield place
