"""Losses on the difference of mean scores, as the critic of the earth mover's distance takes it.

Below, a = D(real) and b = D(fake) are raw scores, high for real, E is the mean over the batch and
both players minimise.
"""

import math
from typing import Annotated

from pydantic import Field
from torch import Tensor

from ganbench.api import (
    Critic,
    Draw,
    Draws,
    Loss,
    PositiveFloat,
    PositiveInt,
    Regularizer,
    State,
    compose,
    from_scores,
)
from ganbench_losses.slopes import mixed, squared_slope

# Keeps roots and powers differentiable at zero.
_TINY = 1e-12

Power = Annotated[float, Field(gt=1)]


def wgan(critic_steps: PositiveInt = 5) -> Loss:
    """Wasserstein: the critic estimates the earth mover's distance.

    critic: -E a + E b; generator: -E b. It means something only for a critic that is kept
    Lipschitz: add `clip`, as in the paper, or `gp`.

    Args:
        critic_steps: recommended critic steps for each generator step, 1 or more; the estimate
            is good only for a critic near its optimum.

    Source: Arjovsky et al. 2017, arXiv:1701.07875
    """
    return from_scores(
        lambda real, fake: fake.mean() - real.mean(),
        lambda _real, fake: -fake.mean(),
        {"critic_steps": critic_steps},
    )


def wgan_div(k: PositiveFloat = 2.0, power: Power = 6.0, critic_steps: PositiveInt = 5) -> Loss:
    """Wasserstein divergence: steep slopes cost the critic so much that it needs no bound.

    critic: -E a + E b + k E |grad D(x)|^power at x = u * real + (1 - u) * fake, with u uniform on
    [0, 1) and drawn for each sample; generator: -E b.

    Args:
        k: strength of the penalty, above 0.
        power: of the slope (p in the paper), above 1.
        critic_steps: recommended critic steps for each generator step, 1 or more.

    Source: Wu et al. 2018, arXiv:1712.01026
    """

    def penalty(critic: Critic, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        squares = squared_slope(critic, mixed(real, fake, draws)) + _TINY
        return k * (squares ** (power / 2)).mean()

    bound = Regularizer(
        penalty=penalty,
        draws={"mix": Draw("uniform", "sample")},
        needs=frozenset({"score", "weights"}),
    )
    return compose(wgan(critic_steps), bound)


def kl_wgan() -> Loss:
    """KL-Wasserstein: fake samples that score high count for more, so that the best gives KL.

    critic: -E a + log E exp(b); generator: -log E exp(b). Their gradients are those of
    -E a + E w b and -E w b with the weights w = exp(b) / E exp(b) held fixed, as the paper writes
    it. The best critic gives -KL(real | fake). The paper keeps its critic Lipschitz: add
    `spectral_norm` or `gp`.

    Source: Song & Ermon 2020, arXiv:1910.09779
    """

    def log_mean_exp(scores: Tensor) -> Tensor:
        return scores.logsumexp(dim=0) - math.log(len(scores))

    return from_scores(
        lambda real, fake: log_mean_exp(fake) - real.mean(),
        lambda _real, fake: -log_mean_exp(fake),
        traits=frozenset(),
    )


class _QuadraticPotential(Loss):
    traits = frozenset({"samplewise"})

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def critic_loss(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        draws: Draws,  # noqa: ARG002
        state: State,
    ) -> tuple[Tensor, State]:
        gap = critic(real) - critic(fake)
        distance = ((real - fake).flatten(1).square().sum(dim=1) + _TINY).sqrt()
        return (gap.square() / (2 * self.scale * distance) - gap).mean(), state

    def generator_loss(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        draws: Draws,  # noqa: ARG002
        state: State,  # noqa: ARG002
    ) -> Tensor:
        return critic(real).mean() - critic(fake).mean()


def qp_wgan(scale: PositiveFloat = 1.0) -> Loss:
    """Quadratic potential: a pair's gap in score costs its square over its distance.

    critic: E [-(a - b) + (a - b)^2 / (2 scale |real - fake|)]; generator: E a - E b, where real
    and fake are paired by their place in the batch. The critic needs no other bound: the best
    gap of a lone pair is scale * |real - fake|.

    Args:
        scale: slope that a lone pair asks of the critic (lambda in the paper), above 0; about 1,
            as for a Lipschitz critic.

    Source: Su 2018, arXiv:1811.07296 (GAN-QP)
    """
    return _QuadraticPotential(scale)
