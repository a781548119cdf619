"""Nearest neighbours, and the information between a point and its label that they tell."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.special import digamma
from torch import Tensor

from ganbench.metrics._checks import Floats
from ganbench.metrics._distances import distance_blocks

# Above this dimension a tree visits most of the rows anyway.
_TREE_DIMENSION = 5
_LEAST_RADIUS = 1e-12


def label_information(x: Tensor, y: Tensor, ranks: Sequence[int]) -> tuple[Floats, Floats]:
    """Return Ross's estimate, in nats, for several k at once.

    Args:
        x: (n, d) rows without ties, near the origin.
        y: (n, d) rows without ties, near the origin.
        ranks: the k, ascending: which neighbour of the own sample sets the radius.

    Returns:
        One estimate for each k, and the geometric mean of the squared radii for each.
    """
    n = len(x)
    pooled = torch.cat([x, y])
    means, logs = np.zeros(len(ranks)), np.zeros(len(ranks))
    measure = _by_tree if _grows_trees(x) else _by_block
    for own in (slice(0, n), slice(n, 2 * n)):
        for counts, squares in measure(pooled, own, ranks):
            # Far from the origin even moved rows may be equal, and then no row is nearer.
            means += digamma(np.maximum(counts, 1)).sum(axis=0) / (2 * n)
            logs += np.log(np.maximum(squares, _LEAST_RADIUS**2)).sum(axis=0) / (2 * n)
    information: Floats = digamma(2 * n) + digamma(np.array(ranks)) - digamma(n) - means
    return information, np.exp(logs)


def tie_breaker(rows: Tensor) -> float:
    """Return how far rows of unit scale must be moved apart for distances to notice.

    Blocks of distances come from products, with an error of some 1e-8 between equal rows.
    """
    return 1e-9 if _grows_trees(rows) else 1e-6


def _grows_trees(rows: Tensor) -> bool:
    return rows.device.type == "cpu" and rows.shape[1] <= _TREE_DIMENSION


Measured = list[tuple[NDArray[np.int64], Floats]]
"""Of some rows: (r, k) counts of nearer rows, the own one included, and (r, k) squared radii."""


def _by_tree(pooled: Tensor, own: slice, ranks: Sequence[int]) -> Measured:
    rows = pooled[own].numpy()
    everyone = KDTree(pooled.numpy())
    radii = np.atleast_2d(KDTree(rows).query(rows, [rank + 1 for rank in ranks])[0])
    counts = [
        everyone.query_ball_point(rows, np.nextafter(radius, 0), return_length=True)
        for radius in radii.T
    ]
    return [(np.column_stack(counts), radii**2)]


def _by_block(pooled: Tensor, own: slice, ranks: Sequence[int]) -> Measured:
    picks = torch.tensor(ranks, device=pooled.device)
    measured = []
    for _, distances in distance_blocks(pooled[own], pooled):
        radii = torch.topk(distances[:, own], max(ranks) + 1, largest=False).values[:, picks]
        counts = torch.stack([(distances < each[:, None]).sum(dim=1) for each in radii.T], dim=1)
        measured.append((counts.cpu().numpy(), radii.square().cpu().numpy()))
    return measured


def log_ratios(points: Floats, x: Floats, y: Floats, ranks: Sequence[int]) -> Floats:
    """Return d log(r_y / r_x) at `points` (m, d) for each k, (m, k).

    It estimates log p/q from the distances r to the k-th neighbours in x and in y.
    """
    in_x, in_y = (_log_radii(points, sample, ranks) for sample in (x, y))
    ratios: Floats = points.shape[1] * (in_y - in_x)
    return ratios


def _log_radii(points: Floats, sample: Floats, ranks: Sequence[int]) -> Floats:
    reached = [min(rank, len(sample)) for rank in ranks]
    if _grows_trees(torch.from_numpy(points)):
        radii = KDTree(sample).query(points, reached)[0]
    else:
        blocks = distance_blocks(torch.from_numpy(points), torch.from_numpy(sample))
        picks = [rank - 1 for rank in reached]
        near = [torch.topk(block, reached[-1], largest=False).values for _, block in blocks]
        radii = torch.cat(near)[:, picks].numpy()
    logs: Floats = np.log(np.maximum(radii, _LEAST_RADIUS))
    return logs
