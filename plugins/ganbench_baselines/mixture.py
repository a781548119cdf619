"""Mixtures of Gaussians, their number chosen by the Bayesian information criterion."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import Baseline, Dataset, DataSpec, Size
from ganbench_baselines.encoding import NUMBERS, Rows, as_samples, integer_seed, spread_rows

Components = Annotated[int, Field(ge=1, le=256)]

_PATIENCE = 4
"""So many larger mixtures in a row must be worse before the search ends."""

_NO_SPREAD = 1e-6
"""Of the largest standard deviation: principal axes with less are left out."""


@dataclass
class FittedMixture:
    """A mixture in the leading coordinates, one Gaussian with diagonal covariance in the rest.

    Attributes:
        weights: (k,), sum to one.
        means: (k, m), in coordinates.
        factors: (k, m, m), lower triangular: factor @ factor.T is a component's covariance.
        rest: (r,), the standard deviations of the other coordinates.
        origin: (size,), where all coordinates are zero.
        axes: (m + r, size), what one unit of a coordinate is in samples.
        spec: of the samples.
    """

    weights: Tensor
    means: Tensor
    factors: Tensor
    rest: Tensor
    origin: Tensor
    axes: Tensor
    spec: DataSpec

    def __call__(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n samples."""
        picks = torch.multinomial(self.weights, n, replacement=True, generator=rng)
        z = torch.randn(n, len(self.axes), generator=rng, dtype=self.axes.dtype)
        leading = self.means.shape[1]
        inside = torch.empty(n, leading, dtype=z.dtype)
        for k, (mean, factor) in enumerate(zip(self.means, self.factors, strict=True)):
            inside[picks == k] = mean + z[picks == k, :leading] @ factor.T
        coordinates = torch.cat([inside, z[:, leading:] * self.rest], dim=1)
        return as_samples(self.origin + coordinates @ self.axes, self.spec)


class GaussianMixture(Baseline):
    """A mixture of Gaussians: number and shape of the components chosen by BIC.

    p(x) = sum_k w_k N(x; m_k, C_k), fitted by expectation maximisation to the coordinates along
    the `axes` leading principal axes, with full and with diagonal C_k there; the other axes keep
    one Gaussian. From one component on, mixtures grow until four in a row have a larger BIC =
    parameters * log(n) - 2 log-likelihood. Discrete columns are spread over the gaps between
    their values, without which their likelihood would have no bound.

    Args:
        components: the most that are tried, 1 to 256.
        axes: the most principal axes that the components see, 1 to 65536.
        rows: training rows of an infinite law, 2 to 1000000.

    Source: Schwarz 1978, Annals of Statistics 6(2); Richardson & Weiss 2018, arXiv:1805.12462
    """

    kinds = NUMBERS

    def __init__(self, components: Components = 32, axes: Size = 16, rows: Rows = 5000) -> None:
        self.components = components
        self.axes = axes
        self.rows = rows

    def fit(self, dataset: Dataset, rng: torch.Generator) -> FittedMixture:
        """Find principal axes, then the mixture."""
        rows = spread_rows(dataset, self.rows, rng)
        origin = rows.mean(dim=0)
        _, lengths, axes = torch.linalg.svd(rows - origin, full_matrices=False)
        axes, lengths = (kept[lengths > _NO_SPREAD * lengths[0]] for kept in (axes, lengths))
        # One scale for all axes, so that what EM adds to variances is small for any data.
        unit = lengths[0] / len(rows) ** 0.5
        coordinates = (rows - origin) @ axes.T / unit
        leading = coordinates[:, : self.axes]
        model = _best_by_bic(leading, self.components, integer_seed(rng))
        return FittedMixture(
            torch.from_numpy(model.weights_),
            torch.from_numpy(model.means_),
            _factors(model),
            (lengths / lengths[0])[self.axes :],
            origin,
            axes * unit,
            dataset.spec,
        )


def _factors(model: Any) -> Tensor:
    covariances = torch.from_numpy(model.covariances_)
    if model.covariance_type == "diag":
        return torch.diag_embed(covariances.sqrt())
    factors: Tensor = torch.linalg.cholesky(covariances)
    return factors


def _best_by_bic(coordinates: Tensor, most: int, seed: int) -> Any:
    """Return the best of both shapes; the smaller and simpler where two are as good."""
    searches = [_search(coordinates, shape, most, seed) for shape in ("diag", "full")]
    return min((best for search in searches for best in search), key=lambda pair: pair[0])[1]


def _search(coordinates: Tensor, shape: str, most: int, seed: int) -> Iterator[tuple[float, Any]]:
    """Yield the BIC and model of growing mixtures until they no longer get better."""
    values = coordinates.numpy()
    best, worse = float("inf"), 0
    for k in range(1, min(most, len(values) // 2) + 1):
        model = _converged(values, k, shape, seed)
        if model is None:
            continue
        bic = float(model.bic(values))
        yield bic, model
        worse = 0 if bic < best else worse + 1
        best = min(best, bic)
        if worse == _PATIENCE:
            return


def _converged(values: Any, k: int, shape: str, seed: int) -> Any:
    """Fit `k` components; None where EM does not settle, as a fit half-way has no valid BIC."""
    from sklearn.exceptions import ConvergenceWarning  # slow to import
    from sklearn.mixture import GaussianMixture as Em

    model = Em(k, covariance_type=shape, max_iter=300, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is read from the model instead
        model.fit(values)
    return model if model.converged_ else None
