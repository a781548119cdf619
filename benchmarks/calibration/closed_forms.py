"""The squared MMD of the pairs in closed form, or by quadrature of one."""

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import erf, ive
from scipy.stats import chi, norm

from benchmarks.calibration.laws import (
    Categorical,
    Circle,
    Floats,
    Laplace,
    Law,
    LogNormal,
    Markov,
    MixedTable,
    Mixture,
    StudentT,
    Uniform,
)
from benchmarks.calibration.truths import only_part, panels
from ganbench.components import parse_single


def population_mmd2(p: Law, q: Law, kernel: str) -> float:
    """Return the squared MMD of two laws under a kernel expression such as `rbf(sigma=1.0)`."""
    sigma = dict(parse_single(kernel).params).get("sigma", 1.0)
    if {type(p), type(q)} & SPECTRA.keys():
        return _spectral(p, q, sigma)
    expected = EXPECTED[type(p)]
    return expected(p, p, sigma) + expected(q, q, sigma) - 2 * expected(p, q, sigma)


def mixtures(p: Mixture, q: Mixture, sigma: float) -> float:
    """Return E k(x, y) of Gaussian mixtures under a Gaussian kernel."""
    pairs = itertools.product(p.parts(), q.parts())
    return sum(w * v * _normals(a - b, c + e, sigma) for (w, a, c), (v, b, e) in pairs)


def _normals(gap: Floats, covariance: Floats, sigma: float) -> float:
    spread = np.eye(len(gap)) + covariance / sigma**2
    square = gap @ np.linalg.solve(spread, gap) / sigma**2
    return float(np.exp(-square / 2) / np.sqrt(np.linalg.det(spread)))


def uniforms(p: Uniform, q: Uniform, sigma: float) -> float:
    """Return E k(x, y) of boxes: differences of the kernel's second antiderivative."""

    def twice(t: Floats) -> Floats:
        bell = sigma**2 * np.exp(-(t**2) / (2 * sigma**2))
        antiderivative: Floats = (
            sigma * math.sqrt(math.pi / 2) * t * erf(t / (sigma * math.sqrt(2))) + bell
        )
        return antiderivative

    gains = twice(p.high - q.low) - twice(p.high - q.high)
    gains = gains - twice(p.low - q.low) + twice(p.low - q.high)
    return float(np.prod(gains / ((p.high - p.low) * (q.high - q.low))))


def circles(p: Circle, q: Circle, sigma: float) -> float:
    """Return E k(x, y) of blurred circles: a Bessel function of the angle between points."""
    spread = sigma**2 + p.std**2 + q.std**2
    gap = -((p.radius - q.radius) ** 2) / (2 * spread)
    return float(sigma**2 / spread * np.exp(gap) * ive(0, p.radius * q.radius / spread))


def lognormals(p: LogNormal, q: LogNormal, sigma: float) -> float:
    """Return E k(x, y) of lognormal laws by quadrature over both logarithms."""
    z, volumes = panels(-9, 9, 150)
    masses = volumes * norm.pdf(z)
    x, y = (np.exp(law.mean + law.std * z) for law in (p, q))
    kernel = np.exp(-((x[:, None] - y) ** 2) / (2 * sigma**2))
    return float(masses @ kernel @ masses)


def codes(p: Categorical, q: Categorical, _: float) -> float:
    """Return the probability of equal codes."""
    return float(p.p @ q.p)


def chains(p: Markov, q: Markov, sigma: float) -> float:
    """Return E exp(-hamming / sigma), place by place over both current codes."""
    kernel = np.where(np.eye(len(p.initial)) > 0, 1, math.exp(-1 / sigma))
    state = np.outer(p.initial, q.initial) * kernel
    for _ in range(p.length - 1):
        state = p.transitions.T @ state @ q.transitions * kernel
    return float(state.sum())


def tables(p: MixedTable, q: MixedTable, sigma: float) -> float:
    """Return E k(x, y) of tables: other categories are at a distance of sqrt(2)."""
    total = 0.0
    for (i, a), (j, b) in itertools.product(_cells(p), _cells(q)):
        (_, mean_a, cov_a), (_, mean_b, cov_b) = only_part(a), only_part(b)
        near = 1 if i == j else math.exp(-1 / sigma**2)
        total += p.p[i] * q.p[j] * near * _normals(mean_a - mean_b, cov_a + cov_b, sigma)
    return total


def _cells(law: MixedTable) -> Iterator[tuple[int, Mixture]]:
    for code, (mean, std) in enumerate(zip(law.means, law.stds, strict=True)):
        yield code, Mixture(np.ones(1), mean[None], np.diag(std**2)[None])


def _spectral(p: Law, q: Law, sigma: float) -> float:
    """Integrate |phi_p - phi_q|^2 over the spectral law of the kernel (Bochner)."""
    d = p.sample(1, np.random.default_rng(0)).shape[1]
    radii, volumes = panels(0, 12, 2000)
    gaps = np.subtract(*(SPECTRA.get(type(law), _gauss)(law, radii) for law in (p, q)))
    return float(gaps**2 @ (volumes * chi.pdf(radii, d, scale=1 / sigma)))


def _gauss(_: Law, radii: Floats) -> Floats:
    values: Floats = np.exp(-(radii**2) / 2)
    return values


def _student3(law: Law, radii: Floats) -> Floats:
    """Return the characteristic function at three degrees of freedom, where it is elementary."""
    assert isinstance(law, StudentT)
    assert law.df == 3
    scaled = math.sqrt(3) * radii
    values: Floats = (1 + scaled) * np.exp(-scaled)
    return values


def _laplace(law: Law, radii: Floats) -> Floats:
    assert isinstance(law, Laplace)
    values: Floats = 1 / (1 + (law.scale * radii) ** 2)
    return values


SPECTRA: dict[type, Callable[[Law, Floats], Floats]] = {StudentT: _student3, Laplace: _laplace}

EXPECTED: dict[type, Callable[..., float]] = {
    Mixture: mixtures,
    Uniform: uniforms,
    Circle: circles,
    LogNormal: lognormals,
    Categorical: codes,
    Markov: chains,
    MixedTable: tables,
}
