"""Losses on how much higher a real sample scores than a fake one.

Below, a = D(real) and b = D(fake) are raw scores, high for real, E is the mean over the batch and
both players minimise.
"""

from collections.abc import Callable
from typing import Literal

from torch import Tensor
from torch.nn.functional import relu, softplus

from ganbench.api import Loss, from_scores

_SURPRISE: dict[str, Callable[[Tensor], Tensor]] = {
    "logistic": lambda margin: softplus(-margin),
    "ls": lambda margin: (margin - 1).square() / 2,
    "hinge": lambda margin: relu(1 - margin),
}


def rp() -> Loss:
    """Relativistic pairing: each real sample should outscore the fake one beside it.

    critic: E softplus(-(a - b)); generator: E softplus(-(b - a)), where a and b are paired by
    their place in the batch. With `r1` and `r2` it is the objective of `r3gan`.

    Source: Jolicoeur-Martineau 2018, arXiv:1807.00734 (RSGAN)
    """
    return from_scores(_outscore, lambda real, fake: _outscore(fake, real))


def ra(kind: Literal["logistic", "ls", "hinge"] = "logistic") -> Loss:
    """Relativistic average: each sample should outscore the mean of the other batch.

    critic: E h(a - E b) + E h(E a - b); generator: E h(b - E a) + E h(E b - a), with
    h(m) = softplus(-m) for logistic, (m - 1)^2 / 2 for ls and max(0, 1 - m) for hinge. Both terms
    train both players.

    Args:
        kind: logistic (RaSGAN), ls (RaLSGAN) or hinge (RaHingeGAN).

    Source: Jolicoeur-Martineau 2018, arXiv:1807.00734
    """
    surprise = _SURPRISE[kind]

    def outscore_mean(winner: Tensor, loser: Tensor) -> Tensor:
        return surprise(winner - loser.mean()).mean() + surprise(winner.mean() - loser).mean()

    return from_scores(
        outscore_mean, lambda real, fake: outscore_mean(fake, real), traits=frozenset()
    )


def _outscore(winner: Tensor, loser: Tensor) -> Tensor:
    return softplus(loser - winner).mean()
