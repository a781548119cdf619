"""A component at play: the state, the batch and the objectives of its first moves."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ganbench.cells import Cell
from ganbench.training.ensemble import Ensemble
from ganbench.training.rules import State
from ganbench.training.rungs import looped
from ganbench.training.steps import Game

PARAMETERS = {
    "generator": "the generator's parameters",
    "critic": "the critic's parameters",
    "average": "the averaged generator's parameters",
}
"""Names of what players learn, in the state, for people."""

CPU = torch.device("cpu")
Parameters = Mapping[str, Tensor]
Objective = Callable[[Parameters], Tensor]


def named(entry: str) -> str:
    """Name an entry of a state, a batch or a clock for people."""
    return PARAMETERS.get(entry, f"'{entry}'")


@dataclass(frozen=True)
class Moved:
    """What became of the first moves.

    Attributes:
        changes: what each move makes of the state.
        changed: names of what it was given and has changed in place.
    """

    changes: Mapping[str, State]
    changed: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Play:
    """A cell as it begins to train.

    Attributes:
        cell: what is trained.
        role: the player that is tried, "generator" or "critic", empty for the game as a whole.
        seeds: whose state it is.
        rows: of a batch, None for those of the recipe.
    """

    cell: Cell
    role: str = ""
    seeds: tuple[int, ...] = (0, 1)
    rows: int | None = None

    def __str__(self) -> str:
        """Name the cell."""
        return self.cell.title

    @functools.cached_property
    def ensemble(self) -> Ensemble:
        """The players of all seeds."""
        cell = self.cell
        if self.rows is not None:  # also one, which no recipe allows
            size = self.rows * cell.recipe.packing
            cell = replace(cell, recipe=cell.recipe.model_copy(update={"batch_size": size}))
        return Ensemble(cell, self.seeds, CPU)

    @property
    def game(self) -> Game:
        """The moves."""
        return self.ensemble.game

    @property
    def state(self) -> State:
        """What moves change."""
        return self.ensemble.state

    @functools.cached_property
    def batch(self) -> State:
        """What the first move reads."""
        return next(iter(self.ensemble.streams))[0]

    @functools.cached_property
    def clock(self) -> State:
        """The numbers of the first move, without those of components."""
        clock = next(self.ensemble.clock.moments(0, 1))[0]
        return {name: value for name, value in clock.items() if name not in self.game.numbers}

    @property
    def moves(self) -> list[str]:
        """The moves to try: those of a player, where that is what is tried, else all."""
        names = self.game.names
        return [self.role] if self.role in names else names

    @functools.cached_property
    def first(self) -> Moved:
        """What became of the first moves.

        Raises:
            ChangedInputError: if torch itself refuses that something is changed in place.
        """
        given = [*self.state.items(), *self.batch.items(), *self.clock.items()]
        kept = [value.clone() for _, value in given]
        changes = self.moved()
        changed = [
            name
            for (name, value), before in zip(given, kept, strict=True)
            if not torch.allclose(value, before, rtol=0, atol=0, equal_nan=True)
        ]
        return Moved(changes, tuple(changed))

    def moved(self, device: torch.device = CPU) -> dict[str, State]:
        """Return what each move makes of the state on a device, seed by seed."""
        state, batch, clock = (
            {name: value.to(device) for name, value in group.items()}
            for group in (self.state, self.batch, self.clock)
        )
        return {name: looped(self.game.step(name))(state, batch, clock) for name in self.moves}

    def objectives(
        self, dtype: torch.dtype, slot: int = 0
    ) -> dict[str, tuple[Objective, Parameters]]:
        """Return, for each player that learns, its objective and where it stands.

        Args:
            dtype: of all numbers.
            slot: the seed.
        """
        state, batch = (
            {name: _as(value[slot], dtype) for name, value in group.items()}
            for group in (self.state, self.batch)
        )
        clock = {name: _as(value, dtype) for name, value in self.clock.items()}
        batch = {**batch, "progress": clock["progress"]}
        game = self.game
        found: dict[str, tuple[Objective, Parameters]] = {}

        def critic(parameters: Parameters) -> Tensor:
            fake = game.generate(game.generator.unflatten(state["generator"]), state, batch)
            seen = game.seen(state, batch, clock, fake)
            value, _ = game.critic_objective(state, batch, clock, seen, 1)(parameters)
            return value

        def generator(parameters: Parameters) -> Tensor:
            row = game.critic.unflatten(state["critic"])
            value, _ = game.generator_objective(state, batch, clock, lambda _: row)(parameters)
            return value

        if game.loss.value.output is not None and game.critic.shapes:
            found["critic"] = critic, game.critic.unflatten(state["critic"])
        found["generator"] = generator, game.generator.unflatten(state["generator"])
        return found


def _as(value: Tensor, dtype: torch.dtype) -> Tensor:
    return value.to(dtype) if value.is_floating_point() else value
