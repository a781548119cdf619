"""What every step needs from the outside: batches, noise, declared draws and the clock.

Each seed draws from its own named streams in chunks whose size depends on the cell alone, so a
seed sees the same numbers whichever seeds it trains beside.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ganbench import seeding
from ganbench.api import Dataset, DataSpec, Draw, Prior
from ganbench.recipe import Recipe
from ganbench.training.steps import State

_CHUNK_STEPS = 64
_CHUNK_VALUES = 2**21


@dataclass
class Streams:
    """The batches of S seeds, step by step."""

    dataset: Dataset
    prior: Prior
    draws: Mapping[str, Draw]
    recipe: Recipe
    seeds: Sequence[int]
    device: torch.device
    generators: dict[str, list[torch.Generator]] = field(init=False)

    def __post_init__(self) -> None:
        """Open the streams."""
        self.generators = {
            role: [seeding.torch_stream(seed, role, device=self.device) for seed in self.seeds]
            for role in ("real", "noise", *self.draws)
        }

    @property
    def chunk_steps(self) -> int:
        """Generator steps that are drawn at a time."""
        values = self.dataset.spec.size + self.prior.dim
        values += sum(math.prod(_shape(draw, self.dataset.spec)) for draw in self.draws.values())
        one_step = values * self.recipe.batch_size * (self.recipe.critic_steps + 1)
        return max(1, min(_CHUNK_STEPS, _CHUNK_VALUES // one_step))

    def __iter__(self) -> Iterator[list[State]]:
        """Yield, for each generator step, the batches of its critic steps and then its own."""
        moves = self.recipe.critic_steps + 1
        while True:
            chunk = {role: self._chunk(role, moves) for role in self.generators}
            for step in range(self.chunk_steps):
                yield [
                    {role: values[step, move] for role, values in chunk.items()}
                    for move in range(moves)
                ]

    def _chunk(self, role: str, moves: int) -> Tensor:
        """Draw (steps, moves, S, B, ...)."""
        shape = (self.chunk_steps, moves, self.recipe.batch_size)
        return torch.stack([self._draw(role, shape, rng) for rng in self.generators[role]], dim=2)

    def _draw(self, role: str, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        spec = self.dataset.spec
        if role == "real":
            return self.dataset.sample(math.prod(shape), "train", rng).view(*shape, *spec.shape)
        if role == "noise":
            return self.prior.sample(shape, rng)
        draw = self.draws[role]
        function = torch.rand if draw.law == "uniform" else torch.randn
        return function((*shape, *_shape(draw, spec)), generator=rng, device=rng.device)


def _shape(draw: Draw, spec: DataSpec) -> tuple[int, ...]:
    return spec.shape if draw.per == "element" else (1,) * len(spec.shape)


def clocks(recipe: Recipe, device: torch.device) -> Iterator[list[State]]:
    """Yield what varies over training as tensors: step counts from one, and both rates."""
    total, k = recipe.generator_steps, recipe.critic_steps
    for start in range(0, total, _CHUNK_STEPS):
        steps = range(start, min(start + _CHUNK_STEPS, total))
        rows = [
            [
                step + 1,
                step * k + min(move, k - 1) + 1,
                recipe.generator_rate * schedule_factor(recipe, step / total),
                recipe.critic_rate * schedule_factor(recipe, step / total),
            ]
            for step in steps
            for move in range(k + 1)
        ]
        table = torch.tensor(rows, dtype=torch.float32, device=device)
        names = ("generator_step", "critic_step", "generator_rate", "critic_rate")
        moments = [dict(zip(names, row.unbind(), strict=True)) for row in table.unbind()]
        for position in range(len(steps)):
            yield moments[position * (k + 1) : (position + 1) * (k + 1)]


def schedule_factor(recipe: Recipe, progress: float) -> float:
    """Return what multiplies both rates at this fraction of training."""
    if recipe.schedule == "linear":
        return min(1.0, 2 * (1 - progress))
    if recipe.schedule == "cosine":
        return (1 + math.cos(math.pi * progress)) / 2
    return 1.0
