"""A Ctrl-C that somebody swallows is heeded all the same."""

import contextlib
import signal

import pytest

from ganbench import stopping


@pytest.fixture(autouse=True)
def _own_handler():
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    stopping.listen()
    signal.signal(signal.SIGINT, before)


def test_what_was_swallowed_is_heeded():
    stopping.listen()
    stopping.heed()
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        stopping.heed()
    stopping.listen()
    stopping.heed()


def test_handlers_of_others_are_left_alone():
    def own(number, frame):
        pass

    signal.signal(signal.SIGINT, own)
    stopping.listen()
    assert signal.getsignal(signal.SIGINT) is own
