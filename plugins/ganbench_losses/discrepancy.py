"""What losses share that compare two batches as a whole, raw or as a critic embeds them."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ganbench.api import Critic, Draw, Draws, Loss, Output, Recipe, State

Measure = Callable[[Tensor, Tensor, Draws], Tensor]
"""(rows of real (B, m), rows of fake (B, m), draws) -> how far apart they are ()."""

# Keeps the derivative of the square root finite where two rows agree.
_TINY = 1e-10


class Discrepancy(Loss):
    """The generator lowers a discrepancy of two batches; a critic, if there is one, raises it.

    Args:
        measure: the discrepancy.
        embedding: size of the critic's embedding, 0 for raw samples and no critic.
        draws: random numbers that the measure needs.
        recipe: recommended training settings.
    """

    def __init__(
        self,
        measure: Measure,
        embedding: int = 0,
        draws: Mapping[str, Draw] | None = None,
        recipe: Recipe | None = None,
    ) -> None:
        self.measure = measure
        self.output = Output("embedding", embedding) if embedding else None
        self.draws, self.recipe = draws or {}, recipe or {}

    def critic_loss(
        self, critic: Critic, real: Tensor, fake: Tensor, draws: Draws, state: State
    ) -> tuple[Tensor, State]:
        """Return the discrepancy of the embeddings, negated."""
        return -self.measure(critic(real), critic(fake), draws), state

    def generator_loss(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        draws: Draws,
        state: State,  # noqa: ARG002
    ) -> Tensor:
        """Return the discrepancy."""
        if self.output is None:
            return self.measure(real.flatten(1), fake.flatten(1), draws)
        return self.measure(critic(real), critic(fake), draws)


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Return |x_i - y_j|^2, (n, m) for rows (n, d) and (m, d)."""
    origin = x.mean(dim=0).detach()  # products of small numbers lose fewer digits
    x, y = x - origin, y - origin
    squares = x.square().sum(dim=1)[:, None] + y.square().sum(dim=1)
    return (squares - 2 * x @ y.mT).clamp(min=0)


def lengths(squares: Tensor) -> Tensor:
    """Return square roots with a finite derivative at zero."""
    return (squares + _TINY).sqrt()


def mean_of_others(matrix: Tensor) -> Tensor:
    """Return the mean of a square matrix (n, n) without its diagonal."""
    n = len(matrix)
    others = 1 - torch.eye(n, dtype=matrix.dtype, device=matrix.device)
    return (matrix * others).sum() / max(n * (n - 1), 1)
