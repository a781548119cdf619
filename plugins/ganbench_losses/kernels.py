"""Losses on kernel means: maximum mean discrepancy and the energy distance.

For a kernel k, MMD^2 = E k(r, r') + E k(f, f') - 2 E k(r, f). All of them take the unbiased
estimate, which leaves each sample's pair with itself out: it is 0 in expectation where the laws
are equal, and may be negative.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from ganbench.api import (
    Critic,
    Draw,
    Draws,
    Loss,
    PositiveFloat,
    PositiveInt,
    Regularizer,
    Size,
    compose,
)
from ganbench_losses.discrepancy import Discrepancy, lengths, mean_of_others, squared_distances
from ganbench_losses.slopes import mixed

Kernel = Callable[[Tensor, Tensor], Tensor]
"""Rows (n, d) and (m, d) -> values of the kernel (n, m)."""


def gmmn(
    bandwidths: tuple[PositiveFloat, ...] = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
) -> Loss:
    """Moment matching: the generator minimises MMD on raw samples, without a critic.

    generator: MMD^2 (unbiased) with k(x, y) = sum over s of exp(-|x - y|^2 / (2 s^2)).

    Args:
        bandwidths: the s, each above 0, on the scale of the distances between samples. The
            default spans narrow modes and standardised data of some ten columns.

    Source: Li et al. 2015, arXiv:1502.02761
    """
    kernel = rbf(bandwidths)
    return Discrepancy(lambda real, fake, _draws: mmd_squared(real, fake, kernel))


def mmd(
    kernel: Literal["rq", "rbf"] = "rq",
    size: Size = 16,
    penalised: bool = True,
    weight: PositiveFloat = 1.0,
    critic_steps: PositiveInt = 5,
) -> Loss:
    """MMD-GAN: a critic learns the space in which a kernel tells real from fake samples.

    critic: -MMD^2(D(real), D(fake)) + weight * E (|grad w(x)| - 1)^2; generator: MMD^2. The
    witness w(x) = E k(D(x), D(real)) - E k(D(x), D(fake)) is taken at
    x = u * real + (1 - u) * fake, with u uniform on [0, 1) and drawn for each sample. rq is the
    sum of (1 + d^2 / (2 s))^-s over s = 0.2, 0.5, 1, 2, 5; rbf the sum of exp(-d^2 / (2 s^2))
    over s = 1, 2, 4, 8, 16.

    Args:
        kernel: "rq", rational quadratic, or "rbf", Gaussian.
        size: of the critic's embedding, 1 to 65536.
        penalised: whether the witness's slope is held at 1. Without it add `clip`, as in
            Li et al. 2017, arXiv:1705.08584.
        weight: of the penalty, above 0; no matter without it.
        critic_steps: recommended critic steps for each generator step, 1 or more.

    Source: Bińkowski et al. 2018, arXiv:1801.01401
    """
    chosen = rational_quadratic if kernel == "rq" else rbf((1.0, 2.0, 4.0, 8.0, 16.0))
    parts = [witness_slope(chosen, weight)] if penalised else []
    return compose(_learned(chosen, size, critic_steps), *parts)


def energy() -> Loss:
    """Energy distance: the generator minimises it on raw samples, without a critic or scale.

    generator: 2 E|r - f| - E|r - r'| - E|f - f'|, each pair of different samples (unbiased). It
    is MMD^2 with k(x, y) = -|x - y|; in one dimension twice the squared Cramér distance.

    Source: Székely & Rizzo 2013, doi:10.1016/j.jspi.2013.03.018
    """
    return Discrepancy(lambda real, fake, _draws: mmd_squared(real, fake, minus_distance))


def cramer(size: Size = 16, weight: PositiveFloat = 10.0, critic_steps: PositiveInt = 5) -> Loss:
    """Cramér GAN: the energy distance between what a critic makes of the samples.

    critic: -S + weight * E (|grad w(x)| - 1)^2; generator: S, where
    S = 2 E|r - f| - E|r - r'| - E|f - f'| for embeddings r = D(real) and f = D(fake), and
    w(x) = E|D(x) - f| - E|D(x) - r| at x = u * real + (1 - u) * fake, with u uniform on [0, 1)
    and drawn for each sample. The paper's algorithm puts |D(x)| for E|D(x) - r| in its critic;
    here it is the exact witness, of which the paper's theory speaks.

    Args:
        size: of the critic's embedding, 1 to 65536; the paper's is 256.
        weight: of the penalty, above 0.
        critic_steps: recommended critic steps for each generator step, 1 or more.

    Source: Bellemare et al. 2017, arXiv:1705.10743
    """
    return compose(
        _learned(minus_distance, size, critic_steps), witness_slope(minus_distance, weight)
    )


def mmd_squared(x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    """Return the unbiased estimate of MMD^2 between rows (n, d) and (m, d)."""
    within = [mean_of_others(kernel(rows, rows)) for rows in (x, y)]
    return within[0] + within[1] - 2 * kernel(x, y).mean()


def rbf(bandwidths: tuple[float, ...]) -> Kernel:
    """Return the sum of Gaussian kernels with these standard deviations."""

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        squares = squared_distances(x, y)
        return torch.stack([(squares / (-2 * s * s)).exp() for s in bandwidths]).sum(dim=0)

    return kernel


def rational_quadratic(x: Tensor, y: Tensor) -> Tensor:
    """Return the sum of the five rational quadratic kernels of MMD-GAN."""
    squares = squared_distances(x, y)
    parts = [(1 + squares / (2 * s)).pow(-s) for s in (0.2, 0.5, 1.0, 2.0, 5.0)]
    return torch.stack(parts).sum(dim=0)


def minus_distance(x: Tensor, y: Tensor) -> Tensor:
    """Return the kernel of the energy distance.

    It takes differences: the root would enlarge the rounding of `squared_distances` between rows
    that nearly agree, and slopes would be far from 1.
    """
    return -lengths((x[:, None] - y).square().sum(dim=2))


def witness_slope(kernel: Kernel, weight: float) -> Regularizer:
    """Hold the slope of the witness at 1 between real and fake samples."""

    def penalty(critic: Critic, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        on_real, on_fake = critic(real), critic(fake)

        def witness(x: Tensor) -> Tensor:
            rows = critic(x)
            gap = kernel(rows, on_real).mean(dim=1) - kernel(rows, on_fake).mean(dim=1)
            return gap.sum()

        gradient: Tensor = torch.func.grad(witness)(mixed(real, fake, draws))
        slope = lengths(gradient.flatten(1).square().sum(dim=1))
        return weight * (slope - 1).square().mean()

    return Regularizer(
        penalty=penalty,
        draws={"mix": Draw("uniform", "sample")},
        needs=frozenset({"embedding", "weights"}),
    )


def _learned(kernel: Kernel, size: int, critic_steps: int) -> Loss:
    return Discrepancy(
        lambda real, fake, _draws: mmd_squared(real, fake, kernel),
        embedding=size,
        recipe={"critic_steps": critic_steps, "beta1": 0.5, "beta2": 0.9},
    )
