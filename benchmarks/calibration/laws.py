"""Laws with samplers and exact log-densities, to build pairs with known divergences from.

Continuous laws sample real rows (n, d); categorical ones sample integer codes (n, columns).
`embed` turns rows into the real coordinates that learners and Gaussian kernels work on.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ive
from scipy.stats import multivariate_t

Floats = NDArray[np.float64]
Rows = NDArray[np.float64] | NDArray[np.int64]

MOST_ONE_HOT = 32
"""Categories above which a code is embedded as one number: a column for each would be too wide."""


class Law(Protocol):
    """A distribution of rows."""

    def sample(self, n: int, rng: np.random.Generator) -> Rows:
        """Return `n` independent rows."""

    def log_prob(self, x: Rows) -> Floats:
        """Return the log-density (or log-probability) of each row in nats, (n,)."""

    def embed(self, x: Rows) -> Floats:
        """Return the rows in real coordinates, (n, d)."""


class Continuous:
    """What laws of real rows share."""

    def embed(self, x: Rows) -> Floats:
        """Return the rows as they are."""
        return np.asarray(x, dtype=np.float64)


@dataclass(frozen=True)
class Mixture(Continuous):
    """Gaussian mixture with `weights` (K,), `means` (K, d) and `covariances` (K, d, d)."""

    weights: Floats
    means: Floats
    covariances: Floats

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Return `n` independent rows."""
        parts = rng.choice(len(self.weights), n, p=self.weights)
        factors = np.linalg.cholesky(self.covariances)[parts]
        noise = rng.standard_normal((n, self.means.shape[1], 1))
        rows: Floats = self.means[parts] + (factors @ noise)[:, :, 0]
        return rows

    def log_prob(self, x: Rows) -> Floats:
        """Return the log-density of each row."""
        total = np.full(len(x), -np.inf)
        for weight, mean, covariance in self.parts():
            whiten = np.linalg.inv(np.linalg.cholesky(covariance))
            squares = (((x - mean) @ whiten.T) ** 2).sum(axis=1)
            _, logdet = np.linalg.slogdet(2 * np.pi * covariance)
            total = np.logaddexp(total, math.log(weight) - (squares + logdet) / 2)
        return total

    def parts(self) -> list[tuple[float, Floats, Floats]]:
        """Return weight, mean and covariance of each component with any weight."""
        together = zip(self.weights, self.means, self.covariances, strict=True)
        return [part for part in together if part[0] > 0]


@dataclass(frozen=True)
class Uniform(Continuous):
    """Uniform law on the box from `low` (d,) to `high` (d,)."""

    low: Floats
    high: Floats

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Return `n` independent rows."""
        return rng.uniform(self.low, self.high, (n, len(self.low)))

    def log_prob(self, x: Rows) -> Floats:
        """Return the log-density of each row, -inf outside of the box."""
        inside = np.all((x >= self.low) & (x <= self.high), axis=1)
        return np.where(inside, -np.log(self.high - self.low).sum(), -np.inf)


@dataclass(frozen=True)
class Circle(Continuous):
    """Circle of `radius` around 0 in the plane, blurred by Gaussian noise of `std`."""

    radius: float
    std: float

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Return `n` independent rows."""
        angles = rng.uniform(0, 2 * np.pi, n)
        circle = self.radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        return circle + self.std * rng.standard_normal((n, 2))

    def log_prob(self, x: Rows) -> Floats:
        """Return the log-density of each row: its distance from 0 has Rice's law."""
        distance, variance = np.hypot(x[:, 0], x[:, 1]), self.std**2
        angular = np.log(ive(0, distance * self.radius / variance))
        radial = -((distance - self.radius) ** 2) / (2 * variance)
        return angular + radial - math.log(2 * math.pi * variance)


