"""Kernels for the maximum mean discrepancy, chosen by a component expression.

An expression may have several members: those joined by "+", one for each value of a [list], and
the bandwidths of `multi_rbf`. Estimates average over them; tests look at each.
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from scipy.spatial.distance import pdist
from torch import Tensor

from ganbench.components import Component, bind, parameters, parse, unknown
from ganbench.errors import MetricError, SpecError
from ganbench.metrics._checks import Floats, SampleLike, as_sample
from ganbench.metrics._distances import squared_distances
from ganbench.ranges import PositiveFloat, PositiveInt

KernelFunction = Callable[[Tensor, Tensor], Tensor]
"""A kernel of your own: rows (n, d) and (m, d) -> (n, m), symmetric and positive definite."""
Bandwidth = PositiveFloat | Literal["median"]

_MEDIAN_ROWS = 1000
# exp(-690) is about the last number whose neighbours are not subnormal, which are a hundred
# times slower to calculate with.
_LEAST_EXPONENT = -690.0


@dataclass(frozen=True)
class Kernel:
    """The members of a kernel expression.

    Attributes:
        name: the names in the expression.
        members: one expression each, bandwidths resolved.
        grams: rows (n, d) and (m, d) -> the Gram matrices (n, m) one after the other. Each may be
            overwritten when the next one is asked for.
        moves: whether data may be centred first, since values depend on differences only (or, as
            for `linear`, estimates do).
        bounded: whether values lie in [0, 1], where single precision does for permutations.
    """

    name: str
    members: tuple[str, ...]
    grams: Callable[[Tensor, Tensor], Iterator[Tensor]]
    moves: bool = True
    bounded: bool = False


def median_distance(
    reference: SampleLike, metric: Literal["euclidean", "cityblock"] = "euclidean"
) -> float:
    """Return the median distance between distinct rows, the natural scale of a kernel.

    Take it from a reference sample that every variant shares: a bandwidth that follows the
    generated sample makes scores incomparable.

    Args:
        reference: rows (n, d); of more than a thousand, evenly spaced ones are used.
        metric: |a - b| or, "cityblock", |a - b|_1.

    Returns:
        The median of the non-zero distances.

    Raises:
        MetricError: if `reference` is no finite sample or all its rows are equal.

    References:
        Gretton et al. 2012, A Kernel Two-Sample Test, JMLR 13.
    """
    rows = as_sample(reference, "reference")
    picks = np.linspace(0, len(rows) - 1, min(len(rows), _MEDIAN_ROWS)).astype(int)
    distances: Floats = pdist(rows[picks], metric)
    distances = distances[distances > 0]
    if len(distances) == 0:
        raise MetricError(
            "The rows of `reference` (or else of the samples) are all equal, which gives no scale "
            "to a kernel: name its `sigma`."
        )
    return float(np.median(distances))


def resolve(kernel: str | KernelFunction, reference: SampleLike) -> Kernel:
    """Build the kernel of an expression; "median" is taken from `reference` (n, d).

    Raises:
        MetricError: for an unknown kernel or parameter, naming the choices.
    """
    if not isinstance(kernel, str):
        if not callable(kernel):
            raise MetricError(f"`kernel` must be an expression or a function, not {kernel!r}.")
        name = getattr(kernel, "__name__", "kernel")
        return Kernel(name, (name,), _own(kernel), moves=False)
    try:
        components = parse(kernel)
        parts = [_part(each, reference) for one in components for each in one.axes()]
    except MetricError:
        raise
    except SpecError as error:
        raise MetricError(f"`kernel`: {error}") from None
    if len(parts) == 1:
        return parts[0]
    return Kernel(
        "+".join(component.name for component in components),
        tuple(member for part in parts for member in part.members),
        lambda a, b: (gram for part in parts for gram in part.grams(a, b)),
        all(part.moves for part in parts),
        all(part.bounded for part in parts),
    )


def _own(kernel: KernelFunction) -> Callable[[Tensor, Tensor], Iterator[Tensor]]:
    def grams(a: Tensor, b: Tensor) -> Iterator[Tensor]:
        gram = kernel(a, b)
        fits = isinstance(gram, Tensor) and gram.shape == (len(a), len(b))
        if not fits or not torch.isfinite(gram).all():
            raise MetricError("`kernel` must return finite numbers (n, m) for rows of x and y.")
        yield gram.to(torch.float64, copy=True)

    return grams


def _part(component: Component, reference: SampleLike) -> Kernel:
    if component.name not in KERNELS:
        raise unknown("kernel", component.name, KERNELS)
    factory = KERNELS[component.name]
    return factory(**bind(component, parameters(factory)))(reference)


# ------------------------------------------------------------------------------------- families

Unfitted = Callable[[SampleLike], Kernel]
"""A kernel that takes its bandwidth, if that is "median", from a reference sample (n, d)."""


def rbf(sigma: Bandwidth = "median") -> Unfitted:
    """exp(-|a - b|^2 / 2 sigma^2), the Gaussian kernel."""
    return _scaled_rbf("rbf", sigma, (1.0,))


def multi_rbf(
    sigma: Bandwidth = "median",
    factors: tuple[PositiveFloat, ...] = (1 / 8, 1 / 4, 1 / 2, 1.0, 2.0),
) -> Unfitted:
    """Gaussian kernels whose bandwidths are multiples of sigma."""
    return _scaled_rbf("multi_rbf", sigma, factors)


def rq(alpha: PositiveFloat = 1.0, sigma: Bandwidth = "median") -> Unfitted:
    """(1 + |a - b|^2 / 2 alpha sigma^2)^-alpha, rational quadratic (arXiv:1801.01401)."""

    def fit(reference: SampleLike) -> Kernel:
        width = _width(sigma, reference)

        def profile(squares: Tensor) -> Tensor:
            return squares.mul_(1 / (2 * alpha * width**2)).add_(1).pow_(-alpha)

        name = f"rq(alpha={alpha:g}, sigma={width:g})"
        return Kernel("rq", (name,), _single(squared_distances, profile), bounded=True)

    return fit


def poly(
    degree: PositiveInt = 3, gamma: PositiveFloat | None = None, coef: float = 1.0
) -> Unfitted:
    """(gamma <a, b> + coef)^degree; gamma is 1 / d by default, as in KID (arXiv:1801.01401)."""

    def gram(a: Tensor, b: Tensor) -> Tensor:
        scale = 1 / a.shape[1] if gamma is None else gamma
        return (a @ b.T).mul_(scale).add_(coef).pow_(degree)

    kernel = Kernel("poly", (f"poly(degree={degree})",), _single(gram), moves=False)
    return lambda _: kernel


def linear() -> Unfitted:
    """<a, b>: compares means only."""
    kernel = Kernel("linear", ("linear",), _single(lambda a, b: a @ b.T))
    return lambda _: kernel


def laplace(sigma: Bandwidth = "median") -> Unfitted:
    """exp(-|a - b|_1 / sigma), the Laplacian kernel; "median" is that of |a - b|_1."""

    def fit(reference: SampleLike) -> Kernel:
        width = _width(sigma, reference, "cityblock")

        def gram(a: Tensor, b: Tensor) -> Tensor:
            return exp_(torch.cdist(a, b, p=1).mul_(-1 / width))

        name = f"laplace(sigma={width:g})"
        return Kernel("laplace", (name,), _single(gram), bounded=True)

    return fit


def hamming(sigma: PositiveFloat = 1.0) -> Unfitted:
    """exp(-h / sigma) with the number h of columns that differ, for rows of codes."""

    def profile(mismatches: Tensor) -> Tensor:
        return exp_(mismatches.mul_(-1 / sigma))

    name = f"hamming(sigma={sigma:g})"
    kernel = Kernel("hamming", (name,), _single(_mismatches, profile), moves=False, bounded=True)
    return lambda _: kernel


def delta() -> Unfitted:
    """1 where all columns agree, else 0, for rows of codes."""

    def profile(mismatches: Tensor) -> Tensor:
        return (mismatches == 0).double()

    kernel = Kernel("delta", ("delta",), _single(_mismatches, profile), moves=False, bounded=True)
    return lambda _: kernel


def distance() -> Unfitted:
    """-|a - b|, whose MMD^2 is the energy distance (Sejdinovic et al. 2013, arXiv:1207.6076)."""

    def profile(squares: Tensor) -> Tensor:
        return squares.sqrt_().neg_()

    kernel = Kernel("distance", ("distance",), _single(squared_distances, profile))
    return lambda _: kernel


KERNELS: Mapping[str, Callable[..., Unfitted]] = {
    factory.__name__: factory
    for factory in (rbf, multi_rbf, rq, poly, linear, laplace, hamming, delta, distance)
}

# -------------------------------------------------------------------------------------- helpers


def exp_(exponents: Tensor) -> Tensor:
    """Take the exponential in place, without subnormal results."""
    return _exp(exponents.clamp_(min=_LEAST_EXPONENT), out=exponents)


def _exp(exponents: Tensor, out: Tensor) -> Tensor:
    if exponents.device.type == "cpu":  # NumPy's exponential is several times faster
        np.exp(exponents.numpy(), out=out.numpy())
        return out
    return torch.exp(exponents, out=out)


def _width(
    sigma: Bandwidth,
    reference: SampleLike,
    metric: Literal["euclidean", "cityblock"] = "euclidean",
) -> float:
    return median_distance(reference, metric) if isinstance(sigma, str) else sigma


def _mismatches(a: Tensor, b: Tensor) -> Tensor:
    return torch.cdist(a, b, p=0)


def _single(*steps: Callable[..., Tensor]) -> Callable[[Tensor, Tensor], Iterator[Tensor]]:
    def grams(a: Tensor, b: Tensor) -> Iterator[Tensor]:
        gram = steps[0](a, b)
        yield functools.reduce(lambda value, step: step(value), steps[1:], gram)

    return grams


def _scaled_rbf(name: str, sigma: Bandwidth, factors: tuple[float, ...]) -> Unfitted:
    def fit(reference: SampleLike) -> Kernel:
        width = _width(sigma, reference)
        widths = tuple(sorted((factor * width for factor in factors), reverse=True))
        members = tuple(f"rbf(sigma={w:g})" for w in widths)
        return Kernel(name, members, _gaussians(widths), bounded=True)

    return fit


def _gaussians(widths: tuple[float, ...]) -> Callable[[Tensor, Tensor], Iterator[Tensor]]:
    """Make the Gram matrices of descending `widths`.

    Where a width is half the one before, its kernel is the fourth power of that one's, which is
    cheaper than an exponential.
    """
    scales = [-1 / (2 * width**2) for width in widths]
    by_power = [abs(b / a - 4) < 1e-12 for a, b in itertools.pairwise(scales)]

    def grams(a: Tensor, b: Tensor) -> Iterator[Tensor]:
        norms_a, norms_b = (rows.square().sum(dim=1) * scales[0] for rows in (a, b))
        exponents = torch.addmm(norms_b, a, b.T, alpha=-2 * scales[0]).add_(norms_a[:, None])
        exponents.clamp_(_LEAST_EXPONENT, 0)
        # The exponent of no pair is below this one, for the first width.
        lowest = -(float((-norms_a.min()).sqrt() + (-norms_b.min()).sqrt()) ** 2)
        gram = exponents if all(by_power) else torch.empty_like(exponents)
        yield _exp(exponents, out=gram)
        for scale, cheap in zip(scales[1:], by_power, strict=True):
            if cheap:
                if lowest * scale / scales[0] < _LEAST_EXPONENT:
                    gram.clamp_(min=np.exp(_LEAST_EXPONENT / 4))
                yield gram.square_().square_()
            else:
                yield exp_(torch.mul(exponents, scale / scales[0], out=gram))

    return grams
