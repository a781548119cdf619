"""Makes the clock jump back and forth by hours; what counts seconds since a start goes on."""

import time

_true = time.time


def _wrong():
    return _true() - 7200 * (_true() % 10)


time.time = _wrong
