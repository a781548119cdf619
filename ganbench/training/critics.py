"""How a critic step meets its critic: pass by pass, watched, or in one pass over [real; fake]."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ganbench.api import Critic, input_gradient
from ganbench.training.players import Player


@dataclass(frozen=True)
class BoundCritic:
    """The discriminator with its parameters, buffers and random numbers.

    Attributes:
        player: the network.
        values: what it is made of, by name.
        precision: of matrix products.
    """

    player: Player
    values: Mapping[str, Tensor]
    precision: str

    def __call__(self, x: Tensor) -> Tensor:
        """Return what the loss asked for, (B,) or (B, size)."""
        return self.player(self.values, x, self.precision)

    def features(self, x: Tensor) -> Tensor:
        """Return hidden features (B, m)."""
        features: Tensor = self.player.ask("features", self.values, x)
        return features


@dataclass
class Observer:
    """Sees what an objective asks of its critic.

    Attributes:
        scored: which of "real" and "fake" it has scored.
        sloped: on which of them it has asked for the slope.
    """

    scored: set[str] = field(default_factory=set)
    sloped: set[str] = field(default_factory=set)

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor) -> Critic:
        """Return the critic, watched."""
        return _ObservedCritic(critic, {"real": real, "fake": fake}, self)

    @property
    def one_pass_pays(self) -> bool:
        """Whether one pass over both saves work.

        It does where both are scored, unless the slope is asked for on only one of them: the
        forward pass of a slope gives that score for nothing.
        """
        return len(self.scored) == 2 and len(self.sloped) != 1


@dataclass
class _ObservedCritic:
    critic: Critic
    known: dict[str, Tensor]
    observer: Observer

    def __call__(self, x: Tensor) -> Tensor:
        self.observer.scored |= {name for name, value in self.known.items() if value is x}
        return self.critic(x)

    def features(self, x: Tensor) -> Tensor:
        return self.critic.features(x)

    def input_gradient(self, x: Tensor) -> Tensor:
        self.observer.sloped |= {name for name, value in self.known.items() if value is x}
        return input_gradient(self.critic, x)


class SharedCritic:
    """Scores real and fake samples in one pass, and so their slopes.

    Right for critics that judge each sample by itself; statistics of the batch would mix both.
    """

    def __init__(self, critic: Critic, real: Tensor, fake: Tensor) -> None:
        self.critic, self.real, self.fake = critic, real, fake
        self.sizes = [len(real), len(fake)]
        self.both = torch.cat([real, fake])
        self.scores: tuple[Tensor, ...] = ()
        self.slopes: tuple[Tensor, ...] = ()

    def __call__(self, x: Tensor) -> Tensor:
        """Return scores (B,), or what the loss asked for."""
        if x is not self.real and x is not self.fake:
            return self.critic(x)
        if not self.scores:
            self.scores = torch.split(self.critic(self.both), self.sizes)
        return self.scores[x is self.fake]

    def features(self, x: Tensor) -> Tensor:
        """Return hidden features (B, m)."""
        return self.critic.features(x)

    def input_gradient(self, x: Tensor) -> Tensor:
        """Return the gradient of each sample's score with respect to that sample."""
        if x is not self.real and x is not self.fake:
            return input_gradient(self.critic, x)
        if not self.slopes:
            self.slopes = torch.split(input_gradient(self.critic, self.both), self.sizes)
        return self.slopes[x is self.fake]
