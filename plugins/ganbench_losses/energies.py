"""Losses on energies: the critic gives real samples a low number of at least zero.

Below, a = D(real) and b = D(fake) are energies, low for real, such as the error with which an
autoencoder reconstructs a sample; E is the mean over the batch and both players minimise.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize, relu

from ganbench.api import Critic, Draws, Fraction, Loss, Output, PositiveFloat, State


class _Margin(Loss):
    output = Output("energy")

    def __init__(self, margin: float, pulling_away: bool, weight: float) -> None:
        self.margin, self.pulling_away, self.weight = margin, pulling_away, weight
        self.needs = frozenset({"features"} if pulling_away else set())
        self.traits = frozenset(set() if pulling_away else {"samplewise"})

    def critic_loss(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        draws: Draws,  # noqa: ARG002
        state: State,
    ) -> tuple[Tensor, State]:
        return critic(real).mean() + relu(self.margin - critic(fake)).mean(), state

    def generator_loss(
        self,
        critic: Critic,
        real: Tensor,  # noqa: ARG002
        fake: Tensor,
        draws: Draws,  # noqa: ARG002
        state: State,  # noqa: ARG002
    ) -> Tensor:
        energy = critic(fake).mean()
        if self.pulling_away:
            energy = energy + self.weight * likeness(critic.features(fake))
        return energy


def ebgan(
    margin: PositiveFloat = 0.5, pulling_away: bool = False, weight: PositiveFloat = 0.1
) -> Loss:
    """Energy based: fake samples should have an energy of at least a margin.

    critic: E a + E max(0, margin - b), cut off for each sample by itself; generator:
    E b + weight * PT, where PT is the mean of cos^2 between the hidden features of different fake
    samples and keeps them apart.

    Args:
        margin: energy above which fake samples no longer train the critic, above 0, on the scale
            of the energies: a good start is the energy of a poor reconstruction.
        pulling_away: whether PT counts (EBGAN-PT); it asks for a critic with hidden features.
        weight: of PT, above 0; no matter without it.

    Source: Zhao et al. 2017, arXiv:1609.03126
    """
    return _Margin(margin, pulling_away, weight)


def likeness(codes: Tensor) -> Tensor:
    """Return the mean squared cosine between different rows of codes (B, m)."""
    unit = normalize(codes, dim=1)
    others = 1 - torch.eye(len(codes), dtype=codes.dtype, device=codes.device)
    pairs = max(len(codes) * (len(codes) - 1), 1)
    return ((unit @ unit.mT).square() * others).sum() / pairs


class _Equilibrium(Loss):
    output = Output("energy")
    traits = frozenset({"samplewise"})

    def __init__(self, gamma: float, rate: float) -> None:
        self.gamma, self.rate = gamma, rate

    def initial_state(self) -> State:
        return {"balance": torch.zeros(()), "convergence": torch.zeros(())}

    def critic_loss(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        draws: Draws,  # noqa: ARG002
        state: State,
    ) -> tuple[Tensor, State]:
        on_real, on_fake = critic(real).mean(), critic(fake).mean()
        value = on_real - state["balance"] * on_fake
        error = (self.gamma * on_real - on_fake).detach()
        carried = {
            "balance": (state["balance"] + self.rate * error).clamp(0, 1),
            "convergence": on_real.detach() + error.abs(),
        }
        return value, carried

    def generator_loss(
        self,
        critic: Critic,
        real: Tensor,  # noqa: ARG002
        fake: Tensor,
        draws: Draws,  # noqa: ARG002
        state: State,  # noqa: ARG002
    ) -> Tensor:
        return critic(fake).mean()


def began(gamma: Fraction = 0.5, rate: PositiveFloat = 0.001) -> Loss:
    """Boundary equilibrium: a controller keeps the energies of fake and real at a given ratio.

    critic: E a - k E b; generator: E b. After each critic step
    k <- min(max(k + rate * (gamma E a - E b), 0), 1), from k = 0. Training records k as `balance`
    and the paper's measure of convergence, E a + |gamma E a - E b|, as `convergence`.

    Args:
        gamma: ratio E b / E a that is aimed at, 0 to 1; more gives more varied samples.
        rate: step of the controller, above 0.

    Source: Berthelot et al. 2017, arXiv:1703.10717
    """
    return _Equilibrium(gamma, rate)
