"""The objectives: losses, and what may be added to them."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from ganbench.architecture import SCORE, Output, Recipe, Traits

Draws = Mapping[str, Tensor]
"""The numbers of a step: the declared draws by name, and `progress`, the part of training that is
done, () from 0 to 1. For a regularizer with a state, its entries too."""
State = Mapping[str, Tensor]


class Critic(Protocol):
    """The discriminator with its parameters bound."""

    def __call__(self, x: Tensor) -> Tensor:
        """Map samples (B, *shape) to scores (B,), embeddings (B, size) or energies (B,)."""
        ...

    def features(self, x: Tensor) -> Tensor:
        """Map samples (B, *shape) to the discriminator's hidden features (B, m)."""
        ...


@dataclass(frozen=True)
class Draw:
    """A random number that a loss or regularizer needs at every step.

    Attributes:
        law: "uniform" on [0, 1) or standard "normal".
        per: one number per "sample", shape (B, 1, ...), or per "element", shape (B, *shape); or
            a shape of its own (without a batch).
    """

    law: Literal["uniform", "normal"]
    per: Literal["sample", "element"] | tuple[int, ...]


@dataclass(frozen=True)
class Regularizer:
    """What may be added to any loss that fits.

    Attributes:
        penalty: (critic, real, fake, draws) -> () is added to the critic's objective.
        generator_penalty: the same arguments -> () is added to the generator's objective.
        weight_penalty: maps the critic's parameters, by name, to () that is added to the critic's
            objective.
        constrain: maps the critic's parameters, by name, after each of its steps.
        augment: (samples (B, *shape), draws) -> what the critic sees in place of them, real or
            fake, in the steps of both players; gradients pass through it.
        gate: (scores of fake samples (B,), draws) -> what multiplies the gradient that each of
            them hands to the generator, (B,).
        network: changes the discriminator's network before training.
        state: what is carried from one critic step to the next, as it begins.
        advance: (critic, real, fake, draws) -> the new state, at each critic step, with the critic
            as it was before.
        draws: random numbers needed at each step; of a regularizer with `augment` they are drawn
            once for real and once for fake samples.
        recipe: recommended training settings.
        needs: traits that critic, loss or data must have, see `TRAITS`.
        lazy: whether the critic's penalties count only now and then, and then as much more, where
            a recipe asks for that; not for what changes the loss itself.
    """

    penalty: Callable[[Critic, Tensor, Tensor, Draws], Tensor] | None = None
    generator_penalty: Callable[[Critic, Tensor, Tensor, Draws], Tensor] | None = None
    weight_penalty: Callable[[Mapping[str, Tensor]], Tensor] | None = None
    constrain: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] | None = None
    augment: Callable[[Tensor, Draws], Tensor] | None = None
    gate: Callable[[Tensor, Draws], Tensor] | None = None
    network: Callable[[nn.Module], nn.Module] | None = None
    state: State = field(default_factory=dict)
    advance: Callable[[Critic, Tensor, Tensor, Draws], State] | None = None
    draws: Mapping[str, Draw] = field(default_factory=dict)
    recipe: Recipe = field(default_factory=dict)
    needs: Traits = frozenset()
    lazy: bool = True


class Loss:
    """The two objectives; both players minimise: subclass it, or use `from_scores`.

    Attributes:
        output: what it asks of the critic; None for a loss without one.
        draws: random numbers needed at each step.
        recipe: the training settings that it recommends.
        needs: further traits that the critic must have, see `TRAITS`.
        traits: what it offers to others: "logistic" if the critic's objective is
            E softplus(-a) + E softplus(b), "samplewise" if the generator's is a mean over samples
            (or pairs), so that it means the same for a batch of one.
        regularizers: what is a part of it.
    """

    output: Output | None = SCORE
    draws: Mapping[str, Draw] = MappingProxyType({})
    recipe: Recipe = MappingProxyType({})
    needs: Traits = frozenset()
    traits: Traits = frozenset()
    regularizers: tuple[Regularizer, ...] = ()

    def initial_state(self) -> State:
        """Return what it carries from one critic step to the next; usually empty.

        Entries of shape () are recorded in the history of training.
        """
        return {}

    def critic_loss(
        self, critic: Critic, real: Tensor, fake: Tensor, draws: Draws, state: State
    ) -> tuple[Tensor, State]:
        """Return the critic's objective () and the new state for batches (B, *shape).

        Never called where `output` is None.
        """
        raise NotImplementedError

    def generator_loss(
        self, critic: Critic, real: Tensor, fake: Tensor, draws: Draws, state: State
    ) -> Tensor:
        """Return the generator's objective () for batches (B, *shape)."""
        raise NotImplementedError


class _ScoreLoss(Loss):
    def __init__(
        self,
        critic_fn: Callable[[Tensor, Tensor], Tensor],
        generator_fn: Callable[[Tensor, Tensor], Tensor],
    ) -> None:
        self.critic_fn, self.generator_fn = critic_fn, generator_fn

    def critic_loss(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        draws: Draws,  # noqa: ARG002
        state: State,
    ) -> tuple[Tensor, State]:
        return self.critic_fn(critic(real), critic(fake)), state

    def generator_loss(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        draws: Draws,  # noqa: ARG002
        state: State,  # noqa: ARG002
    ) -> Tensor:
        return self.generator_fn(critic(real), critic(fake))


def from_scores(
    critic_fn: Callable[[Tensor, Tensor], Tensor],
    generator_fn: Callable[[Tensor, Tensor], Tensor],
    recipe: Recipe | None = None,
    traits: Traits = frozenset({"samplewise"}),
) -> Loss:
    """Make a `Loss` of two pure functions of the critic's outputs.

    Args:
        critic_fn: (scores of real (B,), scores of fake (B,)) -> the critic's objective ().
        generator_fn: the same arguments -> the generator's objective ().
        recipe: recommended training settings.
        traits: what the loss offers, see `Loss`.
    """
    loss = _ScoreLoss(critic_fn, generator_fn)
    loss.recipe, loss.traits = recipe or {}, traits
    return loss


def compose(loss: Loss, *regularizers: Regularizer, recipe: Recipe | None = None) -> Loss:
    """Make one loss of a loss and regularizers, as papers name such combinations.

    Args:
        loss: what to start from.
        regularizers: what is added to it.
        recipe: recommended training settings, in rank above those of the parts.
    """
    whole = copy.copy(loss)
    whole.regularizers = (*loss.regularizers, *regularizers)
    advice = [loss.recipe, *(part.recipe for part in regularizers), recipe or {}]
    whole.recipe = {key: value for settings in advice for key, value in settings.items()}
    return whole


def input_gradient(critic: Critic, x: Tensor) -> Tensor:
    """Return the gradient of each sample's score with respect to that sample, (B, *shape)."""
    shared = getattr(critic, "input_gradient", None)
    if shared is not None:  # the engine may know a cheaper way to the same values
        return shared(x)  # type: ignore[no-any-return]
    gradient: Tensor = torch.func.grad(lambda inputs: critic(inputs).sum())(x)
    return gradient
