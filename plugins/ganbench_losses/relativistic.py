"""Losses on how much higher a real sample scores than a fake one."""

from torch import Tensor
from torch.nn.functional import softplus

from ganbench.api import Loss, from_scores


def rp() -> Loss:
    """Relativistic pairing: each real sample should outscore the fake one beside it.

    critic: E softplus(-(a - b)); generator: E softplus(-(b - a)), where a = D(real) and
    b = D(fake) are paired by their place in the batch. With `r1` and `r2` it is the objective of
    R3GAN (Huang et al. 2024, arXiv:2501.05441).

    Source: Jolicoeur-Martineau 2018, arXiv:1807.00734 (RSGAN)
    """
    return from_scores(_outscore, lambda real, fake: _outscore(fake, real))


def _outscore(winner: Tensor, loser: Tensor) -> Tensor:
    return softplus(loser - winner).mean()
