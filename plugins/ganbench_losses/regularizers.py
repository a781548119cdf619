"""Penalties on the critic's slope, and the clipping of its weights.

Slopes are taken sample by sample and with respect to the samples: a norm over the whole batch or
one mixing number for all of it would be another, wrong, penalty.
"""

from collections.abc import Mapping

from torch import Tensor

from ganbench.api import (
    Critic,
    Draw,
    Draws,
    NonNegativeFloat,
    PositiveFloat,
    Regularizer,
    input_gradient,
)

# Keeps the derivative of the square root finite where the critic is flat.
_TINY = 1e-12


def gp(weight: PositiveFloat = 10.0, target: NonNegativeFloat = 1.0) -> Regularizer:
    """Gradient penalty: the critic's slope between real and fake samples is drawn to a target.

    weight * E (|grad D(x)| - target)^2 at x = u * real + (1 - u) * fake, with u uniform on [0, 1)
    and drawn for each sample.

    Args:
        weight: strength, above 0. The paper's 10 is for images; its authors' code for
            two-dimensional toys uses 0.1.
        target: the slope asked for, 0 or more. 1 is the paper's; 0 asks for a flat critic.

    Source: Gulrajani et al. 2017, arXiv:1704.00028
    """

    def penalty(critic: Critic, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        mix = draws["mix"]
        slope = (_squared_slope(critic, mix * real + (1 - mix) * fake) + _TINY).sqrt()
        return weight * (slope - target).square().mean()

    return Regularizer(
        penalty=penalty,
        draws={"mix": Draw("uniform", "sample")},
        recipe={"beta1": 0.0, "beta2": 0.9},
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
        return gamma / 2 * _squared_slope(critic, real).mean()

    return Regularizer(penalty=penalty)


def r2(gamma: PositiveFloat = 10.0) -> Regularizer:
    """R2: the critic is kept flat on fake samples.

    gamma / 2 * E |grad D(fake)|^2.

    Args:
        gamma: strength, above 0; see `r1`.

    Source: Mescheder et al. 2018, arXiv:1801.04406
    """

    def penalty(critic: Critic, _real: Tensor, fake: Tensor, _draws: Draws) -> Tensor:
        return gamma / 2 * _squared_slope(critic, fake).mean()

    return Regularizer(penalty=penalty)


def clip(limit: PositiveFloat = 0.01) -> Regularizer:
    """Weight clipping: after each of its steps every weight of the critic is cut to a box.

    w <- min(max(w, -limit), limit). Recommends RMSProp, since the paper found that momentum makes
    the training of a clipped critic unstable.

    Args:
        limit: half the side of the box, above 0.

    Source: Arjovsky et al. 2017, arXiv:1701.07875
    """

    def constrain(parameters: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return {name: value.clamp(-limit, limit) for name, value in parameters.items()}

    return Regularizer(
        constrain=constrain,
        recipe={"generator_optimizer": "rmsprop", "critic_optimizer": "rmsprop"},
    )


def _squared_slope(critic: Critic, x: Tensor) -> Tensor:
    """Return the squared norm of each sample's gradient, (B,)."""
    return input_gradient(critic, x).flatten(1).square().sum(dim=1)
