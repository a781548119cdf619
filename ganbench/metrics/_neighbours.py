"""The nearest-neighbour estimate of the information between a point and its label."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.special import digamma

from ganbench.metrics._checks import Floats

_BLOCK = 256


def label_information(x: Floats, y: Floats, k: int, keeps: NDArray[np.bool_]) -> Floats:
    """Return Ross's estimate, in nats, for subsets of the pooled sample.

    Args:
        x: (n, d) rows without ties.
        y: (n, d) rows without ties.
        k: which neighbour of the own sample sets the radius.
        keeps: (B, 2n) masks over the rows of x, then y, each keeping equally many of both.

    Returns:
        One estimate (B,) per mask.
    """
    pooled, n = np.vstack([x, y]), len(x)
    # Of this many neighbours more than k survive in any subset that keeps most of the rows.
    reach = min(4 * k + 20, n - 1)
    counts = np.zeros(len(keeps))
    for own in (slice(0, n), slice(n, 2 * n)):
        for start in range(own.start, own.stop, _BLOCK):
            rows = slice(start, min(start + _BLOCK, own.stop))
            distances = cdist(pooled[rows], pooled)
            near = own.start + _nearest(distances[:, own], reach)
            sorted_distances = np.take_along_axis(distances, near, axis=1)
            for index, keep in enumerate(keeps):
                position = np.argmax(np.cumsum(keep[near], axis=1) == k + 1, axis=1)
                radius = np.take_along_axis(sorted_distances, position[:, None], axis=1)
                inside = np.count_nonzero((distances < radius) & keep, axis=1)
                counts[index] += digamma(inside[keep[rows]]).sum()
    total = keeps.sum(axis=1)
    information: Floats = digamma(total) + digamma(k) - digamma(total / 2) - counts / total
    return information


def _nearest(distances: Floats, reach: int) -> NDArray[np.intp]:
    """Return the columns of the `reach` + 1 smallest entries of each row, in order."""
    near = np.argpartition(distances, reach, axis=1)[:, : reach + 1]
    order = np.argsort(np.take_along_axis(distances, near, axis=1), axis=1)
    return np.take_along_axis(near, order, axis=1)
