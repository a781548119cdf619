"""A loss with state.

What a loss carries from step to step is a mapping of tensors: `initial_state` gives the first one,
and `critic_loss` returns the next beside its objective. Numbers of shape () are drawn among the
learning curves. Nothing is kept in `self`: one object serves all seeds.

    ganbench run --plugin docs/plugins/stateful_loss.py -a autoencoder -l adaptive_margin -d ring8
"""

import torch
from torch import Tensor
from torch.nn.functional import relu

from ganbench.api import Critic, Draws, Fraction, Loss, Output, PositiveFloat, State, hookimpl


class AdaptiveMargin(Loss):
    """Adaptive margin: fakes are pushed up to the energy of real samples, which sinks.

    critic: E a + E max(0, m - b); generator: E b. After each critic step the margin m moves
    towards E a where that is lower: m <- m - rate * max(0, m - E a).

    Args:
        start: the margin at first, above 0.
        rate: part of the way that the margin goes in one step, 0 to 1.

    Source: after Wang et al. 2017, arXiv:1704.03817 (MAGAN, which moves it once per epoch)
    """

    output = Output("energy")
    traits = frozenset({"samplewise"})

    def __init__(self, start: PositiveFloat = 1.0, rate: Fraction = 0.01) -> None:
        self.start, self.rate = start, rate

    def initial_state(self) -> State:
        return {"margin": torch.tensor(self.start)}

    def critic_loss(
        self, critic: Critic, real: Tensor, fake: Tensor, draws: Draws, state: State
    ) -> tuple[Tensor, State]:
        margin, energy = state["margin"], critic(real).mean()
        objective = energy + relu(margin - critic(fake)).mean()
        return objective, {"margin": margin - self.rate * relu(margin - energy.detach())}

    def generator_loss(
        self, critic: Critic, real: Tensor, fake: Tensor, draws: Draws, state: State
    ) -> Tensor:
        return critic(fake).mean()


@hookimpl
def ganbench_losses() -> dict[str, object]:
    return {"adaptive_margin": AdaptiveMargin}
