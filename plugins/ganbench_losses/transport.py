"""Losses on optimal transport between batches, raw or as a critic embeds them.

Embeddings are first scaled to length 1, so that a critic cannot win by scale alone.
"""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import normalize

from ganbench.api import Draw, Draws, Loss, PositiveFloat, PositiveInt, Size
from ganbench_losses.discrepancy import Discrepancy, squared_distances

Embedding = Annotated[int, Field(ge=0, le=65536)]


def sinkhorn(
    epsilon: PositiveFloat = 0.005, iterations: PositiveInt = 40, embedding: Embedding = 0
) -> Loss:
    """Sinkhorn divergence: entropic transport between halves of the batches, without its bias.

    generator: S = 2 W(r, f) - W(r, r') - W(f, f'), where W is the least sum of
    P_ij |x_i - y_j|^2 plus epsilon * KL(P | uniform) over couplings P. Real and fake batches are
    cut into halves r, r' and f, f'; W(r, f) is the mean over the four pairs of a real and a fake
    half. Since no sample meets itself, S is 0 in expectation where the laws are equal, and may be
    negative. With a critic: S of the embeddings, which the critic maximises.

    W is found by fixed-point steps on logarithms; gradients are those at the coupling that they
    reach (Salimans et al. 2018, arXiv:1803.05573).

    Args:
        epsilon: strength of the entropy, above 0, on the scale of squared distances; less is
            closer to optimal transport and needs more iterations.
        iterations: fixed-point steps, 1 or more.
        embedding: size of the critic's embedding, 1 to 65536; 0 for raw samples and no critic.

    Source: Genevay et al. 2018, arXiv:1706.00292
    """

    def measure(real: Tensor, fake: Tensor, _draws: Draws) -> Tensor:
        if embedding:
            real, fake = normalize(real, dim=1), normalize(fake, dim=1)
        half = max(len(real) // 2, 1)
        r, r2, f, f2 = real[:half], real[-half:], fake[:half], fake[-half:]
        pairs = ((r, f), (r, f2), (r2, f), (r2, f2), (r, r2), (f, f2))
        costs = torch.stack([squared_distances(x, y) for x, y in pairs])
        values = entropic_cost(costs, epsilon, iterations)
        return values[:4].sum() / 2 - values[4] - values[5]

    return Discrepancy(measure, embedding)


def sliced(embedding: Embedding = 0, projections: Size = 128) -> Loss:
    """Sliced Wasserstein: transport along random lines, where sorting solves it.

    generator: mean over unit vectors t of E (sort(t.r) - sort(t.f))^2, with new vectors at every
    step, which are normal numbers scaled to length 1. With a critic: the same of the embeddings,
    which the critic maximises; the paper trains its critic as a classifier instead.

    Args:
        embedding: size of the critic's embedding, 1 to 65536; 0 for raw samples and no critic.
        projections: number of vectors for embeddings, 1 to 65536; for raw samples there are as
            many as the batch has samples.

    Source: Deshpande et al. 2018, arXiv:1803.11188
    """
    draw = Draw("normal", (projections, embedding) if embedding else "element")

    def measure(real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        if embedding:
            real, fake = normalize(real, dim=1), normalize(fake, dim=1)
        lines = normalize(draws["directions"].flatten(1), dim=1).mT
        gaps = (real @ lines).sort(dim=0).values - (fake @ lines).sort(dim=0).values
        return gaps.square().mean()

    return Discrepancy(measure, embedding, draws={"directions": draw})


def entropic_cost(cost: Tensor, epsilon: float, iterations: int) -> Tensor:
    """Return W (...) for costs (..., n, n) between equally weighted rows.

    Its gradient is the coupling, as at the fixed point.
    """
    log_n = math.log(cost.shape[-1])
    scaled = cost.detach() / epsilon
    f = torch.zeros_like(scaled[..., 0])
    g = torch.zeros_like(f)
    for _ in range(iterations):
        g = log_n - (f[..., :, None] - scaled).logsumexp(dim=-2)
        f = log_n - (g[..., None, :] - scaled).logsumexp(dim=-1)
    coupling = (f[..., :, None] + g[..., None, :] - scaled - 2 * log_n).exp()
    moved = (coupling * (cost - cost.detach())).sum(dim=(-2, -1))
    return epsilon * (f.mean(dim=-1) + g.mean(dim=-1)) + moved
