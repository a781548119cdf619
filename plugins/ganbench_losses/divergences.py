"""Losses whose best critic reproduces an f-divergence.

For a convex f with f(1) = 0 and its conjugate f*, D_f(P | Q) is the largest value over T of
E_P T - E_Q f*(T). Here T = g(v) for a raw score v, with g increasing and onto the domain of f*;
f* is written as a function of v, which no saturation of g can spoil. P is real and Q fake.
"""

from collections.abc import Callable
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import softplus

from ganbench.api import Loss, from_scores

Divergence = Literal[
    "kl", "reverse_kl", "pearson", "neyman", "hellinger", "js", "gan", "tv", "alpha"
]
Alpha = Annotated[float, Field(gt=0, lt=1)]

_LOG_2 = 0.6931471805599453
# Exponentials go on as their tangents beyond it, for no score may overflow.
_STEEPEST = 40.0


class _Parts(NamedTuple):
    """The two functions of the raw score."""

    g: Callable[[Tensor], Tensor]
    conjugate: Callable[[Tensor], Tensor]


def fgan(
    divergence: Divergence = "kl",
    generator: Literal["exact", "heuristic"] = "exact",
    alpha: Alpha = 0.5,
) -> Loss:
    """f-GAN: the critic estimates a chosen f-divergence of real from fake samples.

    critic: -E g(a) + E f*(g(b)); generator: -E f*(g(b)), or the heuristic -E g(b), where
    a = D(real) and b = D(fake) are raw scores, high for real. The best critic gives -D_f, with
    p the density of real and q that of fake samples:

    kl: D = E_p log(p / q); g = v, f*(g) = exp(v - 1).
    reverse_kl: D = E_q log(q / p); g = -exp(-v), f*(g) = v - 1.
    pearson: D = sum (p - q)^2 / q; g = v, f*(g) = v^2 / 4 + v.
    neyman: D = sum (p - q)^2 / p; g = 1 - exp(-v), f*(g) = 2 - 2 exp(-v / 2).
    hellinger: D = sum (sqrt p - sqrt q)^2; g = 1 - exp(-v), f*(g) = exp(v) - 1.
    js: D = 2 JSD; g = log 2 - softplus(-v), f*(g) = softplus(v) - log 2.
    gan: D = 2 JSD - 2 log 2, the same as `mm`; g = -softplus(-v), f*(g) = softplus(v).
    tv: D = sum |p - q| / 2; g = tanh(v) / 2, f*(g) = g.
    alpha: D = (sum p^alpha q^(1 - alpha) - 1) / (alpha (alpha - 1));
    g = 1 / (1 - alpha) - softplus(-v),
    f*(g) = (((1 - alpha) softplus(-v))^(-alpha / (1 - alpha)) - 1) / alpha.

    pearson's f* falls again below v = -2, where no ratio of densities leads. Exponentials of more
    than 40 go on as their tangents; the best critic stays the same wherever its scores are below
    that.

    Args:
        divergence: which one.
        generator: "exact" for the zero-sum game, "heuristic" for -E g(b), whose gradient is
            strong where fake samples are seen through.
        alpha: of the alpha-divergence, between 0 and 1; no matter for the others. Towards 1 it
            becomes kl, towards 0 reverse_kl.

    Source: Nowozin et al. 2016, arXiv:1606.00709
    """
    g, conjugate = _alpha_parts(alpha) if divergence == "alpha" else _PARTS[divergence]
    logistic = {"logistic"} if divergence == "gan" else set()

    def generator_fn(_real: Tensor, fake: Tensor) -> Tensor:
        return -(conjugate(fake) if generator == "exact" else g(fake)).mean()

    return from_scores(
        lambda real, fake: conjugate(fake).mean() - g(real).mean(),
        generator_fn,
        traits=frozenset({"samplewise", *logistic}),
    )


def _exp(x: Tensor, limit: float = _STEEPEST) -> Tensor:
    """Return exp(x), and beyond the limit its tangent there."""
    low = x.clamp(max=limit)
    return low.exp() * (1 + x - low)


def _one_minus_exp(v: Tensor) -> Tensor:
    return 1 - _exp(-v)


_PARTS = {
    "kl": _Parts(lambda v: v, lambda v: _exp(v - 1)),
    "reverse_kl": _Parts(lambda v: -_exp(-v), lambda v: v - 1),
    "pearson": _Parts(lambda v: v, lambda v: v.square() / 4 + v),
    "neyman": _Parts(_one_minus_exp, lambda v: 2 - 2 * _exp(-v / 2, _STEEPEST / 2)),
    "hellinger": _Parts(_one_minus_exp, lambda v: _exp(v) - 1),
    "js": _Parts(lambda v: _LOG_2 - softplus(-v), lambda v: softplus(v) - _LOG_2),
    "gan": _Parts(lambda v: -softplus(-v), softplus),
    "tv": _Parts(lambda v: v.tanh() / 2, lambda v: v.tanh() / 2),
}


def _alpha_parts(alpha: float) -> _Parts:
    power = alpha / (1 - alpha)

    def conjugate(v: Tensor) -> Tensor:
        scale = (torch.ones_like(v) * (1 - alpha)).log()
        return (_exp(-power * (scale + _log_softplus(-v))) - 1) / alpha

    return _Parts(lambda v: 1 / (1 - alpha) - softplus(-v), conjugate)


def _log_softplus(x: Tensor) -> Tensor:
    """Return log(softplus(x)), also where softplus underflows."""
    low = x.clamp(max=-15.0)
    series = x - low.exp() / 2
    direct = softplus(x.clamp(min=-15.0)).log()
    return torch.where(x < -15.0, series, direct)
