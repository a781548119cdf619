"""Algorithm 1 of Goodfellow et al. 2014 (arXiv:1406.2661), over all seeds of a cell at once."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

from ganbench.cells import Cell
from ganbench.energy import energy_counter
from ganbench.errors import Interrupted
from ganbench.training.checkpoint import Checkpoint
from ganbench.training.ensemble import Ensemble
from ganbench.training.rungs import Engine

PAUSES = 10
HISTORY_POINTS = 200


class Block(Protocol):
    """What has been learned by a block of seeds."""

    cell: Cell
    seeds: tuple[int, ...]

    def generate(self, count: int, role: str) -> Tensor:
        """Draw projected samples (seeds, count, *shape); equal roles give equal samples."""
        ...

    def generator(self, slot: int) -> Mapping[str, Tensor] | None:
        """Return the network of one seed, parameters and buffers by name, if it is one."""
        ...

    def critic(self, slot: int) -> Mapping[str, Tensor] | None:
        """Return the critic of one seed in the same way, if it has one that learns."""
        ...


B = TypeVar("B", bound=Block)


@dataclass
class Progress(Generic[B]):
    """What training has come to, and how.

    Attributes:
        ensemble: the players, or the fitted laws of a baseline.
        engine: the moves and the rung that they run on, once training has begun.
        step: generator steps done.
        resumed: the step of the checkpoint that training went on from, 0 for none.
        history: rows (step, seed, quantity, value): means of both losses since the last row, and
            what others add at the pauses.
        diverged: for each diverged seed, the step at which that was seen.
        seconds: spent in training, without what others do at the pauses.
        joules: that the device took meanwhile, None where nobody counts them.
    """

    ensemble: B
    engine: Engine | None = None
    step: int = 0
    resumed: int = 0
    history: list[tuple[int, int, str, float]] = field(default_factory=list)
    diverged: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    joules: float | None = None

    @property
    def passes(self) -> tuple[int, int]:
        """How often a seed's generator and critic were applied to a batch, as steps are written.

        The slope of a critic counts as one application.
        """
        if self.engine is None:
            return 0, 0
        counts = [self.engine.passes[name] for name in self._moves()]
        return sum(generator for generator, _ in counts), sum(critic for _, critic in counts)

    def _moves(self) -> Iterator[str]:
        assert isinstance(self.ensemble, Ensemble)
        for step in range(self.step):
            yield from self.ensemble.game.moves(step)


def train(
    cell: Cell,
    seeds: Sequence[int],
    device: torch.device,
    checkpoint: Checkpoint | None = None,
    stopping: Callable[[], bool] = lambda: False,
    pauses: int = PAUSES,
) -> Iterator[Progress[Ensemble]]:
    """Train a block of seeds; pause now and then and yield the progress so far.

    The first pause is before the first step or where the checkpoint was, the last after the last
    step, or where every seed has diverged.

    Args:
        cell: what to train.
        seeds: the block.
        device: where.
        checkpoint: where to go on from, if something is there, and to save to now and then. The
            results are the same to the bit as without.
        stopping: asked after each step whether to save and stop.
        pauses: how many, besides the first; they change no result.

    Raises:
        Interrupted: if it was stopped.
    """
    ensemble, recipe = Ensemble(cell, seeds, device), cell.recipe
    progress = Progress(ensemble)
    watch = _Stopwatch(progress, recipe.seconds)
    recorder = _Recorder(progress)
    paused = {round(recipe.steps * part / pauses) for part in range(1, pauses + 1)}
    progress.engine = ensemble.engine()
    if checkpoint is not None:
        checkpoint.restore(progress)
    yield progress

    watch.start()
    moments = ensemble.clock.moments(progress.step, recipe.steps, watch.spent)
    for clock, batches in zip(moments, ensemble.streams, strict=False):
        names = ensemble.game.moves(progress.step)
        for position, name in enumerate(names):
            place = min(position, len(batches) - 1)  # a lookahead needs no batch of its own
            progress.engine.moves[name](batches[place], clock[place])
        progress.step += 1
        over = progress.step == recipe.steps or watch.spent() >= 1
        recorder.record(over)
        if over or progress.step in paused:
            recorder.note_divergence()
            watch.stop()
            yield progress
            if over or len(progress.diverged) == len(seeds):
                return
            watch.start()
        stop = stopping()
        if checkpoint is not None and (stop or checkpoint.due()):
            watch.stop()
            checkpoint.save(progress)
            watch.start()
        if stop:
            raise Interrupted(f"stopped at step {progress.step}")


class _Stopwatch:
    """Adds up the time spent in training."""

    def __init__(self, progress: Progress[Ensemble], budget: float | None) -> None:
        self.progress, self.budget = progress, budget
        self.counter = energy_counter(progress.ensemble.device)
        self.start()

    def start(self) -> None:
        self.started = time.perf_counter()
        self.joules = self.counter() if self.counter else 0.0

    def stop(self) -> None:
        now = time.perf_counter()
        self.progress.seconds += now - self.started
        if self.counter is not None:
            self.progress.joules = (self.progress.joules or 0.0) + self.counter() - self.joules
        self.start()

    def spent(self) -> float:
        """Return the fraction of the budget of seconds that is used up."""
        if self.budget is None:
            return 0.0
        return (self.progress.seconds + time.perf_counter() - self.started) / self.budget


class _Recorder:
    """Fetches the means of both losses, and what the loss carries, now and then."""

    def __init__(self, progress: Progress[Ensemble]) -> None:
        self.progress, self.state = progress, progress.ensemble.state
        recipe = progress.ensemble.cell.recipe
        self.interval = max(1, recipe.steps // HISTORY_POINTS)
        self.moves = {"critic_loss": progress.ensemble.game.critic_steps, "generator_loss": 1}
        self.moves = {quantity: moves for quantity, moves in self.moves.items() if moves}
        self.carried = [
            name
            for name, value in self.state.items()
            if name.startswith("loss.") and value.ndim == 1
        ]

    def record(self, over: bool) -> None:
        progress = self.progress
        since = progress.step % self.interval
        if since and not over:
            return
        for quantity, moves in self.moves.items():
            total = self.state[f"total.{quantity}"]
            means = (total / (moves * (since or self.interval))).tolist()
            total.zero_()
            self._note(quantity, means)
        for name in self.carried:
            self._note(name.removeprefix("loss."), self.state[name].tolist())

    def _note(self, quantity: str, values: list[float]) -> None:
        for seed, value in zip(self.progress.ensemble.seeds, values, strict=False):
            self.progress.history.append((self.progress.step, seed, quantity, value))

    def note_divergence(self) -> None:
        progress = self.progress
        for seed, fine in zip(progress.ensemble.seeds, progress.ensemble.finite(), strict=True):
            if not fine:
                progress.diverged.setdefault(seed, progress.step)
