"""A Ctrl-C that somebody swallows is heeded all the same."""

import contextlib
import signal

import pytest

from ganbench import interrupts


@pytest.fixture(autouse=True)
def _own_handler():
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    interrupts.listen()
    signal.signal(signal.SIGINT, before)


def test_what_was_swallowed_is_heeded():
    interrupts.listen()
    interrupts.heed()
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupts.heed()
    interrupts.listen()
    interrupts.heed()


def test_handlers_of_others_are_left_alone():
    def own(number, frame):
        pass

    signal.signal(signal.SIGINT, own)
    interrupts.listen()
    assert signal.getsignal(signal.SIGINT) is own
