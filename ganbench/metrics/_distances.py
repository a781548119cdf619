"""Distances between rows, on the device of the rows."""

from collections.abc import Iterator

import torch
from torch import Tensor

ROUNDING = 1e-12
"""Distances that differ by less than this share of themselves are ties."""

_BLOCK_ENTRIES = 2**20
_DIRECT_COLUMNS = 5
_LEAST_SHARE = 1e-13


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Return (n, m) squared distances between the rows of `a` (n, d) and `b` (m, d).

    The absolute error is about 1e-15 times the squared norm of the rows: centre them first.
    """
    squares = torch.addmm(b.square().sum(1), a, b.T, alpha=-2)
    return squares.add_(a.square().sum(1)[:, None]).clamp_(min=0)


def distance_blocks(a: Tensor, b: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield the distances (block, m) from blocks of the rows of `a` (n, d) to all of `b` (m, d).

    Up to 5 columns they are exact to rounding. In more columns they come from matrix products,
    many times faster, and squares below 1e-13 of the rows' squared norms count as zero.
    """
    centre = b.median(dim=0).values  # of the data's own values, so that equal rows stay equal
    a, b = a - centre, b - centre
    rows = max(1, _BLOCK_ENTRIES // len(b))
    distances = _direct if a.shape[1] <= _DIRECT_COLUMNS else _by_products
    for start in range(0, len(a), rows):
        block = slice(start, min(start + rows, len(a)))
        yield block, distances(a[block], b)


def nearest(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distance (n,) from each row of `a` to the nearest row of `b`, and its index."""
    minima = [distances.min(dim=1) for _, distances in distance_blocks(a, b)]
    values, indices = zip(*minima, strict=True)
    return torch.cat(values), torch.cat(indices)


def other_distances(rows: Tensor, picks: Tensor, k: int) -> Tensor:
    """Return the distance (p,) from each of `rows[picks]` to its k-th nearest other row."""
    radii = []
    for block, distances in distance_blocks(rows[picks], rows):
        own = picks[block]
        distances[torch.arange(len(own), device=own.device), own] = torch.inf
        radii.append(distances.topk(k, dim=1, largest=False).values[:, -1])
    return torch.cat(radii)


def _direct(a: Tensor, b: Tensor) -> Tensor:
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


def _by_products(a: Tensor, b: Tensor) -> Tensor:
    norms = a.square().sum(dim=1)[:, None] + b.square().sum(dim=1)
    squares = torch.addmm(norms, a, b.T, alpha=-2)
    return squares.masked_fill_(squares < _LEAST_SHARE * norms, 0).sqrt_()
