"""The hub where there is no network: an error at once, in one sentence, without noise."""

import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator

from ganbench.api import DeviceError
from ganbench_images.reasons import reason

_TIMEOUT = 60
_LOGGERS = ("huggingface_hub", "datasets")
_PATIENCE = {
    "STREAMING_OPEN_MAX_RETRIES": 1,
    "STREAMING_OPEN_RETRY_INTERVAL": 0,
    "STREAMING_READ_MAX_RETRIES": 1,
    "STREAMING_READ_RETRY_INTERVAL": 0,
}
"""Settings of `datasets`: one attempt, and no rest after it."""

_LOST = (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError)


@contextlib.contextmanager
def impatient() -> Iterator[None]:
    """Let `datasets` and the hub's client try once and log nothing."""
    import datasets  # slow to import, optional

    config = datasets.config
    known = {name: getattr(config, name) for name in _PATIENCE}
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    try:
        vars(config).update(_PATIENCE)
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        yield
    finally:
        vars(config).update(known)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def check_reachable(name: str, revision: str | None) -> None:
    """Ask the hub for a set once: the readers of `datasets` would ask again and again.

    Raises:
        DeviceError: if there is no answer. That the answer is a refusal is left to the reader.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        HfApi().dataset_info(name, revision=revision, timeout=_TIMEOUT)
    except (HfHubHTTPError, ValueError):
        return
    except Exception as error:  # of whichever library the hub's client speaks HTTP with
        raise unreachable(name, error) from None


def unreachable(name: str, error: Exception) -> DeviceError:
    """Say that the hub cannot be reached."""
    return DeviceError(
        f"{name} could not be fetched, because the Hugging Face hub cannot be reached: "
        f"{reason(error)}."
    )


def lost_connection(error: BaseException | None) -> bool:
    """Tell whether an error, or one that led to it, is of the network."""
    while error is not None:
        if isinstance(error, _LOST):
            return True
        error = error.__cause__ or error.__context__
    return False
