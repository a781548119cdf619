"""Precision, recall, density and coverage: do the samples lie within each other's balls?"""

import math

import torch
from torch import Tensor

from ganbench.metrics._checks import SampleLike, at_least, two_tensors, warnings_of
from ganbench.metrics._distances import ROUNDING, distance_blocks, other_distances
from ganbench.metrics.score import Score


def prdc(x: SampleLike, y: SampleLike, *, k: int = 5) -> list[Score]:
    """Compare the supports of two samples by balls that reach to the k-th neighbour.

    The ball of a row is open, around that row, and its radius is the distance to the k-th nearest
    other row of the same sample.

    Args:
        x: real sample (n, d), n > k.
        y: generated sample (m, d), m > k.
        k: which neighbour sets the radius.

    Returns:
        "precision": share of the rows of `y` in some ball of `x`; "recall": share of the rows of
        `x` in some ball of `y`; "density": balls of `x` around a row of `y`, on average and
        divided by `k`, which may exceed 1; "coverage": share of the balls of `x` that hold a row
        of `y`. Where both samples have one continuous law, density is 1 and coverage
        `details["expected"]` on average; precision and recall then depend on the law.

    Raises:
        MetricError: if a sample or `k` makes no sense.

    References:
        Kynkäänniemi et al. 2019, arXiv:1904.06991 (precision, recall).
        Naeem et al. 2020, arXiv:2002.09797 (density, coverage).
    """
    k = at_least(k, 1, "k")
    first, second = two_tensors(x, y, k + 1)
    n, m = len(first), len(second)
    radii, other_radii = (_radii(sample, k) for sample in (first, second))
    balls = torch.zeros(m, dtype=torch.int64, device=first.device)
    covered, recalled = 0, 0
    for block, distances in distance_blocks(first, second):
        inside = distances < radii[block, None]
        balls += inside.sum(dim=0)
        covered += int(inside.any(dim=1).sum())
        recalled += int((distances < other_radii).any(dim=1).sum())
    empty = _empty_balls("x", radii) + _empty_balls("y", other_radii)
    common = {"k": k, **warnings_of(first, second, *empty)}
    values: dict[str, tuple[float, dict[str, object]]] = {
        "precision": (float((balls > 0).double().mean()), {}),
        "recall": (recalled / n, {}),
        "density": (int(balls.sum()) / (k * m), {"expected": 1.0}),
        "coverage": (covered / n, {"expected": _null_coverage(n, m, k)}),
    }
    return [
        Score(value, n_real=n, n_fake=m, estimator=name, details={**common, **details})
        for name, (value, details) in values.items()
    ]


def _radii(rows: Tensor, k: int) -> Tensor:
    """Return the radii of the balls, less what rounding could add to a tie."""
    everyone = torch.arange(len(rows), device=rows.device)
    return other_distances(rows, everyone, k) * (1 - ROUNDING)


def _null_coverage(n: int, m: int, k: int) -> float:
    """Return the chance that not all of the k nearest of n - 1 + m rows belong to x."""
    return 1 - math.prod((n - 1 - i) / (n - 1 + m - i) for i in range(k))


def _empty_balls(name: str, radii: Tensor) -> list[str]:
    share = float((radii == 0).double().mean())
    if share == 0:
        return []
    return [f"{share:.1%} of the balls of `{name}` are empty: their rows have copies."]
