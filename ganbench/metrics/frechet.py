"""The Fréchet distance between normal laws that are fitted to two samples."""

import math

import numpy as np
import torch
from torch import Tensor

from ganbench.errors import MetricError
from ganbench.metrics._checks import SampleLike, two_tensors, warnings_of
from ganbench.metrics.score import Score

_SIZES = np.linspace(0.25, 1.0, 15)
_LEAST_EXTRAPOLATED = 8


def frechet_distance(
    x: SampleLike,
    y: SampleLike,
    *,
    extrapolate: bool = False,
    rng: np.random.Generator | None = None,
) -> Score:
    """Return the squared Fréchet distance between the samples' means and covariances.

    It is `|mu1 - mu2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`, the FID where rows are features of
    images; no root is taken. Laws with equal means and covariances have distance 0. The estimate
    is biased upwards by about a constant over the number of rows, and strongly where that number
    is not far above d.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        extrapolate: whether to remove the first order of that bias. The value is then the
            intercept of a regression on 1/n of the distances between random parts of both
            samples, of 15 sizes from a quarter of the rows to all. It may be negative.
        rng: draws the parts; needed where `extrapolate` is set.

    Returns:
        "fid", with the two terms in `details`; or "fid_infinity", with the `sizes`, as shares of
        the rows, and the `values` that the line is fitted to.

    Raises:
        MetricError: if a sample makes no sense, or `rng` is missing.

    References:
        Dowson & Landau 1982, Journal of Multivariate Analysis 12 (the distance).
        Heusel et al. 2017, arXiv:1706.08500 (FID).
        Chong & Forsyth 2020, arXiv:1911.07023 (extrapolation, there of the generated sample).
    """
    first, second = two_tensors(x, y, _LEAST_EXTRAPOLATED if extrapolate else 2)
    smallest = min(len(first), len(second)) * (_SIZES[0] if extrapolate else 1)
    warnings = warnings_of(first, second, *_few_rows(smallest, first.shape[1]))
    n, m = len(first), len(second)
    if not extrapolate:
        mean, covariance = _terms(first, second)
        terms = {"mean_term": mean, "covariance_term": covariance, **warnings}
        return Score(mean + covariance, n_real=n, n_fake=m, estimator="fid", details=terms)
    if rng is None:
        raise MetricError("`rng` must be a random generator where `extrapolate` is set.")
    values = [sum(_terms(_part(first, size, rng), _part(second, size, rng))) for size in _SIZES]
    slope, intercept = np.polyfit(1 / _SIZES, values, 1)
    details = {"slope": float(slope), "sizes": _SIZES.tolist(), "values": values, **warnings}
    return Score(float(intercept), n_real=n, n_fake=m, estimator="fid_infinity", details=details)


def _part(rows: Tensor, share: float, rng: np.random.Generator) -> Tensor:
    picks = rng.permutation(len(rows))[: round(share * len(rows))]
    return rows[torch.from_numpy(picks).to(rows.device)]


def _terms(x: Tensor, y: Tensor) -> tuple[float, float]:
    """Return what the means and what the covariances contribute.

    With S = R'R of a QR decomposition, the eigenvalues of S1 S2 are the squared singular values
    of R1 R2'. So no root of a rounding error is taken, however singular S1 and S2 are.
    """
    mean = (x.mean(dim=0) - y.mean(dim=0)).square().sum()
    a, b = _root(x), _root(y)
    cross = torch.linalg.svdvals(a @ b.T).sum()
    covariance = a.square().sum() + b.square().sum() - 2 * cross
    return float(mean), max(0.0, float(covariance))


def _root(rows: Tensor) -> Tensor:
    """Return R (min(n, d), d), whose R'R is the covariance matrix."""
    centred = rows - rows.mean(dim=0)
    root: Tensor = torch.linalg.qr(centred / math.sqrt(len(rows) - 1), mode="r").R
    return root


def _few_rows(rows: float, d: int) -> list[str]:
    if rows > d:
        return []
    return [f"A covariance of {d} columns is estimated from {int(rows)} rows: strong bias."]
