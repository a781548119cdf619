"""Ctrl-C before there is anything to save.

Compiled code swallows exceptions now and then, and a KeyboardInterrupt with them. So the first
one is remembered, and heeded before a run begins.
"""

import signal
import threading
from types import FrameType

_heard = False


def listen() -> None:
    """Remember a Ctrl-C from now on; it raises KeyboardInterrupt as ever."""
    global _heard
    _heard = False
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _hear)


def heed() -> None:
    """Stop here if Ctrl-C was pressed before.

    Raises:
        KeyboardInterrupt: if so.
    """
    if _heard:
        raise KeyboardInterrupt


def _hear(_signal: int, _frame: FrameType | None) -> None:
    global _heard
    _heard = True
    raise KeyboardInterrupt
