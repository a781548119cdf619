"""Which components of a known Gaussian mixture does a sample reach, and how often?"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist
from scipy.stats import chi2

from ganbench.errors import MetricError
from ganbench.metrics._checks import Floats, SampleLike, as_positive, as_sample
from ganbench.metrics._intervals import wilson
from ganbench.metrics.score import Score


def mode_coverage(
    fake: SampleLike,
    centers: SampleLike,
    std: float,
    *,
    weights: ArrayLike | None = None,
    radius: float = 3.0,
    share: float = 0.2,
) -> list[Score]:
    """Count the modes that `fake` covers, its rows near a mode, and how it weighs the modes.

    A row is of high quality if its nearest centre lies within `radius` standard deviations. A
    mode is covered by `max(1, share * expected)` such rows. Literature varies in both: some
    count a mode with a single row.

    Args:
        fake: generated sample (m, d).
        centers: of the modes (K, d).
        std: standard deviation of every mode.
        weights: (K,) probabilities of the modes; equal by default.
        radius: in standard deviations.
        share: of the expected number of rows.

    Returns:
        "covered", the number of modes; "quality", the rate of high-quality rows with its Wilson
        interval (real rows reach only `details["expected"]`, in the plane .989 for radius 3); and
        "kl", KL(q || p) in nats of the modes' frequencies q, all rows counted with their nearest
        centre, so that it is finite for every sample.

    Raises:
        MetricError: if an argument makes no sense.

    References:
        Srivastava et al. 2017, arXiv:1705.07761 (modes, quality).
        Lin et al. 2018, arXiv:1712.04086 (reverse KL).
    """
    sample, means = as_sample(fake, "fake", 1), as_sample(centers, "centers", 1)
    if sample.shape[1] != means.shape[1]:
        raise MetricError(
            f"`centers` has {means.shape[1]} columns, but `fake` has {sample.shape[1]} of them."
        )
    for name, number in (("std", std), ("radius", radius)):
        as_positive([number], name)
    if not (isinstance(share, int | float) and 0 <= share <= 1):
        raise MetricError(f"`share` must lie between 0 and 1, not {share!r}.")
    p = _probabilities(weights, len(means))
    n, d = sample.shape
    distances = cdist(sample, means)
    nearest = distances.argmin(axis=1)
    near = distances.min(axis=1) <= radius * std
    hits = np.bincount(nearest[near], minlength=len(means))
    least = np.maximum(1.0, share * n * p)
    q = np.bincount(nearest, minlength=len(means)) / n
    quality = float(near.mean())
    missed = np.flatnonzero(hits < least).tolist()
    return [
        Score(
            float(len(means) - len(missed)),
            n_fake=n,
            estimator="covered",
            details={"modes": len(means), "missed": missed, "hits": hits.tolist()},
        ),
        Score(
            quality,
            *wilson(quality, n),
            n_fake=n,
            estimator="quality",
            details={"expected": float(chi2.cdf(radius**2, d))},
        ),
        Score(_kl(q, p), n_fake=n, estimator="kl"),
    ]


def _probabilities(weights: ArrayLike | None, k: int) -> Floats:
    if weights is None:
        return np.full(k, 1 / k)
    p = as_positive(np.asarray(weights, dtype=np.float64), "weights")
    if len(p) != k:
        raise MetricError(f"`weights` has {len(p)} numbers, but there are {k} centres.")
    total: float = p.sum()
    return p / total


def _kl(q: Floats, p: Floats) -> float:
    seen = q > 0
    return float(np.sum(q[seen] * np.log(q[seen] / p[seen])))
