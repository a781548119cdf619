"""Densities that are fitted to a sample, for when only one of two laws is known."""

import math
from collections.abc import Callable

import numpy as np
from scipy.special import gammaln

from ganbench.metrics._checks import Floats
from ganbench.metrics._distances import squared_distances

LogDensities = Callable[[Floats], Floats]

BANDWIDTHS = 2.0 ** -np.arange(8)
"""Multiples of Scott's bandwidth. Scott's own is far too wide where a law has several modes."""

NEIGHBOURS = (5, 20)

_LEAST_EXPONENT = -700.0
_LEAST_SQUARE = 1e-24


def fit_log_densities(rows: Floats) -> LogDensities:
    """Fit all candidate densities to `rows` (n, d) in whitened coordinates.

    Returns:
        A function from points (m, d) to log-densities (candidates, m): first one kernel estimate
        for each of `BANDWIDTHS`, then one nearest-neighbour estimate for each of `NEIGHBOURS`.
    """
    centre = rows.mean(axis=0)
    variances, axes = np.linalg.eigh(np.atleast_2d(np.cov(rows, rowvar=False)))
    # A direction without spread keeps a scale, so that densities stay finite.
    scale = np.sqrt(np.maximum(variances, max(variances.max(), 1e-12) * 1e-12))
    whiten = axes / scale
    fitted = (rows - centre) @ whiten
    log_volume = np.log(scale).sum()

    def log_densities(points: Floats) -> Floats:
        squares = squared_distances((points - centre) @ whiten, fitted)
        squares = np.maximum(squares, _LEAST_SQUARE)
        d = rows.shape[1]
        candidates = [*_kernel(squares, d), *_neighbour(squares, d)]
        densities: Floats = np.array(candidates) - log_volume
        return densities

    return log_densities


def candidate_names() -> list[str]:
    """Return the names of the candidates, in order."""
    kernels = [f"kde, {factor:g} x Scott" for factor in BANDWIDTHS]
    return kernels + [f"knn, k={k}" for k in NEIGHBOURS]


def _kernel(squares: Floats, d: int) -> list[Floats]:
    n = squares.shape[1]
    nearest = squares.min(axis=1, keepdims=True)
    densities = []
    for width in BANDWIDTHS * n ** (-1 / (d + 4)):
        exponents = (nearest - squares) / (2 * width**2)
        sums = np.exp(np.maximum(exponents, _LEAST_EXPONENT)).sum(axis=1)
        constant = math.log(n) + d * math.log(width) + d / 2 * math.log(2 * math.pi)
        densities.append(np.log(sums) - nearest[:, 0] / (2 * width**2) - constant)
    return densities


def _neighbour(squares: Floats, d: int) -> list[Floats]:
    n = squares.shape[1]
    ball = d / 2 * math.log(math.pi) - gammaln(d / 2 + 1)
    ranks = [min(k, n) - 1 for k in NEIGHBOURS]
    ordered = np.partition(squares, ranks, axis=1)
    return [
        math.log(rank + 1) - math.log(n) - ball - d / 2 * np.log(ordered[:, rank])
        for rank in ranks
    ]
