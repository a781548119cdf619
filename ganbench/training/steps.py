"""One critic step and one generator step, written for one seed as pure functions.

The state of training is one flat dictionary of tensors; a step takes it, a batch and the clock,
and returns the entries that change. No seed axis, no randomness, no `.item()`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import grad_and_value

from ganbench.api import Draw, Loss, Regularizer
from ganbench.recipe import Recipe
from ganbench.training.optimizers import Optimizer, make_optimizer
from ganbench.training.players import Player

State = dict[str, Tensor]
Step = Callable[[State, State, State], State]
"""(state, batch, clock) -> the changed entries of the state."""


@dataclass(frozen=True)
class Game:
    """Everything that the two steps need besides numbers."""

    generator: Player
    critic: Player
    loss: Loss
    regularizers: tuple[Regularizer, ...]
    recipe: Recipe

    @property
    def draws(self) -> dict[str, Draw]:
        """Every declared random number, by its name in the batch."""
        owners = {"loss": self.loss.draws}
        owners |= {f"regularizer{i}": part.draws for i, part in enumerate(self.regularizers)}
        return {
            f"{owner}.{name}": draw
            for owner, draws in owners.items()
            for name, draw in draws.items()
        }

    def initial_state(self, generator: Tensor, critic: Tensor) -> State:
        """Return optimiser slots, moving average and loss state for S stacked rows (S, P)."""
        seeds = len(generator)
        state = {"generator": generator, "critic": critic, "average": generator.clone()}
        for role, optimizer in self._optimizers().items():
            for slot in optimizer.slots:
                state[f"{role}.{slot}"] = torch.zeros_like(state[role])
        for name, value in self.loss.initial_state().items():
            state[f"loss.{name}"] = torch.stack([value.to(generator.device)] * seeds)
        return state

    def _optimizers(self) -> dict[str, Optimizer]:
        recipe = self.recipe
        return {
            "generator": make_optimizer(recipe.generator_optimizer, recipe),
            "critic": make_optimizer(recipe.critic_optimizer, recipe),
        }

    def critic_step(self, state: State, batch: State, clock: State) -> State:
        """Improve the critic on one batch."""
        generator = self.generator.unflatten(state["generator"])
        fake = self.generator(generator, under(state, "generator.buffer"), batch["noise"])
        real, buffers = batch["real"], under(state, "critic.buffer")

        def objective(parameters: Mapping[str, Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
            def critic(x: Tensor) -> Tensor:
                return self.critic(parameters, buffers, x)

            value, carried = self.loss.critic_loss(
                critic, real, fake, under(batch, "loss"), under(state, "loss")
            )
            for position, part in enumerate(self.regularizers):
                if part.penalty is not None:
                    draws = under(batch, f"regularizer{position}")
                    value = value + part.penalty(critic, real, fake, draws)
            return value, carried

        parameters = self.critic.unflatten(state["critic"])
        gradient, (value, carried) = grad_and_value(objective, has_aux=True)(parameters)
        changes = self._update("critic", self.critic.flatten(gradient), state, clock)
        for part in self.regularizers:
            if part.constrain is not None:
                constrained = part.constrain(self.critic.unflatten(changes["critic"]))
                changes["critic"] = self.critic.flatten(constrained)
        changes |= {f"loss.{name}": item for name, item in carried.items()}
        return {**changes, "critic_loss": value}

    def generator_step(self, state: State, batch: State, clock: State) -> State:
        """Improve the generator on one batch, and its moving average."""
        weights, critic_buffers = (
            self.critic.unflatten(state["critic"]),
            under(state, "critic.buffer"),
        )

        def critic(x: Tensor) -> Tensor:
            return self.critic(weights, critic_buffers, x)

        def objective(parameters: Mapping[str, Tensor]) -> Tensor:
            fake = self.generator(parameters, under(state, "generator.buffer"), batch["noise"])
            return self.loss.generator_loss(
                critic, batch["real"], fake, under(batch, "loss"), under(state, "loss")
            )

        parameters = self.generator.unflatten(state["generator"])
        gradient, value = grad_and_value(objective)(parameters)
        changes = self._update("generator", self.generator.flatten(gradient), state, clock)
        step = clock["generator_step"]
        weight = 1 - torch.clamp((1 + step) / (10 + step), max=self.recipe.ema)
        average = torch.lerp(state["average"], changes["generator"], weight)
        return {**changes, "average": average, "generator_loss": value}

    def _update(self, role: str, gradient: Tensor, state: State, clock: State) -> State:
        optimizer = self._optimizers()[role]
        names = [f"{role}.{slot}" for slot in optimizer.slots]
        slots = tuple(state[name] for name in names)
        step, rate = clock[f"{role}_step"], clock[f"{role}_rate"]
        return dict(
            zip(
                [role, *names],
                optimizer.update(state[role], gradient, slots, rate, step),
                strict=True,
            )
        )


def under(values: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Select the entries below a prefix, named without it."""
    start = f"{prefix}."
    return {
        name.removeprefix(start): value for name, value in values.items() if name.startswith(start)
    }
