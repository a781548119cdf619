"""Penalties on the critic's slope.

Slopes are taken sample by sample and with respect to the samples: a norm over the whole batch or
one mixing number for all of it would be another, wrong, penalty.
"""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import relu

from ganbench.api import Critic, Draw, Draws, PositiveFloat, Regularizer, Traits, input_gradient

# Keeps the derivative of the square root finite where the critic is flat.
_TINY = 1e-12

_NEEDS: Traits = frozenset({"scalar", "weights"})


def gp(weight: PositiveFloat = 10.0, target: PositiveFloat = 1.0) -> Regularizer:
    """Gradient penalty: the critic's slope between real and fake samples is drawn to a target.

    weight * E (|grad D(x)| - target)^2 at x = u * real + (1 - u) * fake, with u uniform on [0, 1)
    and drawn for each sample.

    Args:
        weight: strength, above 0. The paper's 10 is for images; its authors' code for
            two-dimensional toys uses 0.1.
        target: the slope asked for, above 0; `zero_gp` asks for none.

    Source: Gulrajani et al. 2017, arXiv:1704.00028
    """

    def penalty(critic: Critic, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        slope = _slope(critic, mixed(real, fake, draws))
        return weight * (slope - target).square().mean()

    return _between(penalty)


def lp(weight: PositiveFloat = 10.0) -> Regularizer:
    """Lipschitz penalty: only slopes above one between real and fake samples are penalised.

    weight * E max(0, |grad D(x)| - 1)^2 at x = u * real + (1 - u) * fake, with u uniform on
    [0, 1) and drawn for each sample. The critic of `wgan` must not be steeper than one, but need
    not be as steep, which is what `gp` asks for.

    Args:
        weight: strength, above 0; see `gp`.

    Source: Petzka et al. 2018, arXiv:1709.08894 (WGAN-LP)
    """

    def penalty(critic: Critic, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        slope = _slope(critic, mixed(real, fake, draws))
        return weight * relu(slope - 1).square().mean()

    return _between(penalty)


def zero_gp(weight: PositiveFloat = 10.0) -> Regularizer:
    """Zero-centred gradient penalty: the critic is kept flat between real and fake samples.

    weight * E |grad D(x)|^2 at x = u * real + (1 - u) * fake, with u uniform on [0, 1) and drawn
    for each sample. There is no factor of one half, unlike in `r1` and `r2`.

    Args:
        weight: strength, above 0; mixtures of narrow modes need far less than images, see `r1`.

    Source: Thanh-Tung et al. 2019, arXiv:1902.03984
    """

    def penalty(critic: Critic, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        return weight * squared_slope(critic, mixed(real, fake, draws)).mean()

    return Regularizer(penalty=penalty, draws={"mix": Draw("uniform", "sample")}, needs=_NEEDS)


def dragan(weight: PositiveFloat = 10.0, spread: PositiveFloat = 0.5) -> Regularizer:
    """DRAGAN penalty: the critic's slope around real samples is drawn to one.

    weight * E (|grad D(x)| - 1)^2 at x = real + u * spread * s * v, as in the authors' code: s is
    the standard deviation of all values of the real batch, one number; u, drawn for each sample,
    and v, drawn for each value, are uniform on [0, 1).

    Args:
        weight: strength, above 0.
        spread: the largest step from a real sample in each coordinate, in units of s, above 0.

    Source: Kodali et al. 2017, arXiv:1705.07215
    """

    def penalty(critic: Critic, real: Tensor, _fake: Tensor, draws: Draws) -> Tensor:
        reach = spread * real.std(correction=0)
        slope = _slope(critic, real + draws["mix"] * reach * draws["step"])
        return weight * (slope - 1).square().mean()

    return Regularizer(
        penalty=penalty,
        draws={"mix": Draw("uniform", "sample"), "step": Draw("uniform", "element")},
        recipe={"beta1": 0.5, "beta2": 0.9},
        needs=_NEEDS,
    )


def r1(gamma: PositiveFloat = 10.0) -> Regularizer:
    """R1: the critic is kept flat on real samples.

    gamma / 2 * E |grad D(real)|^2.

    Args:
        gamma: strength, above 0. The paper's 10 is for images; slopes grow as data shrink, so
            mixtures of narrow modes need far less, such as 0.02 to 0.1.

    Source: Mescheder et al. 2018, arXiv:1801.04406
    """

    def penalty(critic: Critic, real: Tensor, _fake: Tensor, _draws: Draws) -> Tensor:
        return gamma / 2 * squared_slope(critic, real).mean()

    return Regularizer(penalty=penalty, needs=_NEEDS)


def r2(gamma: PositiveFloat = 10.0) -> Regularizer:
    """R2: the critic is kept flat on fake samples.

    gamma / 2 * E |grad D(fake)|^2.

    Args:
        gamma: strength, above 0; see `r1`.

    Source: Mescheder et al. 2018, arXiv:1801.04406
    """

    def penalty(critic: Critic, _real: Tensor, fake: Tensor, _draws: Draws) -> Tensor:
        return gamma / 2 * squared_slope(critic, fake).mean()

    return Regularizer(penalty=penalty, needs=_NEEDS)


def _between(penalty: Callable[[Critic, Tensor, Tensor, Draws], Tensor]) -> Regularizer:
    """Make a Wasserstein critic's penalty at mixed samples, with the settings of Gulrajani."""
    return Regularizer(
        penalty=penalty,
        draws={"mix": Draw("uniform", "sample")},
        recipe={"beta1": 0.0, "beta2": 0.9},
        needs=_NEEDS,
    )


def mixed(real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
    """Return a point between each real sample and the fake one beside it."""
    return draws["mix"] * real + (1 - draws["mix"]) * fake


def _slope(critic: Critic, x: Tensor) -> Tensor:
    """Return the norm of each sample's gradient, (B,)."""
    return (squared_slope(critic, x) + _TINY).sqrt()


def squared_slope(critic: Critic, x: Tensor) -> Tensor:
    """Return the squared norm of each sample's gradient, (B,)."""
    return input_gradient(critic, x).flatten(1).square().sum(dim=1)
