"""Kernel discriminators without a network, for samples of any shape."""

from collections.abc import Sequence
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from ganbench.api import (
    SCORE,
    Architecture,
    DataSpec,
    Output,
    PositiveFloat,
)
from ganbench_players.banks import Bank, Memory

Bandwidths = tuple[PositiveFloat, ...]
Iterations = Annotated[int, Field(gt=0, le=100)]

BANDWIDTHS = (0.05, 0.1, 0.2, 0.5, 1.0)


def gaussian_mixture(x: Tensor, y: Tensor, bandwidths: Sequence[float]) -> Tensor:
    """Return mean_h exp(-mean((x - y)^2) / 2 h^2) between rows (n, d) and (m, d), as (n, m).

    Squares are averaged over the coordinates, so that a bandwidth h means the same in any
    dimension.
    """
    centre = y.mean(dim=0)
    x, y = x - centre, y - centre
    squares = x.square().sum(dim=1)[:, None] + y.square().sum(dim=1)
    distance = (squares - 2 * x @ y.T).clamp(min=0) / x.shape[1]
    return torch.stack([(-distance / (2 * h**2)).exp() for h in bandwidths]).mean(dim=0)


class MmdWitness(Architecture):
    """The witness of the maximum mean discrepancy: w(x) = mean k(x, real) - mean k(x, fake).

    k is a mixture of Gaussian kernels, exp(-mean((x - y)^2) / 2 h^2), and the means run over the
    batches that the discriminator has last been shown. There is nothing to train and no
    generator. With a loss that raises scores, such as `wgan`, the generator follows the gradient
    of the squared discrepancy between its samples and fresh real ones, halved.

    Args:
        bandwidths: the h of the mixture, each above 0, per coordinate.
        memory: batches that are kept, 1 to 1000.

    Source: Gretton et al. 2012, JMLR 13 (witness); Li et al. 2015, arXiv:1502.02761 (generator)
    """

    kinds = frozenset({"vector", "table", "image", "sequence"})
    gives = frozenset({"score", "separate"})

    def __init__(self, bandwidths: Bandwidths = BANDWIDTHS, memory: Memory = 1) -> None:
        self.bandwidths, self.memory = bandwidths, memory

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:  # noqa: ARG002
        """Build samples (B, *spec.shape) -> scores (B,)."""
        return WitnessCritic(spec.size, self.memory, self.bandwidths)


class KernelLogistic(Architecture):
    """Kernel logistic regression on the batch, in closed form after each critic step.

    D(x) = sum_i alpha_i k(x, x_i) over the real and fake samples x_i last shown, with k as in
    `mmd_witness`, minimises mean log(1 + exp(-y D)) + ridge / 2 |D|^2, where y = +1 for real and
    -1 for fake samples and |D|^2 = alpha' K alpha, by Newton's steps from D = 0. D estimates the
    log-ratio of the densities, and falls to 0 away from the samples. It has no generator.

    Args:
        bandwidths: the h of the mixture, each above 0, per coordinate.
        ridge: penalty, above 0.
        iterations: Newton's steps, 1 to 100.
        memory: batches that are kept, 1 to 1000; the cost of a step grows with its cube.

    Source: Zhu & Hastie 2005, JCGS 14(1)
    """

    kinds = frozenset({"vector", "table", "image", "sequence"})
    gives = frozenset({"score", "separate"})

    def __init__(
        self,
        bandwidths: Bandwidths = BANDWIDTHS,
        ridge: PositiveFloat = 1e-3,
        iterations: Iterations = 5,
        memory: Memory = 1,
    ) -> None:
        self.bandwidths, self.ridge, self.memory = bandwidths, ridge, memory
        self.iterations = iterations

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:  # noqa: ARG002
        """Build samples (B, *spec.shape) -> scores (B,)."""
        return LogisticCritic(spec.size, self.memory, self.bandwidths, self.ridge, self.iterations)


class WitnessCritic(Bank):
    """Map samples (B, *shape) to mean k(x, real) - mean k(x, fake) over the bank, (B,)."""

    def __init__(self, size: int, memory: int, bandwidths: Sequence[float]) -> None:
        super().__init__(size, memory)
        self.bandwidths = bandwidths

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B,)."""
        x = x.flatten(1)
        to_real, to_fake = (
            gaussian_mixture(x, rows, self.bandwidths).mean(dim=1)
            for rows in (self.real, self.fake)
        )
        return to_real - to_fake


class LogisticCritic(Bank):
    """Map samples (B, *shape) to sum_i alpha_i k(x, x_i) over the bank, (B,).

    Args:
        size: values in a sample.
        memory: batches that are kept.
        bandwidths: of the kernel.
        ridge: penalty on the squared norm of the function, halved.
        iterations: Newton's steps of a fit.
    """

    alpha: Tensor

    def __init__(
        self, size: int, memory: int, bandwidths: Sequence[float], ridge: float, iterations: int
    ) -> None:
        super().__init__(size, memory)
        self.bandwidths, self.ridge, self.iterations = bandwidths, ridge, iterations
        self.register_buffer("alpha", torch.zeros(2 * memory))

    def prepare(self, rows: int) -> None:
        """Make room for batches of so many rows."""
        super().prepare(rows)
        self.alpha = self.alpha.new_zeros(len(self.real) + len(self.fake))

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B,)."""
        rows = torch.cat([self.real, self.fake])
        return gaussian_mixture(x.flatten(1), rows, self.bandwidths) @ self.alpha

    def refit(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Return the bank with this batch, and the weights that are fitted to it."""
        kept = super().refit(real, fake)
        rows = torch.cat([kept["real"], kept["fake"]])
        targets = torch.cat([torch.ones(len(kept["real"])), torch.zeros(len(kept["fake"]))])
        kernel = gaussian_mixture(rows, rows, self.bandwidths)
        alpha = kernel_logistic(kernel, targets.to(rows), self.ridge, self.iterations)
        return {**kept, "alpha": alpha}


def kernel_logistic(kernel: Tensor, targets: Tensor, ridge: float, iterations: int) -> Tensor:
    """Return the weights (n,) of kernel logistic regression by Newton's steps from zeros.

    Args:
        kernel: between the rows, (n, n).
        targets: 1 for real and 0 for fake rows, (n,).
        ridge: penalty on the squared norm of the function, halved.
        iterations: number of steps.
    """
    penalty = ridge * len(kernel) * torch.eye(len(kernel), dtype=kernel.dtype).to(kernel)
    alpha = torch.zeros_like(targets)
    for _ in range(iterations):
        scores = kernel @ alpha
        chance = scores.sigmoid()
        weight = chance * (1 - chance)
        # Unlike `solve`, it asks the device for no answer whether it succeeded.
        alpha = torch.linalg.solve_ex(
            weight[:, None] * kernel + penalty, weight * scores + targets - chance
        )[0]
    return alpha
