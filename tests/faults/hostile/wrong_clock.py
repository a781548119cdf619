"""Makes the clock run backwards, in steps of hours; what counts seconds since some start goes on."""

import time

_true = time.time


def _wrong():
    return _true() - 7200 * (_true() % 10)


time.time = _wrong
