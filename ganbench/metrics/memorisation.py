"""Does a generator repeat its training rows?"""

import math
import sys
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import torch
from scipy.stats import rankdata

from ganbench.metrics._checks import Floats, SampleLike, row_codes, two_tensors, warnings_of
from ganbench.metrics._distances import ROUNDING, nearest, other_distances
from ganbench.metrics._intervals import wilson
from ganbench.metrics.score import Score


def authenticity(train: SampleLike, y: SampleLike) -> Score:
    """Return the share of generated rows that are farther from the data than the data's own rows.

    A row of `y` is authentic if its nearest training row lies farther from it than from all other
    training rows. Even for a perfect generator that is no half of the rows: with many rows it is
    1/3 on a line and .379 in the plane, and in ten normal columns .62 of 2000. So compare with
    the same function of held-out real rows in place of `y`.

    Args:
        train: all rows that the generator was trained on (n, d).
        y: generated sample (m, d).

    Returns:
        "authenticity" in [0, 1], 0 for copies, with the Wilson interval for this training set.

    Raises:
        MetricError: if a sample makes no sense.

    References:
        Alaa et al. 2022, How Faithful is your Synthetic Data?, arXiv:2102.08921.
    """
    rows, fake = two_tensors(train, y, names=("train", "y"))
    distances, closest = nearest(fake, rows)
    picks, position = torch.unique(closest, return_inverse=True)
    radii = other_distances(rows, picks, 1)[position]
    value = float((distances > radii * (1 + ROUNDING)).double().mean())
    return Score(
        value,
        *wilson(value, len(fake)),
        n_real=len(rows),
        n_fake=len(fake),
        estimator="authenticity",
        details=warnings_of(rows, fake, names=("train", "y")),
    )


def memorisation(train: SampleLike, test: SampleLike, y: SampleLike) -> list[Score]:
    """Compare how near generated and held-out rows come to the training rows.

    Args:
        train: all rows that the generator was trained on (n, d).
        test: real rows that it has not seen (t, d).
        y: generated sample (m, d).

    Returns:
        "ct": the z-score of the Mann-Whitney statistic, ties shared, of the distances to the
        nearest training row, generated against held-out. Standard normal for a perfect generator;
        below 0 generated rows are nearer (copying), above 0 farther (underfitting). `p_value` is
        one-sided, against copying. This is the paper's statistic with the whole space as its
        only cell. "nearest": the median of these distances over that of held-out rows; 1 is
        perfect, 0 is copying. "copies": the share of rows that equal a training row, with its
        Wilson interval, and that share of held-out rows as `details["held_out"]`.

        Where the median of held-out rows is 0, means take the place of medians; where their mean
        is 0 too, "nearest" is 1. Both are said in `details`.

    Raises:
        MetricError: if a sample makes no sense.

    References:
        Meehan et al. 2020, A Non-Parametric Test to Detect Data-Copying in Generative Models,
        arXiv:2004.05675.
    """
    rows, fake = two_tensors(train, y, names=("train", "y"))
    _, unseen = two_tensors(train, test, names=("train", "test"))
    unseen = unseen.to(rows.device)
    near, far = (nearest(each, rows)[0].cpu().numpy() for each in (fake, unseen))
    z = _mann_whitney_z(near, far)
    p_value = max(NormalDist().cdf(z), sys.float_info.min)
    ratio, doubts = _ratio(near, far)
    codes = row_codes(rows)
    copies, held_out = (float(np.isin(row_codes(each), codes).mean()) for each in (fake, unseen))
    warnings = warnings_of(unseen, fake, *doubts, names=("test", "y"))
    common = {"n_train": len(rows), **warnings}
    scores = [
        Score(z, p_value=p_value, estimator="ct", details=common),
        Score(ratio, estimator="nearest", details=common),
        Score(
            copies,
            *wilson(copies, len(fake)),
            estimator="copies",
            details={"held_out": held_out, **common},
        ),
    ]
    return [replace(score, n_real=len(unseen), n_fake=len(fake)) for score in scores]


def _mann_whitney_z(near: Floats, far: Floats) -> float:
    """Return how often the first are larger than the second, as a z-score under one law."""
    n, m = len(near), len(far)
    both = np.concatenate([near, far])
    counts = np.unique(both, return_counts=True)[1].astype(np.float64)
    if len(counts) == 1:
        return 0.0
    larger = rankdata(both)[:n].sum() - n * (n + 1) / 2
    ties = ((counts**3 - counts) / ((n + m) * (n + m - 1))).sum()
    deviation = math.sqrt(n * m * (n + m + 1 - ties) / 12)
    return float((larger - n * m / 2) / deviation)


def _ratio(near: Floats, far: Floats) -> tuple[float, list[str]]:
    """Return the ratio of medians, or what takes its place, and why."""
    if (median := np.median(far)) > 0:
        return float(np.median(near) / median), []
    if (mean := np.mean(far)) > 0:
        return float(np.mean(near) / mean), [
            "Half of `test` equals training rows: means take the place of medians."
        ]
    return 1.0, ["All of `test` equals training rows, which leaves distances without a scale."]
