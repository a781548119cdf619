"""The moves of the game, written for one seed as pure functions.

The state of training is one flat dictionary of tensors; a move takes it, a batch and the clock,
and returns the entries that change. No seed axis, no randomness, no `.item()`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import grad_and_value

from ganbench.api import Draw
from ganbench.training.optimizers import Optimizer, make_optimizer
from ganbench.training.packing import packed_spec
from ganbench.training.rules import Parameters, Rules, State, under

Step = Callable[[State, State, State], State]
"""(state, batch, clock) -> the changed entries of the state."""

_Objective = Callable[[Parameters], tuple[Tensor, Tensor]]
"""parameters -> (what is minimised, the value that is recorded)."""

_ObjectiveOf = Callable[[State, State, State], _Objective]
"""(state, batch, clock) -> the objective of this move."""

LIGHT = "light "
"""Begins the name of a move that leaves the penalties out."""

_ONCE = ("average", "total.", "loss.", "carried.", "critic.buffer.", "generator.buffer.")
"""Begin the entries of the state that change once in a move, however many gradients it takes."""

_JOINT = ("simultaneous", "extragradient")


@dataclass(frozen=True)
class Game(Rules):
    """The moves: which there are, what they need and what they change."""

    # ------------------------------------------------------------------------------ what it needs

    @property
    def draws(self) -> dict[str, tuple[Draw, int, tuple[int, ...]]]:
        """Every random number of a move: name in the batch -> (draw, rows, shape of a sample)."""
        size, count = self.recipe.batch_size, self.recipe.packing
        judged = (size // count, packed_spec(self.spec, count).shape)
        loss = self.loss.value
        needs = {f"loss.{name}": (draw, *judged) for name, draw in loss.draws.items()}
        for owner, part in self.parts():
            for name, draw in part.draws.items():
                if part.augment is None:
                    needs[f"{owner}.{name}"] = (draw, *judged)
                else:
                    for role in ("real", "fake"):
                        needs[f"{owner}.{role}.{name}"] = (draw, size, self.spec.shape)
        for role, player, rows in (
            ("generator", self.generator, size),
            ("critic", self.critic, judged[0]),
        ):
            for name, (draw, shape) in player.noise.items():
                needs[f"{role}.{name}"] = (draw, rows, shape)
        return needs

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
        carried = {f"loss.{k}": v for k, v in self.loss.value.initial_state().items()}
        for owner, part in self.parts():
            carried |= {f"carried.{owner}.{name}": value for name, value in part.state.items()}
        for name, value in carried.items():
            state[name] = torch.stack([value.to(generator.device)] * seeds)
        return state

    # ------------------------------------------------------------------------------- what happens

    @property
    def critic_steps(self) -> int:
        """Critic updates before each generator update; none where the loss has no critic."""
        return 0 if self.loss.value.output is None else self.recipe.critic_steps

    @property
    def joint(self) -> bool:
        """Whether the last critic update and the generator's are one move."""
        return self.critic_steps > 0 and self.recipe.updates in _JOINT

    @property
    def batches(self) -> int:
        """Batches that a generator step takes, one for each move but the lookahead."""
        return self.critic_steps + (not self.joint)

    def moves(self, step: int) -> list[str]:
        """Name the moves of a generator step, counted from zero, in their order."""
        recipe = self.recipe
        names = ["critic"] * self.critic_steps
        generator = "pretraining" if step < recipe.pretraining_steps else "generator"
        for i in range(self.critic_steps):
            if (step * self.critic_steps + i) % recipe.penalty_interval:
                names[i] = f"{LIGHT}critic"
        if self.joint:
            names[-1] = names[-1].replace("critic", recipe.updates)
        elif recipe.updates == "generator_first":
            names.insert(0, generator)
        else:
            names.append(generator)
        if recipe.lookahead_steps and (step + 1) % recipe.lookahead_steps == 0:
            names.append("lookahead")
        return names

    @property
    def names(self) -> list[str]:
        """Every move that training may need."""
        both = (*self.moves(0), *self.moves(self.recipe.pretraining_steps))
        names = dict.fromkeys(name.removeprefix(LIGHT) for name in both)
        if self.recipe.penalty_interval > 1:
            unjudged = ("generator", "pretraining", "lookahead")
            judged = [name for name in names if name not in unjudged]
            names |= dict.fromkeys(f"{LIGHT}{name}" for name in judged)
        if self.recipe.lookahead_steps:
            names["lookahead"] = None
        return list(names)

    def step(self, name: str) -> Step:
        """Return the move of this name."""
        light = name.startswith(LIGHT)

        def critic(state: State, batch: State, clock: State) -> State:
            return self._critic(state, batch, clock, light)

        def generator(state: State, batch: State, clock: State) -> State:
            return self._generator(state, batch, clock, self._game_objective)

        def pretraining(state: State, batch: State, clock: State) -> State:
            return self._generator(state, batch, clock, self._pretraining_objective)

        def simultaneous(state: State, batch: State, clock: State) -> State:
            return critic(state, batch, clock) | generator(state, batch, clock)

        def extragradient(state: State, batch: State, clock: State) -> State:
            """Update from here with gradients taken one step ahead, on the same batch.

            Gidel et al. 2019, arXiv:1802.10551; the same batch twice: Mishchenko et al. 2020,
            arXiv:1905.11373. Moments see both gradients; buffers and what losses and regularizers
            carry take one step.
            """
            ahead = state | simultaneous(state, batch, clock | under(clock, "ahead"))
            here = {f"anchor.{role}": state[role] for role in ("generator", "critic")}
            kept = {name: state[name] for name in state if name.startswith(_ONCE)}
            return simultaneous(ahead | here | kept, batch, clock)

        moves: dict[str, Step] = {
            "critic": critic,
            "generator": generator,
            "pretraining": pretraining,
            "simultaneous": simultaneous,
            "extragradient": extragradient,
            "lookahead": self._lookahead,
        }
        move = moves[name.removeprefix(LIGHT)]
        if not (self.generator.watches or self.critic.watches):
            return move
        return lambda state, batch, clock: move(
            state, {**batch, "progress": clock["progress"]}, clock
        )

    def _critic(self, state: State, batch: State, clock: State, light: bool) -> State:
        """Improve the critic on one batch."""
        evolved = self._evolved("critic", state, batch)
        state = state | evolved
        fake = self.generate(self.generator.unflatten(state["generator"]), state, batch)
        seen = self.seen(state, batch, clock, fake)
        strength = 0 if light else self.recipe.penalty_interval
        objective = self.critic_objective(state, batch, clock, seen, strength)
        value, changes = self._descended(objective, state, clock)
        changes["total.critic_loss"] = state["total.critic_loss"] + value
        return {
            **evolved,
            **changes,
            **self._advanced(state, batch, clock, seen),
            **self._refitted(state | changes, batch, seen),
        }

    def _descended(
        self,
        objective: Callable[[Parameters], tuple[Tensor, Parameters]],
        state: State,
        clock: State,
    ) -> tuple[Tensor, State]:
        """Take one step down the critic's objective, if it has parameters; return its value."""
        parameters = self.critic.unflatten(state["critic"])
        if not parameters:
            value, carried = objective(parameters)
            return value, {f"loss.{name}": item for name, item in carried.items()}
        gradient, (value, carried) = grad_and_value(objective, has_aux=True)(parameters)
        row = self.critic.flatten(gradient)
        changes = self._update("critic", self.optimizers["critic"], row, state, clock)
        changes["critic"] = self._constrained(changes["critic"], clock)
        return value, changes | {f"loss.{name}": item for name, item in carried.items()}

    def _evolved(self, role: str, state: State, batch: State) -> State:
        """Return the buffers that a player renews before its step."""
        player = self.generator if role == "generator" else self.critic
        values = {**player.unflatten(state[role]), **self.values(role, state, batch)}
        fresh = player.evolve(values)
        return {f"{role}.buffer.{name}": value for name, value in fresh.items()}

    def _advanced(
        self, state: State, batch: State, clock: State, seen: tuple[Tensor, Tensor]
    ) -> State:
        """Return the new states of the regularizers."""
        changes: State = {}
        for owner, part in self.parts(clock):
            if part.advance is not None:
                critic = self.bind(self.critic.unflatten(state["critic"]), state, batch)
                draws = self.draws_of(owner, state, batch, clock)
                for name, value in part.advance(critic, *seen, draws).items():
                    changes[f"carried.{owner}.{name}"] = value.detach()
        return changes

    def _refitted(self, state: State, batch: State, seen: tuple[Tensor, Tensor]) -> State:
        """Return the buffers that the critic fits in closed form."""
        parameters = self.critic.unflatten(state["critic"])
        values = {**parameters, **self.values("critic", state, batch)}
        fresh = self.critic.refit(values, *seen)
        return {f"critic.buffer.{name}": value for name, value in fresh.items()}

    def _generator(
        self, state: State, batch: State, clock: State, objective_of: _ObjectiveOf
    ) -> State:
        """Improve the generator on one batch, and its moving average."""
        evolved = self._evolved("generator", state, batch)
        state = state | evolved
        objective = objective_of(state, batch, clock)
        parameters = self.generator.unflatten(state["generator"])
        gradient, (_, value) = grad_and_value(objective, has_aux=True)(parameters)
        rule = self.optimizers["generator"]
        row = self.generator.flatten(gradient)
        changes = self._update("generator", rule, row, state, clock)
        fresh = clock["generator.fresh"]
        average = torch.lerp(state["average"], changes["generator"], fresh)
        total = state["total.generator_loss"] + value
        return {**evolved, **changes, "average": average, "total.generator_loss": total}

    def _game_objective(self, state: State, batch: State, clock: State) -> _Objective:
        """Return the generator's objective against the critic, looking ahead where asked to."""

        def critic_after(seen: tuple[Tensor, Tensor]) -> Parameters:
            return self.critic.unflatten(self._unrolled(state, batch, clock, seen))

        return self.generator_objective(state, batch, clock, critic_after)

    def _pretraining_objective(self, state: State, batch: State, _clock: State) -> _Objective:
        """Return the generator's objective of maximum likelihood."""
        return self.likelihood_objective(state, batch)

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

    def _unrolled(
        self, state: State, batch: State, clock: State, seen: tuple[Tensor, Tensor]
    ) -> Tensor:
        """Return the critic after some more updates, as a function of the samples seen.

        Metz et al. 2017, arXiv:1611.02163.
        """
        if not (self.recipe.unrolled_steps and self.critic.shapes):
            return state["critic"]
        name = self.recipe.critic_optimizer
        rule = make_optimizer(name, self.recipe, differentiable=True)
        for ahead in range(1, self.recipe.unrolled_steps + 1):
            clock = clock | under(clock, f"unrolled{ahead}")
            objective = self.critic_objective(state, batch, clock, seen, strength=1)
            parameters = self.critic.unflatten(state["critic"])
            gradient, carried = torch.func.grad(objective, has_aux=True)(parameters)
            row = self.critic.flatten(gradient)
            state = state | self._update("critic", rule, row, state, clock)
            state["critic"] = self._constrained(state["critic"], clock)
            state |= {f"loss.{name}": item for name, item in carried.items()}
        return state["critic"]

    def _constrained(self, critic: Tensor, clock: State) -> Tensor:
        """Apply the constraints of the regularizers to the critic's row."""
        for _, part in self.parts(clock):
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
