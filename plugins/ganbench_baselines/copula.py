"""A Gaussian copula: columns of any law, tied together by a correlation."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import special
from torch import Tensor

from ganbench.api import Baseline, Dataset, DataSpec
from ganbench_baselines.encoding import NUMBERS, Rows, as_samples, blocks, flat_rows

Floats = NDArray[np.float64]

_TERMS = 20
_HALVINGS = 40


class _Marginal(Protocol):
    """The law of one column. `codes` (n,) are numbers in whose order its rows come."""

    codes: Floats

    def quantile(self, u: Floats) -> Floats:
        """Map probabilities (n,) to encoded values (n, width)."""
        ...


class _Numbers:
    """The training values, with straight lines between their ranks."""

    def __init__(self, values: Floats) -> None:
        self.codes = values[:, 0]
        self.ranks = (np.arange(len(values)) + 0.5) / len(values)
        self.ordered = np.sort(self.codes)

    def quantile(self, u: Floats) -> Floats:
        values: Floats = np.interp(u, self.ranks, self.ordered)[:, None]
        return values


class _Categories:
    """Categories from the most to the least frequent."""

    def __init__(self, hots: Floats) -> None:
        shares = hots.mean(axis=0)
        self.order = np.argsort(-shares, kind="stable")
        self.codes = hots[:, self.order].argmax(axis=1).astype(np.float64)
        self.bounds = np.cumsum(shares[self.order])[:-1]

    def quantile(self, u: Floats) -> Floats:
        picks = self.order[np.searchsorted(self.bounds, u, side="right")]
        hots: Floats = np.eye(len(self.order))[picks]
        return hots


@dataclass
class FittedCopula:
    """Columns with a common latent normal law.

    Attributes:
        marginals: one for each column.
        factor: (columns, r) with rows of length one; factor @ factor.T is the correlation.
        spec: of the samples.
    """

    marginals: list[_Marginal]
    factor: Tensor
    spec: DataSpec

    @property
    def correlation(self) -> Tensor:
        """The correlation (columns, columns) of the latent normal law."""
        return self.factor @ self.factor.T

    def __call__(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n samples."""
        z = torch.randn(n, self.factor.shape[1], generator=rng, dtype=torch.float64)
        levels = special.ndtr((z @ self.factor.T).numpy())
        pairs = zip(self.marginals, levels.T, strict=True)
        values = np.concatenate([marginal.quantile(u) for marginal, u in pairs], axis=1)
        return as_samples(torch.from_numpy(values), self.spec)


class GaussianCopula(Baseline):
    """A Gaussian copula: every column keeps its law, a latent normal law ties them together.

    x_j = F_j^-1(Phi(z_j)) with z ~ N(0, R). F_j is the empirical law of the column, with
    straight lines between ranks; a category is the interval of z_j that holds its share, the
    most frequent one lowest. R makes the correlation of normal scores what it is in the training
    rows, ties and categories included, and is then brought to the nearest side where its
    eigenvalues are not negative.

    Args:
        rows: training rows of an infinite law, 2 to 1000000.

    Source: Patki et al. 2016, IEEE DSAA, doi:10.1109/DSAA.2016.49; Sklar 1959
    """

    kinds = NUMBERS

    def __init__(self, rows: Rows = 10_000) -> None:
        self.rows = rows

    def fit(self, dataset: Dataset, rng: torch.Generator) -> FittedCopula:
        """Estimate the laws of the columns and the latent correlation."""
        values = flat_rows(dataset, self.rows, rng).numpy()
        marginals: list[_Marginal] = [
            _Categories(values[:, block.span])
            if block.categorical
            else _Numbers(values[:, block.span])
            for block in blocks(dataset.spec)
        ]
        correlation = _latent_correlation(np.stack([m.codes for m in marginals], axis=1))
        return FittedCopula(marginals, _unit_factor(torch.from_numpy(correlation)), dataset.spec)


def _latent_correlation(codes: Floats) -> Floats:
    """Return the correlation (d, d) of the normal law whose cells the codes (n, d) are.

    In the Hermite expansions a_jk of the scores of column j as a function of its latent normal,
    the mean product of two columns' scores is sum_k a_ik a_jk r^k, which grows with r.
    """
    scores, series = zip(*(_normal_scores(column) for column in codes.T), strict=True)
    stacked, a = np.stack(scores, axis=1), np.stack(series, axis=1)
    goal = stacked.T @ stacked / len(codes)
    low, high = -np.ones_like(goal), np.ones_like(goal)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        reached = np.zeros_like(goal)
        for term in a[::-1]:
            reached = (reached + np.outer(term, term)) * middle
        low, high = np.where(reached < goal, middle, low), np.where(reached < goal, high, middle)
    varies = a[0] > 0
    latent: Floats = (low + high) / 2 * np.outer(varies, varies)
    np.fill_diagonal(latent, 1.0)
    return latent


def _normal_scores(codes: Floats) -> tuple[Floats, Floats]:
    """Return E[z | code] (n,) for a latent z ~ N(0, 1), and its Hermite coefficients from k = 1.

    With orthonormal Hermite polynomials h_k, the integral of h_k over a cell [a, b] is
    (h_{k-1}(a) phi(a) - h_{k-1}(b) phi(b)) / sqrt(k).
    """
    _, cells, counts = np.unique(codes, return_inverse=True, return_counts=True)
    edges = special.ndtri(np.cumsum(counts)[:-1] / len(codes))
    density = np.exp(-(edges**2) / 2) / math.sqrt(2 * math.pi)
    integrals, previous, current = [], np.zeros_like(edges), np.ones_like(edges)
    for k in range(1, _TERMS + 1):
        at_edges = np.concatenate([[0.0], current * density, [0.0]])
        integrals.append(-np.diff(at_edges) / math.sqrt(k))
        following = (edges * current - math.sqrt(k - 1) * previous) / math.sqrt(k)
        previous, current = current, following
    means = integrals[0] / (counts / len(codes))
    return means[cells], np.stack(integrals) @ means


def _unit_factor(correlation: Tensor) -> Tensor:
    """Return rows of length one whose products are the correlation, made non-negative."""
    variances, axes = torch.linalg.eigh(correlation)
    return torch.nn.functional.normalize(axes * variances.clamp(min=0).sqrt(), dim=1)
