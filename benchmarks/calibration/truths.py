"""JSD and Bayes accuracy of the pairs computed anew: enumeration, quadrature, Sobol points."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi, norm, qmc

from benchmarks.calibration.laws import (
    Categorical,
    Floats,
    Law,
    Markov,
    MixedTable,
    Mixture,
    Rows,
    Uniform,
)
from benchmarks.calibration.pairs import PAIRS, Pair

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)


@dataclass(frozen=True)
class Divergences:
    """JSD in nats and accuracy of the Bayes classifier, with standard errors where sampled."""

    jsd: float
    accuracy: float
    jsd_error: float = 0.0
    accuracy_error: float = 0.0


def divergences(name: str) -> Divergences:
    """Compute both of a pair by the route that fits it."""
    return ROUTES[name](PAIRS[name])


def integral(log_p: Floats, log_q: Floats, volumes: Floats) -> Divergences:
    """Sum over points with log-densities under p and q and the volumes that they stand for."""
    p, q = np.exp(log_p) * volumes, np.exp(log_q) * volumes
    with np.errstate(invalid="ignore"):
        gain_p = np.where(p > 0, math.log(2) - np.logaddexp(0, log_q - log_p), 0)
        gain_q = np.where(q > 0, math.log(2) - np.logaddexp(0, log_p - log_q), 0)
    jsd = float(p @ gain_p + q @ gain_q) / 2
    return Divergences(jsd, float(np.maximum(p, q).sum()) / 2)


def null(pair: Pair) -> Divergences:
    """Nothing tells equal laws apart."""
    assert pair.null
    return Divergences(0.0, 0.5)


def enumerated(pair: Pair) -> Divergences:
    """Sum over all codes or all chains."""
    outcomes = _outcomes(pair.p)
    return integral(pair.p.log_prob(outcomes), pair.q.log_prob(outcomes), np.ones(len(outcomes)))


def _outcomes(law: Law) -> Rows:
    if isinstance(law, Markov):
        return np.array([*itertools.product(range(len(law.initial)), repeat=law.length)])
    assert isinstance(law, Categorical)
    return np.arange(len(law.p))[:, None]


def line(pair: Pair, low: float = -30, high: float = 30) -> Divergences:
    """Integrate over the real line; a kink at zero lies between two panels."""
    points, volumes = panels(low, high, 6000)
    return integral(pair.p.log_prob(points[:, None]), pair.q.log_prob(points[:, None]), volumes)


def log_line(pair: Pair) -> Divergences:
    """Integrate over the logarithm of the positive numbers."""
    logs, volumes = panels(-15, 15, 6000)
    points = np.exp(logs)[:, None]
    return integral(pair.p.log_prob(points), pair.q.log_prob(points), volumes * points[:, 0])


def plane(span: float, step: float) -> Callable[[Pair], Divergences]:
    """Sum over a square grid, which is spectrally accurate for the JSD of smooth laws."""

    def route(pair: Pair) -> Divergences:
        ticks = np.arange(-span, span, step)
        parts = []
        for left in ticks:
            points = np.column_stack([np.full(len(ticks), left), ticks])
            logs = pair.p.log_prob(points), pair.q.log_prob(points)
            parts.append(integral(*logs, np.full(len(points), step**2)))
        return Divergences(sum(part.jsd for part in parts), sum(part.accuracy for part in parts))

    return route


def radial(largest: float) -> Callable[[Pair], Divergences]:
    """Integrate laws of the plane that know no direction over the distance from zero.

    Its logarithm is what panels are even in: Student's tail is long.
    """

    def route(pair: Pair) -> Divergences:
        logs, volumes = panels(-12, math.log(largest), 6000)
        radii = np.exp(logs)
        points = np.column_stack([radii, np.zeros_like(radii)])
        shells = volumes * 2 * np.pi * radii**2
        return integral(pair.p.log_prob(points), pair.q.log_prob(points), shells)

    return route


def boxes(pair: Pair) -> Divergences:
    """Where boxes of one volume overlap nothing tells them apart, elsewhere everything does."""
    p, q = pair.p, pair.q
    assert isinstance(p, Uniform)
    assert isinstance(q, Uniform)
    sides = np.minimum(p.high, q.high) - np.maximum(p.low, q.low)
    apart = 1 - float(np.prod(np.maximum(sides, 0)) / np.prod(p.high - p.low))
    return Divergences(apart * math.log(2), (1 + apart) / 2)


def fisher(pair: Pair) -> Divergences:
    """Two normal laws of one covariance differ along one line only."""
    (_, a, covariance), (_, b, _) = only_part(pair.p), only_part(pair.q)
    gap = b - a
    distance = math.sqrt(float(gap @ np.linalg.solve(covariance, gap)))
    points, volumes = panels(-30, 30, 6000)
    return integral(norm.logpdf(points), norm.logpdf(points, distance), volumes)


def one_axis(pair: Pair) -> Divergences:
    """Normal laws with equal correlations: the mean of all columns, and the length of the rest."""
    (_, mean, _), (_, _, covariance) = only_part(pair.p), only_part(pair.q)
    d, correlation = len(mean), covariance[0, 1]
    axis, axis_volumes = panels(-25, 25, 200)
    length, length_volumes = panels(0, 15, 100)
    stds = math.sqrt(1 + (d - 1) * correlation), math.sqrt(1 - correlation)
    log_p = norm.logpdf(axis)[:, None] + chi.logpdf(length, d - 1)
    log_q = norm.logpdf(axis, scale=stds[0])[:, None] + chi.logpdf(length, d - 1, scale=stds[1])
    volumes = axis_volumes[:, None] * length_volumes
    return integral(log_p.ravel(), log_q.ravel(), volumes.ravel())


def length(pair: Pair) -> Divergences:
    """Round normal laws around one centre differ in the length of their rows only."""
    (_, mean, wide), (_, _, narrow) = only_part(pair.p), only_part(pair.q)
    lengths, volumes = panels(0, 30, 6000)
    logs = [chi.logpdf(lengths, len(mean), scale=math.sqrt(law[0, 0])) for law in (wide, narrow)]
    return integral(*logs, volumes)


def table(pair: Pair) -> Divergences:
    """Integrate the numeric column for each category."""
    assert isinstance(pair.p, MixedTable)
    points, volumes = panels(-30, 30, 6000)
    parts = []
    for code in range(len(pair.p.p)):
        rows = np.column_stack([np.full(len(points), code), points])
        parts.append(integral(pair.p.log_prob(rows), pair.q.log_prob(rows), volumes))
    return Divergences(sum(part.jsd for part in parts), sum(part.accuracy for part in parts))


def scrambled(pair: Pair, points: int = 2**16, repeats: int = 16) -> Divergences:
    """Average over scrambled Sobol points of every component; errors are of the repeats."""
    values = np.array([_quasi(pair, points, seed) for seed in range(repeats)])
    jsd, accuracy = values.mean(axis=0)
    errors = values.std(axis=0, ddof=1) / math.sqrt(repeats)
    return Divergences(float(jsd), float(accuracy), float(errors[0]), float(errors[1]))


def _quasi(pair: Pair, points: int, seed: int) -> Floats:
    total = np.zeros(2)
    for own, other in ((pair.p, pair.q), (pair.q, pair.p)):
        assert isinstance(own, Mixture)
        for index, (weight, mean, covariance) in enumerate(own.parts()):
            sobol = qmc.Sobol(len(mean), rng=np.random.default_rng([seed, index]))
            rows = mean + norm.ppf(sobol.random(points)) @ np.linalg.cholesky(covariance).T
            gap = other.log_prob(rows) - own.log_prob(rows)
            gains = math.log(2) - np.logaddexp(0, gap)
            total += (
                weight / 2 * np.array([gains.mean(), (gap < 0).mean() + (gap == 0).mean() / 2])
            )
    return total


def bigram_jsd(pair: Pair) -> float:
    """Return the JSD between the laws of two neighbouring codes, averaged over places."""
    log_p, log_q = (np.log(_bigrams(law)).ravel() for law in (pair.p, pair.q))
    return integral(log_p, log_q, np.ones(len(log_p))).jsd


def _bigrams(law: Law) -> Floats:
    assert isinstance(law, Markov)
    at, total = law.initial, np.zeros_like(law.transitions)
    for _ in range(law.length - 1):
        total += at[:, None] * law.transitions
        at = at @ law.transitions
    return total / (law.length - 1)


def panels(low: float, high: float, count: int) -> tuple[Floats, Floats]:
    """Return nodes and weights of Gauss and Legendre on equal panels."""
    edges = np.linspace(low, high, count + 1)
    half = (edges[1] - edges[0]) / 2
    nodes = (edges[:-1] + half)[:, None] + half * _NODES
    return nodes.ravel(), np.tile(half * _WEIGHTS, count)


def only_part(law: Law) -> tuple[float, Floats, Floats]:
    """Return weight, mean and covariance of a normal law."""
    assert isinstance(law, Mixture)
    (part,) = law.parts()
    return part


SHARP = plane(3.6, 0.01)

ROUTES: dict[str, Callable[[Pair], Divergences]] = {
    **dict.fromkeys(["null_gauss2d", "null_grid25", "null_zipf1000", "null_table"], null),
    **dict.fromkeys(["shift0.5", "shift1", "shift2", "shift4", "scale2", "laplace"], line),
    "lognormal": log_line,
    **dict.fromkeys(["corr0.3", "corr0.8", "aniso"], plane(12.0, 0.03)),
    "student_t": radial(1e6),
    "circle_blur": radial(4),
    **dict.fromkeys(["scales", "shift1_d10"], fisher),
    **dict.fromkeys(["ring8_miss1", "ring8_miss4", "ring8_miss7", "grid25_blur"], SHARP),
    "box_shift": boxes,
    **dict.fromkeys(["aniso_d5", "ar0.9_d5", "modes10_d5_miss1"], scrambled),
    **dict.fromkeys(["corr0.3_d10", "corr0.8_d10"], one_axis),
    **dict.fromkeys(["scale_d10", "scale_d15"], length),
    **dict.fromkeys(["cat10", "zipf1000_steeper", "markov"], enumerated),
    "table": table,
}
