"""All seeds of a cell side by side: their networks, their state and what they generate."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ganbench import seeding
from ganbench.api import Conditions, DataSpec, Output, Prior
from ganbench.cells import Cell
from ganbench.errors import SpecError
from ganbench.training import players
from ganbench.training.clock import Clock
from ganbench.training.conditioning import Front, ToldDataset, ToldPrior
from ganbench.training.mapped import mapped
from ganbench.training.packing import pack, packed_spec
from ganbench.training.rules import State, under
from ganbench.training.rungs import Engine, choose, without_hidden_numbers
from ganbench.training.steps import Game
from ganbench.training.streams import Streams, numbers_of
from ganbench.training.trial import check_player

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
        if (told := conditions_of(cell)) is not None:
            dataset, prior = ToldDataset(dataset, told), ToldPrior(prior, told, balanced=True)
        judged = packed_spec(dataset.spec, recipe.packing)
        generator, generators, generator_buffers = players.build(
            lambda: _generator(cell),
            self.slots,
            "generator",
            prior.sample((2,), seeding.torch_stream(0, "trial")),
            recipe.batch_size,
            device,
        )
        critic, critics, critic_buffers = players.build(
            lambda: _critic(cell, judged),
            self.slots,
            "critic",
            torch.zeros(2, *judged.shape),
            recipe.batch_size // recipe.packing,
            device,
        )
        pathwise = "pathwise" in cell.generator.value.generator_gives
        self.game = Game(
            generator, critic, dataset.spec, cell.loss, cell.regularizers, recipe, pathwise
        )
        self.state: State = {
            **self.game.initial_state(generators, critics),
            **{f"generator.buffer.{name}": value for name, value in generator_buffers.items()},
            **{f"critic.buffer.{name}": value for name, value in critic_buffers.items()},
        }
        self._try_players(dataset.spec, prior, judged)
        self.streams = Streams(dataset, prior, self.game, self.slots, device)
        self.clock = Clock(self.game, device)

    def _try_players(self, spec: DataSpec, prior: Prior, judged: DataSpec) -> None:
        """See that both networks give what the engine works with."""
        cell, output = self.cell, self.cell.loss.value.output
        noise = prior.sample((2,), seeding.torch_stream(0, "trial"))
        with seeding.global_torch_seed(0, "trial"):
            check_player(cell.generator, _generator(cell), noise, (2, *spec.shape))
            if output is not None:
                sizes = (output.size,) if output.kind == "embedding" else ()
                real = torch.zeros(2, *judged.shape)
                check_player(cell.discriminator, _critic(cell, judged), real, (2, *sizes))

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
        parts, prior = self.game.components, self.cell.prior
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
                prior.value.dim if prior.value.network() is None else prior.identity,
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
        return self.generate_from(self.noise(count, role), role)

    def noise(self, count: int, role: str) -> Tensor:
        """Draw what the generators read: (slots, count, width), conditions at the end."""
        prior = self.cell.prior.value
        if (told := conditions_of(self.cell)) is not None:
            prior = ToldPrior(prior, told, balanced=False)
        return torch.stack([prior.sample((count,), rng) for rng in self._sampling(role)])

    def _sampling(self, *role: str) -> list[torch.Generator]:
        """Open the streams of a sample, one for each slot."""
        names = ("sample", *role)
        return [seeding.torch_stream(slot, *names, device=self.device) for slot in self.slots]

    def generate_from(self, noise: Tensor, role: str) -> Tensor:
        """Turn noise (slots, count, width) into projected samples (seeds, count, *shape).

        Args:
            noise: as `noise` draws it.
            role: names the random numbers that generators draw beside their noise.

        Raises:
            PluginError: if a component draws from torch's global random state.
        """
        dataset, told = self.cell.dataset.value, conditions_of(self.cell)
        samples = self.outputs(noise, role)
        if told is not None:
            samples = samples[..., : -told.width]
        return torch.stack([dataset.project(one) for one in samples])

    def outputs(self, noise: Tensor, role: str) -> Tensor:
        """Return what the generators themselves make of noise, before it is projected.

        All seeds are taken at once, and seed by seed where vmap cannot.

        Args:
            noise: as `noise` draws it.
            role: names the random numbers that generators draw beside their noise.

        Returns:
            Outputs (seeds, count, ...), conditions at the end, on the CPU.

        Raises:
            PluginError: if a component draws from torch's global random state.
        """
        player, count = self.game.generator, noise.shape[1]
        opened = {name: self._sampling(role, name) for name in player.drawing_noise}

        def draw(state: State, noise: Tensor, numbers: State) -> Tensor:
            parameters = player.unflatten(state["average"])
            values = {**parameters, **under(state, "generator.buffer"), **numbers}
            return player.draw(values, noise, self.cell.recipe.precision)

        def numbers(rows: int) -> State:
            return {
                name: torch.stack([numbers_of(law, (rows,), shape, rng) for rng in opened[name]])
                for name, (law, shape) in player.drawing_noise.items()
            }

        even = math.ceil(count / math.ceil(count / _SAMPLE_BATCH))
        with torch.no_grad(), without_hidden_numbers(self.device, "samples are drawn"):
            # Piece by piece, since a long chain needs many numbers for each sample.
            parts = [
                mapped(draw, self.state, part, numbers(part.shape[1]))
                for part in torch.split(noise, even, dim=1)
            ]
        return torch.cat(parts, dim=1)[: len(self.seeds)].cpu()

    def generator(self, slot: int) -> State:
        """Return the averaged generator of one slot: parameters and buffers by name."""
        parameters = self.game.generator.unflatten(self.state["average"][slot])
        buffers = under(self.state, "generator.buffer")
        values = {**parameters, **{name: value[slot] for name, value in buffers.items()}}
        return {name: value.cpu() for name, value in values.items()}

    def critic(self, slot: int) -> State | None:
        """Return the critic of one slot in the same way, None where it has nothing to learn."""
        parameters = self.game.critic.unflatten(self.state["critic"][slot])
        buffers = under(self.state, "critic.buffer")
        values = {**parameters, **{name: value[slot] for name, value in buffers.items()}}
        return {name: value.cpu() for name, value in values.items()} or None

    def restore(self, slot: int, generator: State, critic: State | None = None) -> None:
        """Take over the averaged generator of one slot, as `generator` has given it.

        Args:
            slot: where.
            generator: parameters and buffers by name.
            critic: the same, as `critic` has given it; what is there stays if it is None.

        Raises:
            SpecError: if they are of other players.
        """
        own = self.generator(slot)
        self._replace(slot, "generator", "average", self.game.generator, own, generator)
        if critic is not None:
            own = self.critic(slot) or {}
            self._replace(slot, "critic", "critic", self.game.critic, own, critic)

    def _replace(
        self, slot: int, role: str, key: str, player: players.Player, own: State, new: State
    ) -> None:
        """Put the values of a player in the place of its own."""
        if {name: value.shape for name, value in own.items()} != {
            name: value.shape for name, value in new.items()
        }:
            cell = self.cell
            part = cell.generator if role == "generator" else cell.discriminator
            raise SpecError(f"The stored {role} is not one of {part.label}, as it is now.")
        self.state[key][slot] = player.flatten(new)
        for name in under(self.state, f"{role}.buffer"):
            self.state[f"{role}.buffer.{name}"][slot] = new[name]

    def scores(self, slot: int, x: Tensor) -> Tensor:
        """Return what the critic of one slot makes of samples (n, *shape): (n,) or (n, size).

        Args:
            slot: whose.
            x: samples as players see them; where samples are packed, each is packed with itself.
        """
        count, player = self.cell.recipe.packing, self.game.critic
        values = self.critic(slot) or {}
        for name, (law, shape) in player.drawing_noise.items():
            rng = seeding.torch_stream(slot, "judged", name)
            values[name] = numbers_of(law, (len(x),), shape, rng)
        packed = pack(x.repeat_interleave(count, dim=0), self.cell.dataset.value.spec, count)
        with torch.no_grad():
            there = {name: value.to(self.device) for name, value in values.items()}
            return player.draw(there, packed.to(self.device)).cpu()

    def finite(self) -> list[bool]:
        """Whether each seed's parameters hold only finite numbers."""
        fine = torch.isfinite(self.state["average"]) & torch.isfinite(self.state["generator"])
        good = fine.all(dim=1) & torch.isfinite(self.state["critic"]).all(dim=1)
        flags: list[bool] = good[: len(self.seeds)].tolist()
        return flags


def conditions_of(cell: Cell) -> Conditions | None:
    """Return what the generator is told, if it can be told anything."""
    conditions: Conditions | None = cell.dataset.value.conditions
    return conditions if cell.generator.value.conditional else None


def _generator(cell: Cell) -> nn.Module:
    """Build the generator, behind what its prior has to learn."""
    dataset, prior, maker = cell.dataset.value, cell.prior.value, cell.generator.value
    told = [dataset.conditions] if maker.conditional else []
    network: nn.Module = maker.generator(dataset.spec, prior.dim, *told)
    learned, conditions = prior.network(), conditions_of(cell)
    if learned is None and conditions is None:
        return network
    return Front(network, learned, 0 if conditions is None else conditions.width)


def _critic(cell: Cell, spec: DataSpec) -> nn.Module:
    """Build what the loss asks for, as changed by its regularizers."""
    loss = cell.loss.value
    output: Output | None = loss.output
    if output is None:
        return nn.Identity()
    network: nn.Module = cell.discriminator.value.discriminator(spec, output)
    for part in (*loss.regularizers, *(each.value for each in cell.regularizers)):
        if part.network is not None:
            network = part.network(network)
    return network