@dataclass(frozen=True)
class StudentT(Continuous):
    """Student's t in `d` columns, standard, all divided by one chi of `df` degrees."""

    df: float
    d: int

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Return `n` independent rows."""
        chi2 = rng.chisquare(self.df, (n, 1))
        return rng.standard_normal((n, self.d)) / np.sqrt(chi2 / self.df)

    def log_prob(self, x: Rows) -> Floats:
        """Return the log-density of each row."""
        law = multivariate_t(np.zeros(self.d), np.eye(self.d), self.df)
        return np.reshape(law.logpdf(x), len(x))


@dataclass(frozen=True)
class Laplace(Continuous):
    """Laplace's law around 0 in one column."""

    scale: float

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Return `n` independent rows."""
        return rng.laplace(0, self.scale, (n, 1))

    def log_prob(self, x: Rows) -> Floats:
        """Return the log-density of each row."""
        density: Floats = -np.abs(x[:, 0]) / self.scale - math.log(2 * self.scale)
        return density


@dataclass(frozen=True)
class LogNormal(Continuous):
    """Exponential of a normal law with `mean` and `std`, in one column."""

    mean: float
    std: float

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Return `n` independent rows."""
        return rng.lognormal(self.mean, self.std, (n, 1))

    def log_prob(self, x: Rows) -> Floats:
        """Return the log-density of each row."""
        logs: Floats = np.log(x[:, 0])
        squares = ((logs - self.mean) / self.std) ** 2
        return -squares / 2 - logs - math.log(self.std * math.sqrt(2 * math.pi))


@dataclass(frozen=True)
class Categorical:
    """Codes 0 to K - 1 in one column, with probabilities `p` (K,)."""

    p: Floats

    def sample(self, n: int, rng: np.random.Generator) -> Rows:
        """Return `n` independent codes, (n, 1)."""
        return rng.choice(len(self.p), (n, 1), p=self.p)

    def log_prob(self, x: Rows) -> Floats:
        """Return the log-probability of each code."""
        logs: Floats = np.log(self.p)[np.asarray(x)[:, 0].astype(int)]
        return logs

    def embed(self, x: Rows) -> Floats:
        """Return one-hot rows, or the codes as numbers where there are too many categories."""
        if len(self.p) > MOST_ONE_HOT:
            return np.asarray(x, dtype=np.float64)
        return one_hot(x[:, 0], len(self.p))


@dataclass(frozen=True)
class Markov:
    """Chains of `length` codes from `initial` (K,) and `transitions` (K, K)."""

    initial: Floats
    transitions: Floats
    length: int

    def sample(self, n: int, rng: np.random.Generator) -> Rows:
        """Return `n` independent chains, (n, length)."""
        chains = np.empty((n, self.length), dtype=np.int64)
        chains[:, 0] = rng.choice(len(self.initial), n, p=self.initial)
        steps = np.cumsum(self.transitions, axis=1)[:, :-1]
        for place in range(1, self.length):
            chains[:, place] = (rng.random((n, 1)) > steps[chains[:, place - 1]]).sum(axis=1)
        return chains

    def log_prob(self, x: Rows) -> Floats:
        """Return the log-probability of each chain."""
        codes = np.asarray(x).astype(int)
        start = np.log(self.initial)[codes[:, 0]]
        logs: Floats = start + np.log(self.transitions)[codes[:, :-1], codes[:, 1:]].sum(axis=1)
        return logs

    def embed(self, x: Rows) -> Floats:
        """Return the one-hot codes of each chain side by side, (n, length K)."""
        return one_hot(x, len(self.initial)).reshape(len(x), -1)


@dataclass(frozen=True)
class MixedTable:
    """A code of probabilities `p` (K,), then normal columns with its `means` and `stds` (K, d)."""

    p: Floats
    means: Floats
    stds: Floats

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Return `n` independent rows, (n, 1 + d)."""
        codes = rng.choice(len(self.p), n, p=self.p)
        noise = rng.standard_normal((n, self.means.shape[1]))
        return np.column_stack([codes, self.means[codes] + self.stds[codes] * noise])

    def log_prob(self, x: Rows) -> Floats:
        """Return the log of probability times density of each row."""
        codes = x[:, 0].astype(int)
        stds = self.stds[codes]
        squares = ((x[:, 1:] - self.means[codes]) / stds) ** 2
        densities = -(squares / 2 + np.log(stds * math.sqrt(2 * math.pi))).sum(axis=1)
        logs: Floats = np.log(self.p)[codes] + densities
        return logs

    def embed(self, x: Rows) -> Floats:
        """Return one-hot codes, then the other columns."""
        return np.hstack([one_hot(x[:, 0], len(self.p)), x[:, 1:]])


def one_hot(codes: ArrayLike, categories: int) -> Floats:
    """Return indicators of the codes on a new last axis."""
    rows: Floats = np.eye(categories)[np.asarray(codes).astype(int)]
    return rows
