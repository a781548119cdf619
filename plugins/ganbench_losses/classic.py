"""Losses that look at the scores of real and fake samples separately.

Below, a = D(real) and b = D(fake) are raw scores, high for real, E is the mean over the batch and
both players minimise.
"""

from torch import Tensor
from torch.nn.functional import relu, softplus

from ganbench.api import Loss, PositiveInt, from_scores


def mm() -> Loss:
    """Minimax: the zero-sum game of the original GAN.

    critic: E softplus(-a) + E softplus(b); generator: -E softplus(b) = E log(1 - sigmoid(b)).

    Source: Goodfellow et al. 2014, arXiv:1406.2661
    """
    return from_scores(_classify, lambda _real, fake: -softplus(fake).mean())


def ns() -> Loss:
    """Non-saturating: the generator raises the log-odds of its samples instead.

    critic: E softplus(-a) + E softplus(b); generator: E softplus(-b) = -E log sigmoid(b).

    Source: Goodfellow et al. 2014, arXiv:1406.2661
    """
    return from_scores(_classify, lambda _real, fake: softplus(-fake).mean())


def ls(a: float = 0.0, b: float = 1.0, c: float = 1.0) -> Loss:
    """Least squares: raw scores are drawn to one target for real and another for fake.

    critic: E (D(real) - b)^2 / 2 + E (D(fake) - a)^2 / 2; generator: E (D(fake) - c)^2 / 2.

    With b - c = 1 and b - a = 2, as in a=-1, b=1, c=0, the generator minimises Pearson's chi^2;
    the default is the paper's 0-1 coding.

    Args:
        a: the critic's target for fake samples, any number.
        b: the critic's target for real samples, any number other than a.
        c: the score that the generator wants for its samples, usually b.

    Source: Mao et al. 2017, arXiv:1611.04076
    """

    def critic(real: Tensor, fake: Tensor) -> Tensor:
        return ((real - b).square().mean() + (fake - a).square().mean()) / 2

    return from_scores(critic, lambda _real, fake: (fake - c).square().mean() / 2)


def hinge() -> Loss:
    """Hinge: only scores inside the margin of one train the critic.

    critic: E max(0, 1 - a) + E max(0, 1 + b); generator: -E b.

    Source: Lim & Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957
    """

    def critic(real: Tensor, fake: Tensor) -> Tensor:
        return relu(1 - real).mean() + relu(1 + fake).mean()

    return from_scores(critic, _raise_fake)


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
        lambda real, fake: fake.mean() - real.mean(), _raise_fake, {"critic_steps": critic_steps}
    )


def _classify(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-real).mean() + softplus(fake).mean()


def _raise_fake(_real: Tensor, fake: Tensor) -> Tensor:
    return -fake.mean()
