"""What every move needs from the outside: batches, noise and declared draws.

Each seed draws from its own named streams in chunks whose size depends on the cell alone, so a
seed sees the same numbers whichever seeds it trains beside.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ganbench import seeding
from ganbench.api import Dataset, Draw, Prior
from ganbench.training.rules import State
from ganbench.training.steps import Game

_CHUNK_STEPS = 64
_CHUNK_VALUES = 2**21


class Streams:
    """The batches of S seeds, step by step.

    Args:
        dataset: where real samples come from.
        prior: where noise comes from.
        game: declares what else is drawn.
        seeds: whose streams are opened.
        device: where everything is drawn.
    """

    def __init__(
        self,
        dataset: Dataset,
        prior: Prior,
        game: Game,
        seeds: Sequence[int],
        device: torch.device,
    ) -> None:
        self.dataset, self.prior, self.game = dataset, prior, game
        self.generators = {
            role: [seeding.torch_stream(seed, role, device=device) for seed in seeds]
            for role in ("real", "noise", *game.draws)
        }
        self.used = 0
        """Generator steps of the current chunk that were handed out."""
        self._opened = self._states()

    @property
    def chunk_steps(self) -> int:
        """Generator steps that are drawn at a time; the same whatever loss is trained."""
        values = self.game.recipe.batch_size * (self.dataset.spec.size + self.prior.dim)
        return max(1, min(_CHUNK_STEPS, _CHUNK_VALUES // (values * self.game.batches)))

    def __iter__(self) -> Iterator[list[State]]:
        """Yield, for each generator step, one batch for each of its moves."""
        moves, skip = self.game.batches, self.used
        while True:
            self._opened = self._states()
            chunk = {role: self._chunk(role, moves) for role in self.generators}
            batches = [
                dict(zip(chunk, values, strict=True))
                for values in zip(*chunk.values(), strict=True)
            ]
            for step in range(skip, self.chunk_steps):
                self.used = step + 1
                yield batches[step * moves : (step + 1) * moves]
            skip = self.used = 0

    def position(self) -> tuple[State, int]:
        """Return where the streams are: their states as the chunk was opened, and steps since."""
        return {f"{role}.{i}": s for role, ss in self._opened.items() for i, s in enumerate(ss)}, (
            self.used
        )

    def seek(self, states: State, used: int) -> None:
        """Go to a position; what is drawn next is what was drawn next there."""
        for role, generators in self.generators.items():
            for i, generator in enumerate(generators):
                generator.set_state(states[f"{role}.{i}"])
        self.used = used

    def _states(self) -> dict[str, list[Tensor]]:
        return {
            role: [generator.get_state() for generator in generators]
            for role, generators in self.generators.items()
        }

    def _chunk(self, role: str, moves: int) -> Sequence[Tensor]:
        """Draw (S, rows, ...) for each move of a chunk."""
        count = self.chunk_steps * moves
        draws = [self._draw(role, count, rng) for rng in self.generators[role]]
        return torch.stack(draws, dim=1).unbind()

    def _draw(self, role: str, count: int, rng: torch.Generator) -> Tensor:
        """Draw (count, rows, ...) from one seed's stream."""
        size, shape = self.game.recipe.batch_size, self.dataset.spec.shape
        if role == "real":
            return self.dataset.sample(count * size, "train", rng).view(count, size, *shape)
        if role == "noise":
            return self.prior.sample((count, size), rng)
        draw, rows, shape = self.game.draws[role]
        if isinstance(draw.per, tuple):
            return numbers_of(draw, (count,), draw.per, rng)
        return numbers_of(draw, (count, rows), shape, rng)


def numbers_of(
    draw: Draw, leading: tuple[int, ...], shape: tuple[int, ...], rng: torch.Generator
) -> Tensor:
    """Draw (*leading, *shape), or ones in place of the shape where it is one for each sample."""
    function = torch.rand if draw.law == "uniform" else torch.randn
    each = (1,) * len(shape) if draw.per == "sample" else shape
    return function((*leading, *each), generator=rng, device=rng.device)
