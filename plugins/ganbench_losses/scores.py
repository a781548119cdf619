"""What is asked of the critic's scores, and what is made of them."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import Critic, Draws, Fraction, PositiveFloat, Regularizer, State

Share = Annotated[float, Field(gt=0, le=1)]
Decay = Annotated[float, Field(ge=0, lt=1)]


def label_smoothing(real: Fraction = 0.9) -> Regularizer:
    """One-sided label smoothing: a logistic critic's target for real samples is below one.

    (1 - real) * E a is added to the critic's objective, which turns E softplus(-a) into
    E real * softplus(-a) + (1 - real) * softplus(a). Fake samples keep their target of zero.

    Args:
        real: the probability of being real that is asked for on real samples, 0 to 1.

    Source: Salimans et al. 2016, arXiv:1606.03498
    """

    def penalty(critic: Critic, samples: Tensor, _fake: Tensor, _draws: Draws) -> Tensor:
        return (1 - real) * critic(samples).mean()

    return Regularizer(penalty=penalty, needs=frozenset({"logistic", "weights"}), lazy=False)


def lecam(weight: PositiveFloat = 0.3, decay: Decay = 0.99) -> Regularizer:
    """LeCam: scores are drawn to the moving average of the scores of the other side.

    weight * (E (a - m_fake)^2 + E (b - m_real)^2), where m_real and m_fake are moving averages of
    E a and E b, constants in the objective, from 0: m <- decay * m + (1 - decay) * E after each
    critic step. The authors' code leaves out samples that lie beyond the other side's average
    already; here, as in the paper, all count.

    Args:
        weight: strength, above 0.
        decay: of the averages, at least 0 and below 1.

    Source: Tseng et al. 2021, arXiv:2104.03310
    """

    def penalty(critic: Critic, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        to_fake = (critic(real) - draws["mean_fake"]).square().mean()
        to_real = (critic(fake) - draws["mean_real"]).square().mean()
        return weight * (to_fake + to_real)

    def advance(critic: Critic, real: Tensor, fake: Tensor, draws: Draws) -> State:
        means = {"mean_real": critic(real).mean(), "mean_fake": critic(fake).mean()}
        return {
            name: decay * draws[name] + (1 - decay) * mean.detach() for name, mean in means.items()
        }

    return Regularizer(
        penalty=penalty,
        state={"mean_real": torch.zeros(()), "mean_fake": torch.zeros(())},
        advance=advance,
        needs=frozenset({"score", "weights"}),
    )


def top_k(fraction: Share = 0.5, until: PositiveFloat = 0.5) -> Regularizer:
    """Top-k: the generator learns only from those of its samples that score best.

    The gradients of the k samples of a batch of B with the highest scores are multiplied by
    B / k, all others by 0: a loss that is a mean over fake samples becomes the mean over the best
    k. k / B falls from 1 to `fraction` by a constant factor per step, and then stays.

    Args:
        fraction: what k / B falls to, above 0 and at most 1; k is at least 1.
        until: the part of training after which it is reached, above 0; beyond 1, it never is.

    Source: Sinha et al. 2020, arXiv:2002.06224
    """

    def gate(scores: Tensor, draws: Draws) -> Tensor:
        batch = len(scores)
        k = (batch * fraction ** (draws["progress"] / until).clamp(max=1)).round().clamp(min=1)
        rank = scores.argsort(descending=True).argsort()
        return (rank < k) * batch / k

    return Regularizer(gate=gate, needs=frozenset({"score"}))
