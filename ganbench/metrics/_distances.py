"""Squared Euclidean distances by one matrix product."""

import numpy as np

from ganbench.metrics._checks import Floats


def squared_distances(a: Floats, b: Floats) -> Floats:
    """Return (n, m) squared distances between the rows of `a` (n, d) and `b` (m, d).

    The absolute error is about 1e-15 times the squared norm of the rows: centre them first.
    """
    squares = a @ (-2 * b.T)
    squares += (a * a).sum(axis=1)[:, None]
    squares += (b * b).sum(axis=1)
    return np.maximum(squares, 0, out=squares)
