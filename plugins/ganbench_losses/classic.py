"""Losses that judge real and fake samples by their scores.

Below, a = D(real) and b = D(fake) are raw scores, high for real, E is the mean over the batch and
both players minimise.
"""

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from ganbench.api import Loss, SpecError, from_scores

_LOGISTIC = frozenset({"logistic", "samplewise"})


def mm() -> Loss:
    """Minimax: the zero-sum game of the original GAN.

    critic: E softplus(-a) + E softplus(b); generator: -E softplus(b) = E log(1 - sigmoid(b)).

    Source: Goodfellow et al. 2014, arXiv:1406.2661
    """
    return from_scores(_classify, lambda _real, fake: -softplus(fake).mean(), traits=_LOGISTIC)


def ns() -> Loss:
    """Non-saturating: the generator raises the log-odds of its samples instead.

    critic: E softplus(-a) + E softplus(b); generator: E softplus(-b) = -E log sigmoid(b).

    Source: Goodfellow et al. 2014, arXiv:1406.2661
    """
    return from_scores(_classify, lambda _real, fake: softplus(-fake).mean(), traits=_LOGISTIC)


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
    if isinstance(a, float) and a == b:  # and not a tensor in a trace
        raise SpecError(f"ls(a={a}, b={b}): the targets of fake and real samples must differ.")

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

    return from_scores(critic, lambda _real, fake: -fake.mean())


def bgan() -> Loss:
    """Boundary seeking: the generator puts its samples where the critic cannot decide.

    critic: E softplus(-a) + E softplus(b); generator: E b^2 / 2, since the score of the best
    critic is the log-ratio of the two densities and 0 is their boundary. This is the paper's
    loss for continuous data.

    Source: Hjelm et al. 2018, arXiv:1702.08431
    """
    return from_scores(_classify, lambda _real, fake: fake.square().mean() / 2, traits=_LOGISTIC)


def softmax() -> Loss:
    """Softmax: the critic spreads one unit of probability over the whole batch.

    critic: -E a + log Z; generator: -(E a + E b) / 2 + log Z, with Z the sum of exp(a) and exp(b)
    over both batches. The critic wants all probability on real samples, the generator equal
    probability for all. The paper scores real samples low; here signs are turned.

    The best critic gives log(2N) - KL(real | (real + fake) / 2) for batches of N.

    Source: Lin 2017, arXiv:1704.06191
    """

    def log_partition(real: Tensor, fake: Tensor) -> Tensor:
        return torch.cat([real, fake]).logsumexp(dim=0)

    return from_scores(
        lambda real, fake: log_partition(real, fake) - real.mean(),
        lambda real, fake: log_partition(real, fake) - (real.mean() + fake.mean()) / 2,
        traits=frozenset(),
    )


def _classify(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-real).mean() + softplus(fake).mean()
