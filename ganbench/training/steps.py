"""The moves of the game, written for one seed as pure functions.

The state of training is one flat dictionary of tensors; a move takes it, a batch and the clock,
and returns the entries that change. No seed axis, no randomness, no `.item()`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import grad_and_value

from ganbench.api import Critic, DataSpec, Draw, Loss, Regularizer
from ganbench.plugins import Built
from ganbench.recipe import Recipe
from ganbench.training.optimizers import Optimizer, make_optimizer
from ganbench.training.packing import pack, packed_spec
from ganbench.training.players import Player

State = dict[str, Tensor]
Step = Callable[[State, State, State], State]
"""(state, batch, clock) -> the changed entries of the state."""

LIGHT = "light "
"""Begins the name of a move that leaves the penalties out."""

_JOINT = ("simultaneous", "extragradient")


@dataclass(frozen=True)
class Game:
    """Everything that the moves need besides numbers.

    Attributes:
        generator: the generator's network.
        critic: the discriminator's network, for packed samples.
        spec: of one sample.
        loss: the loss.
        regularizers: what is added to it.
        recipe: how to train.
        judge: (critic, real, fake) -> the critic that objectives of the critic meet.
    """

    generator: Player
    critic: Player
    spec: DataSpec
    loss: Built
    regularizers: tuple[Built, ...]
    recipe: Recipe
    judge: Callable[[Critic, Tensor, Tensor], Critic] = lambda critic, _real, _fake: critic

    # ------------------------------------------------------------------------------ what it needs

    @property
    def components(self) -> dict[str, Built]:
        """The loss and the regularizers by the names that their draws and numbers begin with."""
        return {
            "loss": self.loss,
            **{f"regularizer{i}": part for i, part in enumerate(self.regularizers)},
        }

    @property
    def draws(self) -> dict[str, tuple[Draw, int, tuple[int, ...]]]:
        """Every random number of a move: name in the batch -> (draw, rows, shape of a sample)."""
        size, count = self.recipe.batch_size, self.recipe.packing
        judged = (size // count, packed_spec(self.spec, count).shape)
        needs = {}
        for owner, part in self.components.items():
            for name, draw in part.value.draws.items():
                if getattr(part.value, "augment", None) is None:
                    needs[f"{owner}.{name}"] = (draw, *judged)
                else:
                    for role in ("real", "fake"):
                        needs[f"{owner}.{role}.{name}"] = (draw, size, self.spec.shape)
        for role, player, rows in (
            ("generator", self.generator, size),
            ("critic", self.critic, judged[0]),
        ):
            for name, shape in player.masks.items():
                needs[f"{role}.{name}"] = (Draw("uniform", "element"), rows, shape)
        return needs

    @property
    def numbers(self) -> dict[str, float]:
        """Parameters of loss and regularizers that may differ between cells of one trace."""
        return {
            f"{owner}.{name}": value
            for owner, part in self.components.items()
            for name, value in part.params.items()
            if isinstance(value, float)
        }

    @property
    def optimizers(self) -> dict[str, Optimizer]:
        """The update rule of each player."""
        recipe = self.recipe
        return {
            "generator": make_optimizer(recipe.generator_optimizer, recipe),
            "critic": make_optimizer(recipe.critic_optimizer, recipe),
        }

    def initial_state(self, generator: Tensor, critic: Tensor) -> State:
        """Return optimiser slots, averages, loss state and totals for S stacked rows (S, P)."""
        seeds = len(generator)
        state = {"generator": generator, "critic": critic, "average": generator.clone()}
        for role, optimizer in self.optimizers.items():
            for slot in optimizer.slots:
                state[f"{role}.{slot}"] = torch.zeros_like(state[role])
            if self.recipe.lookahead_steps:
                state[f"{role}.slow"] = state[role].clone()
            state[f"total.{role}_loss"] = torch.zeros(seeds, device=generator.device)
        for name, value in self.loss.value.initial_state().items():
            state[f"loss.{name}"] = torch.stack([value.to(generator.device)] * seeds)
        return state

    # ------------------------------------------------------------------------------- what happens

    @property
    def batches(self) -> int:
        """Batches that a generator step takes, one for each move but the lookahead."""
        joint = self.recipe.updates in _JOINT
        return self.recipe.critic_steps + (not joint)

    def moves(self, step: int) -> list[str]:
        """Name the moves of a generator step, counted from zero, in their order."""
        recipe = self.recipe
        names = ["critic"] * recipe.critic_steps
        for i in range(recipe.critic_steps):
            if (step * recipe.critic_steps + i) % recipe.penalty_interval:
                names[i] = f"{LIGHT}critic"
        if recipe.updates in _JOINT:
            names[-1] = names[-1].replace("critic", recipe.updates)
        elif recipe.updates == "generator_first":
            names.insert(0, "generator")
        else:
            names.append("generator")
        if recipe.lookahead_steps and (step + 1) % recipe.lookahead_steps == 0:
            names.append("lookahead")
        return names

    @property
    def names(self) -> list[str]:
        """Every move that training may need."""
        names = dict.fromkeys(name.removeprefix(LIGHT) for name in self.moves(0))
        if self.recipe.penalty_interval > 1:
            judged = [name for name in names if name not in ("generator", "lookahead")]
            names |= dict.fromkeys(f"{LIGHT}{name}" for name in judged)
        if self.recipe.lookahead_steps:
            names["lookahead"] = None
        return list(names)

    def step(self, name: str) -> Step:
        """Return the move of this name."""
        light = name.startswith(LIGHT)

        def critic(state: State, batch: State, clock: State) -> State:
            return self._critic(state, batch, clock, light)

        def simultaneous(state: State, batch: State, clock: State) -> State:
            return critic(state, batch, clock) | self._generator(state, batch, clock)

        def extragradient(state: State, batch: State, clock: State) -> State:
            """Update from here with gradients taken one step ahead, on the same batch.

            Gidel et al. 2019, arXiv:1802.10551; the same batch twice: Mishchenko et al. 2020,
            arXiv:1905.11373. Moments see both gradients.
            """
            ahead = state | simultaneous(state, batch, clock | under(clock, "ahead"))
            here = {f"anchor.{role}": state[role] for role in ("generator", "critic")}
            totals = {name: state[name] for name in state if name.startswith("total.")}
            kept = {"average": state["average"], **totals}
            return simultaneous(ahead | here | kept, batch, clock)

        moves: dict[str, Step] = {
            "critic": critic,
            "generator": self._generator,
            "simultaneous": simultaneous,
            "extragradient": extragradient,
            "lookahead": self._lookahead,
        }
        return moves[name.removeprefix(LIGHT)]

    def _critic(self, state: State, batch: State, clock: State, light: bool) -> State:
        """Improve the critic on one batch."""
        evolved = self.critic.evolve(state, "critic")
        state = state | evolved
        fake = self._generate(self.generator.unflatten(state["generator"]), state, batch)
        interval = self.recipe.penalty_interval
        objective = self._critic_objective(state, batch, clock, fake, 0 if light else interval)
        parameters = self.critic.unflatten(state["critic"])
        gradient, (value, carried) = grad_and_value(objective, has_aux=True)(parameters)
        rule = self.optimizers["critic"]
        changes = self._update("critic", rule, self.critic.flatten(gradient), state, clock)
        changes["critic"] = self._constrained(changes["critic"], clock)
        changes |= {f"loss.{name}": item for name, item in carried.items()}
        total = state["total.critic_loss"] + value
        return {**evolved, **changes, "total.critic_loss": total}

    def _generator(self, state: State, batch: State, clock: State) -> State:
        """Improve the generator on one batch, and its moving average."""
        evolved = self.generator.evolve(state, "generator")
        state = state | evolved

        def objective(parameters: Mapping[str, Tensor]) -> Tensor:
            fake = self._generate(parameters, state, batch)
            weights = self.critic.unflatten(self._unrolled(state, batch, clock, fake))
            critic = self._bind(weights, state, batch)
            real, seen = self._seen(batch, clock, fake)
            draws, carried = under(batch, "loss"), under(state, "loss")
            loss: Loss = self._component("loss", clock)
            return loss.generator_loss(critic, real, seen, draws, carried)

        parameters = self.generator.unflatten(state["generator"])
        gradient, value = grad_and_value(objective)(parameters)
        rule = self.optimizers["generator"]
        row = self.generator.flatten(gradient)
        changes = self._update("generator", rule, row, state, clock)
        fresh = clock["generator.fresh"]
        average = torch.lerp(state["average"], changes["generator"], fresh)
        total = state["total.generator_loss"] + value
        return {**evolved, **changes, "average": average, "total.generator_loss": total}

    def _lookahead(self, state: State, _batch: State, clock: State) -> State:
        """Move the slow weights of both players towards the fast ones, and restart from there.

        Zhang et al. 2019, arXiv:1907.08610; for games Chavdarova et al. 2021, arXiv:2006.14567.
        """
        changes: State = {}
        for role in ("generator", "critic"):
            slow = torch.lerp(state[f"{role}.slow"], state[role], clock["lookahead"])
            changes |= {f"{role}.slow": slow, role: slow.clone()}
        return changes

    # ----------------------------------------------------------------------------------- its parts

    def _component(self, owner: str, clock: State) -> Any:
        """Return a component, made anew where its numbers come as tensors."""
        part = self.components[owner]
        numbers = under(clock, owner)
        return part.entry.factory(**{**part.params, **numbers}) if numbers else part.value

    def _regularizers(self, clock: State) -> list[Regularizer]:
        return [self._component(owner, clock) for owner in self.components if owner != "loss"]

    def _generate(self, parameters: Mapping[str, Tensor], state: State, batch: State) -> Tensor:
        values = {**parameters, **under(state, "generator.buffer"), **under(batch, "generator")}
        return self.generator(values, batch["noise"], self.recipe.precision)

    def _bind(self, parameters: Mapping[str, Tensor], state: State, batch: State) -> Critic:
        """Give the critic its parameters, buffers and masks."""
        values = {**parameters, **under(state, "critic.buffer"), **under(batch, "critic")}
        return lambda x: self.critic(values, x, self.recipe.precision)

    def _seen(self, batch: State, clock: State, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return real and fake samples as the critic sees them: augmented and packed."""
        samples = {"real": batch["real"], "fake": fake}
        for position, part in enumerate(self._regularizers(clock)):
            if part.augment is not None:
                for role, x in samples.items():
                    samples[role] = part.augment(x, under(batch, f"regularizer{position}.{role}"))
        real, fake = (pack(x, self.spec, self.recipe.packing) for x in samples.values())
        return real, fake

    def _critic_objective(
        self, state: State, batch: State, clock: State, fake: Tensor, strength: int
    ) -> Callable[[Mapping[str, Tensor]], tuple[Tensor, Mapping[str, Tensor]]]:
        """Return the objective with penalties `strength` times their weight."""
        real, fake = self._seen(batch, clock, fake)

        def objective(parameters: Mapping[str, Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
            critic = self.judge(self._bind(parameters, state, batch), real, fake)
            loss: Loss = self._component("loss", clock)
            value, carried = loss.critic_loss(
                critic, real, fake, under(batch, "loss"), under(state, "loss")
            )
            for position, part in enumerate(self._regularizers(clock)):
                if part.penalty is not None and strength:
                    draws = under(batch, f"regularizer{position}")
                    penalty = part.penalty(critic, real, fake, draws)
                    value = value + (strength * penalty if strength > 1 else penalty)
            return value, carried

        return objective

    def _unrolled(self, state: State, batch: State, clock: State, fake: Tensor) -> Tensor:
        """Return the critic after some more updates on this batch, as a function of `fake`.

        Metz et al. 2017, arXiv:1611.02163.
        """
        if not self.recipe.unrolled_steps:
            return state["critic"]
        name = self.recipe.critic_optimizer
        rule = make_optimizer(name, self.recipe, differentiable=True)
        for ahead in range(1, self.recipe.unrolled_steps + 1):
            clock = clock | under(clock, f"unrolled{ahead}")
            objective = self._critic_objective(state, batch, clock, fake, strength=1)
            parameters = self.critic.unflatten(state["critic"])
            gradient, carried = torch.func.grad(objective, has_aux=True)(parameters)
            row = self.critic.flatten(gradient)
            state = state | self._update("critic", rule, row, state, clock)
            state["critic"] = self._constrained(state["critic"], clock)
            state |= {f"loss.{name}": item for name, item in carried.items()}
        return state["critic"]

    def _constrained(self, critic: Tensor, clock: State) -> Tensor:
        """Apply the constraints of the regularizers to the critic's row."""
        for part in self._regularizers(clock):
            if part.constrain is not None:
                critic = self.critic.flatten(part.constrain(self.critic.unflatten(critic)))
        return critic

    def _update(
        self, role: str, rule: Optimizer, gradient: Tensor, state: State, clock: State
    ) -> State:
        """Apply an optimiser, from the anchor of an extragradient step where there is one."""
        if self.recipe.clip_norm is not None:
            norm = gradient.norm().clamp(min=1e-12)
            gradient = gradient * (clock["clip_norm"] / norm).clamp(max=1)
        names = [f"{role}.{slot}" for slot in rule.slots]
        slots = tuple(state[name] for name in names)
        move, slots = rule.direction(gradient, slots, under(clock, role))
        theta = state.get(f"anchor.{role}", state[role])
        return {role: theta - move, **dict(zip(names, slots, strict=True))}


def under(values: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Select the entries below a prefix, named without it."""
    start = f"{prefix}."
    return {
        name.removeprefix(start): value for name, value in values.items() if name.startswith(start)
    }
