"""Densities that are fitted to a sample, for when only one of two laws is known."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from scipy.special import gammaln

from ganbench.metrics._checks import Floats
from ganbench.metrics._distances import squared_distances

LogDensities = Callable[[Floats, Sequence[int]], Floats]
"""Points (m, d) and the numbers of some candidates -> their log-densities (candidates, m)."""

BANDWIDTHS = 2.0 ** -np.arange(8)
"""Multiples of Scott's bandwidth. Scott's own is far too wide where a law has several modes."""

NEIGHBOURS = (5, 20)

CANDIDATES = (
    *(f"kde, {factor:g} x Scott" for factor in BANDWIDTHS),
    *(f"knn, k={k}" for k in NEIGHBOURS),
)
"""One kernel estimate for each bandwidth, one nearest-neighbour estimate for each k."""

_LEAST_EXPONENT = -690.0
_LEAST_SQUARE = 1e-24


def fit_log_densities(rows: Floats) -> LogDensities:
    """Fit all `CANDIDATES` to `rows` (n, d) in whitened coordinates."""
    centre = rows.mean(axis=0)
    variances, axes = np.linalg.eigh(np.atleast_2d(np.cov(rows, rowvar=False)))
    # A direction without spread keeps a scale, so that densities stay finite.
    scale = np.sqrt(np.maximum(variances, max(variances.max(), 1e-12) * 1e-12))
    whiten = axes / scale
    fitted = (rows - centre) @ whiten
    log_volume = np.log(scale).sum()

    def log_densities(points: Floats, candidates: Sequence[int]) -> Floats:
        at = torch.from_numpy((points - centre) @ whiten)
        squares = squared_distances(at, torch.from_numpy(fitted)).clamp_(min=_LEAST_SQUARE).numpy()
        values = np.array(list(_values(squares, rows.shape[1], candidates)))
        densities: Floats = values - log_volume
        return densities

    return log_densities


def _values(squares: Floats, d: int, candidates: Sequence[int]) -> Iterator[Floats]:
    nearest = squares.min(axis=1, keepdims=True)
    for candidate in candidates:
        if candidate < len(BANDWIDTHS):
            yield _kernel(squares, nearest, d, BANDWIDTHS[candidate])
        else:
            yield _neighbour(squares, d, NEIGHBOURS[candidate - len(BANDWIDTHS)])


def _kernel(squares: Floats, nearest: Floats, d: int, factor: float) -> Floats:
    n = squares.shape[1]
    width = factor * n ** (-1 / (d + 4))
    terms = (nearest - squares) / (2 * width**2)
    np.exp(np.maximum(terms, _LEAST_EXPONENT, out=terms), out=terms)
    constant = math.log(n) + d * math.log(width) + d / 2 * math.log(2 * math.pi)
    logs: Floats = np.log(terms.sum(axis=1)) - nearest[:, 0] / (2 * width**2) - constant
    return logs


def _neighbour(squares: Floats, d: int, k: int) -> Floats:
    n = squares.shape[1]
    ball: float = d / 2 * math.log(math.pi) - gammaln(d / 2 + 1)
    rank = min(k, n)
    radii = np.partition(squares, rank - 1, axis=1)[:, rank - 1]
    logs: Floats = math.log(rank / n) - ball - d / 2 * np.log(radii)
    return logs
