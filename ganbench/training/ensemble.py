"""All seeds of a cell side by side: their networks, their state and what they generate."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, vmap

from ganbench import seeding
from ganbench.cells import Cell
from ganbench.errors import SpecError
from ganbench.training import players
from ganbench.training.clock import Clock
from ganbench.training.packing import packed_spec
from ganbench.training.rungs import Engine, choose
from ganbench.training.steps import Game, State, under
from ganbench.training.streams import Streams

_SAMPLE_BATCH = 500


class Ensemble:
    """The players of one cell for a block of seeds.

    Short blocks are padded with further seeds, because arithmetic is bitwise the same only at one
    width. Everything is indexed by slot; the first `len(seeds)` slots count.

    Args:
        cell: what to train.
        seeds: at most `cell.recipe.block` of them.
        device: where to train.

    Raises:
        SpecError: if there are more seeds than the block holds.
    """

    def __init__(self, cell: Cell, seeds: Sequence[int], device: torch.device) -> None:
        if len(seeds) > cell.recipe.block:
            raise SpecError(f"{len(seeds)} seeds do not fit a block of {cell.recipe.block}.")
        self.cell, self.seeds, self.device = cell, tuple(seeds), device
        self.slots = (*seeds, *range(-1, len(seeds) - cell.recipe.block - 1, -1))
        dataset, prior, recipe = cell.dataset.value, cell.prior.value, cell.recipe
        judged = packed_spec(dataset.spec, recipe.packing)
        generator, generators, generator_buffers = players.build(
            lambda: cell.generator.value.generator(dataset.spec, prior.dim),
            self.slots,
            "generator",
            torch.zeros(2, prior.dim),
            device,
        )
        critic, critics, critic_buffers = players.build(
            lambda: cell.discriminator.value.discriminator(judged),
            self.slots,
            "critic",
            torch.zeros(2, *judged.shape),
            device,
        )
        self.game = Game(generator, critic, dataset.spec, cell.loss, cell.regularizers, recipe)
        self.state: State = {
            **self.game.initial_state(generators, critics),
            **{f"generator.buffer.{name}": value for name, value in generator_buffers.items()},
            **{f"critic.buffer.{name}": value for name, value in critic_buffers.items()},
        }
        self.streams = Streams(dataset, prior, self.game, self.slots, device)
        self.clock = Clock(self.game, device)

    def engine(self) -> Engine:
        """Bind the moves to the state, on the fastest rung that can be trusted."""
        torch.backends.cuda.matmul.allow_tf32 = self.cell.recipe.precision == "tf32"
        torch.backends.cudnn.allow_tf32 = self.cell.recipe.precision == "tf32"
        streams = Streams(
            self.streams.dataset, self.streams.prior, self.game, self.slots, self.device
        )
        batch, clock = next(iter(streams))[0], next(self.clock.moments(0, 1))[0]
        return choose(self.game, self.state, batch, clock, self._trace_key())

    def _trace_key(self) -> str:
        """Name what decides a trace: components without their free numbers, recipe, shapes."""
        parts = self.game.components
        fixed = {
            owner: {
                k: v for k, v in part.params.items() if f"{owner}.{k}" not in self.game.numbers
            }
            for owner, part in parts.items()
        }
        return repr(
            [
                (self.cell.generator.identity, self.cell.discriminator.identity),
                (self.game.generator, self.game.critic, self.game.draws),
                self.cell.prior.value.dim,
                [(id(part.entry.factory), fixed[owner]) for owner, part in parts.items()],
                self.game.spec,
                self.cell.recipe.structure,
                {name: value.shape for name, value in self.state.items()},
                self.device,
            ]
        )

    def generate(self, count: int, role: str) -> Tensor:
        """Draw from each seed's averaged generator, as data.

        Args:
            count: samples of each seed.
            role: names the noise; equal roles give equal noise.

        Returns:
            Projected samples (seeds, count, *shape), on the CPU.
        """
        prior, dataset = self.cell.prior.value, self.cell.dataset.value
        noise = torch.stack(
            [
                prior.sample(
                    (count,), seeding.torch_stream(slot, "sample", role, device=self.device)
                )
                for slot in self.slots
            ]
        )

        def draw(state: State, noise: Tensor) -> Tensor:
            parameters = self.game.generator.unflatten(state["average"])
            values = {**parameters, **under(state, "generator.buffer")}
            return self.game.generator(values, noise, self.cell.recipe.precision)

        even = math.ceil(count / math.ceil(count / _SAMPLE_BATCH))
        with torch.no_grad():
            parts = [vmap(draw)(self.state, part) for part in torch.split(noise, even, dim=1)]
        samples = torch.cat(parts, dim=1)[: len(self.seeds)].cpu()
        return torch.stack([dataset.project(one) for one in samples])

    def generator(self, slot: int) -> State:
        """Return the averaged generator of one slot: parameters and buffers by name."""
        parameters = self.game.generator.unflatten(self.state["average"][slot])
        buffers = under(self.state, "generator.buffer")
        values = {**parameters, **{name: value[slot] for name, value in buffers.items()}}
        return {name: value.cpu() for name, value in values.items()}

    def finite(self) -> list[bool]:
        """Whether each seed's parameters hold only finite numbers."""
        fine = torch.isfinite(self.state["average"]) & torch.isfinite(self.state["generator"])
        good = fine.all(dim=1) & torch.isfinite(self.state["critic"]).all(dim=1)
        flags: list[bool] = good[: len(self.seeds)].tolist()
        return flags
