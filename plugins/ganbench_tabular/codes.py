"""Codes that keep different numbers apart in single precision."""

import numpy as np
from numpy.typing import NDArray

from ganbench_tabular.values import Floats

Codes = NDArray[np.float32]

FURTHEST = 1e30
"""Of a code, so that single precision holds it."""

_SUBNORMAL = 0x7FFFFF
_MAGNITUDE = 0x7FFFFFFF


def distinct(codes: Floats, limit: float = FURTHEST) -> Codes:
    """Round ascending codes (n,) to single precision, each above the one before.

    Only codes that rounding makes equal are moved, to the next number that there is; subnormal
    numbers are left out, since training may take them for zero.

    Args:
        codes: in ascending order up to rounding.
        limit: of their magnitude.
    """
    ranks = _ranks(np.clip(codes, -limit, limit).astype(np.float32))
    steps = np.arange(len(ranks))
    ranks = np.maximum.accumulate(ranks - steps) + steps
    highest = _ranks(np.array([limit], dtype=np.float32))[0]
    return _numbers(np.minimum(ranks, highest - steps[::-1]))


def _ranks(codes: Codes) -> NDArray[np.int64]:
    """Number the single-precision numbers in their order, from 0 for zero."""
    bits = codes.view(np.int32).astype(np.int64)
    sizes = np.maximum((bits & _MAGNITUDE) - _SUBNORMAL, 0)
    ranks: NDArray[np.int64] = np.where(bits < 0, -sizes, sizes)
    return ranks


def _numbers(ranks: NDArray[np.int64]) -> Codes:
    """Return the numbers of these ranks."""
    bits = np.where(ranks == 0, 0, np.abs(ranks) + _SUBNORMAL).astype(np.int32)
    codes: Codes = np.copysign(bits.view(np.float32), ranks.astype(np.float32))
    return np.where(ranks == 0, np.float32(0), codes)
