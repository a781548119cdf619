"""Families of laws that the pairs are made of."""

import numpy as np
from numpy.typing import ArrayLike

from benchmarks.calibration.laws import Categorical, Floats, Mixture


def gaussian(mean: ArrayLike, covariance: ArrayLike) -> Mixture:
    """Return a normal law."""
    return Mixture(
        np.ones(1),
        np.atleast_2d(np.asarray(mean, float)),
        np.array([covariance], dtype=np.float64),
    )


def isotropic(means: Floats, std: float, weights: Floats | None = None) -> Mixture:
    """Return a mixture of round components, equally likely by default."""
    k, d = means.shape
    parts = np.ones(k) if weights is None else weights
    return Mixture(parts / parts.sum(), means, np.tile(std**2 * np.eye(d), (k, 1, 1)))


def ring(weights: ArrayLike, std: float = 0.1) -> Mixture:
    """Return eight modes on a circle of radius 2."""
    angles = 2 * np.pi * np.arange(8) / 8
    circle = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return isotropic(circle, std, np.asarray(weights, dtype=np.float64))


def grid(std: float) -> Mixture:
    """Return 25 modes on a square grid of step 1."""
    steps = np.arange(-2.0, 3)
    return isotropic(np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2), std)


def equicorrelated(d: int, correlation: float) -> Mixture:
    """Return a standard normal law with one correlation between all columns."""
    return gaussian(np.zeros(d), np.eye(d) + correlation * (1 - np.eye(d)))


def autoregressive(d: int, correlation: float) -> Mixture:
    """Return a standard normal law whose columns i and j have the correlation c^|i - j|."""
    places = np.arange(d)
    return gaussian(np.zeros(d), correlation ** np.abs(places[:, None] - places))


def embedded(law: Mixture, extra: int, seed: int = 0) -> Mixture:
    """Add `extra` standard normal columns, and rotate: no column is special any more."""
    k, d = law.means.shape
    turn = rotation(d + extra, seed)
    means, covariances = np.zeros((k, d + extra)), np.tile(np.eye(d + extra), (k, 1, 1))
    means[:, :d], covariances[:, :d, :d] = law.means, law.covariances
    return Mixture(law.weights, means @ turn.T, turn @ covariances @ turn.T)


def rotation(d: int, seed: int) -> Floats:
    """Return a random orthogonal matrix."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))
    turn: Floats = q * np.sign(np.diag(r))
    return turn


def stretched(seed: int) -> Mixture:
    """Return a centred normal law in five columns, with axes of its own directions."""
    turn = rotation(5, seed)
    return gaussian(np.zeros(5), turn * [2.0, 1.5, 1.0, 0.7, 0.5] @ turn.T)


def zipf(exponent: float) -> Categorical:
    """Return Zipf's law over a thousand categories."""
    p = np.arange(1.0, 1001) ** -exponent
    return Categorical(p / p.sum())
