"""Squared Wasserstein distances: sliced in any dimension, and exact."""

import importlib.util
import warnings

import numpy as np
import torch
from scipy.spatial.distance import cdist
from torch import Tensor

from ganbench.errors import MetricError
from ganbench.metrics._checks import SampleLike, at_least, check_rng, two_tensors, warnings_of
from ganbench.metrics.score import Score

_BLOCK_ENTRIES = 2**20
_MOST_ITERATIONS = 10**8


def sliced_wasserstein(
    x: SampleLike, y: SampleLike, *, projections: int = 256, rng: np.random.Generator
) -> Score:
    """Return the squared Wasserstein distance of one-dimensional projections, on average.

    Directions are uniform on the sphere. In each the distance is exact, by the coupling of equal
    quantiles, whether the samples are of one size or not. A shift by `mu` gives `|mu|^2 / d`.
    Between samples of one law it is positive, of the order of one over the number of rows.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).
        projections: number of directions.
        rng: draws them.

    Returns:
        "sw2", at least 0. The `standard_error` in `details` is that of averaging over directions
        only, None for a single one, and says nothing of the samples.

    Raises:
        MetricError: if a sample or the number of projections makes no sense.

    References:
        Rabin et al. 2012, Wasserstein Barycenter and Its Application to Texture Mixing, SSVM.
        Bonneel et al. 2015, Journal of Mathematical Imaging and Vision 51.
    """
    check_rng(rng)
    count = at_least(projections, 1, "projections")
    first, second = two_tensors(x, y)
    drawn = rng.standard_normal((count, first.shape[1]))
    directions = torch.from_numpy(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
    rows = max(1, _BLOCK_ENTRIES // (len(first) + len(second)))
    blocks = torch.split(directions.to(first.device), rows)
    costs = torch.cat([_quantile_costs(block @ first.T, block @ second.T) for block in blocks])
    return Score(
        float(costs.mean()),
        n_real=len(first),
        n_fake=len(second),
        estimator="sw2",
        details={
            "projections": count,
            "standard_error": float(costs.std()) / count**0.5 if count > 1 else None,
            **warnings_of(first, second),
        },
    )


def wasserstein2(x: SampleLike, y: SampleLike) -> Score:
    """Return the squared 2-Wasserstein distance of the two samples, exactly.

    In one dimension rows are sorted. In more, a linear program over all n m pairs is solved by
    POT, which takes a second and 32 MB for 2000 rows each. In d > 2 dimensions the distance
    between samples of one law shrinks only like n^(-2/d): compare with its floor.

    Args:
        x: real sample (n, d).
        y: generated sample (m, d).

    Returns:
        "w2", at least 0.

    Raises:
        MetricError: if a sample makes no sense, POT is needed but not installed, or its solver
            gives up.

    References:
        Peyré & Cuturi 2019, Computational Optimal Transport, arXiv:1803.00567.
        Flamary et al. 2021, POT: Python Optimal Transport, JMLR 22.
    """
    first, second = two_tensors(x, y)
    if first.shape[1] == 1:
        value = float(_quantile_costs(first.T, second.T))
    else:
        value = _linear_program(first, second)
    return Score(
        value,
        n_real=len(first),
        n_fake=len(second),
        estimator="w2",
        details=warnings_of(first, second),
    )


def _quantile_costs(x: Tensor, y: Tensor) -> Tensor:
    """Return the squared distances (L,) between one-dimensional samples (L, n) and (L, m)."""
    x, y = x.sort(dim=1).values, y.sort(dim=1).values
    n, m = x.shape[1], y.shape[1]
    if n == m:
        return (x - y).square().mean(dim=1)
    # In units of 1/nm both quantile functions jump at whole numbers.
    jumps = [torch.arange(0, n * m, step, device=x.device) for step in (m, n)]
    starts = torch.unique(torch.cat(jumps))
    widths = torch.diff(starts, append=starts.new_tensor([n * m])).double() / (n * m)
    return (x[:, starts // m] - y[:, starts // n]).square() @ widths


def _linear_program(x: Tensor, y: Tensor) -> float:
    if importlib.util.find_spec("ot") is None:
        raise MetricError(
            f"`x` has {x.shape[1]} columns, and above one an exact Wasserstein distance needs "
            'POT: pip install "ganbench[ot]".'
        )
    import ot

    squares = cdist(x.cpu().numpy(), y.cpu().numpy(), "sqeuclidean")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its log says the same
        value, log = ot.emd2([], [], squares, numItermax=_MOST_ITERATIONS, log=True)
    if log["warning"] is not None:
        raise MetricError(f"The solver of the transport problem gave up: {log['warning']}")
    return float(value)
