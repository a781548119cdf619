"""Algorithm 1 of Goodfellow et al. 2014 (arXiv:1406.2661), over all seeds of a cell at once."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch

from ganbench.cells import Cell
from ganbench.training.ensemble import Ensemble
from ganbench.training.rungs import Engine, choose
from ganbench.training.streams import clocks

CHECKPOINTS = 10
HISTORY_POINTS = 200


@dataclass
class Progress:
    """What training has come to, and how.

    Attributes:
        ensemble: the players.
        engine: the steps and the rung that they run on, once training has begun.
        step: generator steps done.
        history: rows (step, seed, quantity, value) of both losses, averaged between points.
        diverged: for each diverged seed, the step at which that was seen.
        seconds: spent in training, without what others do at the pauses.
    """

    ensemble: Ensemble
    engine: Engine | None = None
    step: int = 0
    history: list[tuple[int, int, str, float]] = field(default_factory=list)
    diverged: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0


def train(cell: Cell, seeds: Sequence[int], device: torch.device) -> Iterator[Progress]:
    """Train a block of seeds; pause at about ten checkpoints and yield the progress so far.

    The first pause is before the first step, the last after the last one, or where every seed has
    diverged.
    """
    ensemble = Ensemble(cell, seeds, device)
    state, total = ensemble.state, cell.recipe.generator_steps
    progress = Progress(ensemble)
    recorder = _Recorder(progress, max(1, total // HISTORY_POINTS))
    pauses = {round(total * part / CHECKPOINTS) for part in range(1, CHECKPOINTS + 1)}
    yield progress

    started = time.perf_counter()
    for clock, batches in zip(clocks(cell.recipe, device), ensemble.streams, strict=False):
        if progress.engine is None:
            steps = (ensemble.game.critic_step, ensemble.game.generator_step)
            progress.engine = choose(steps, state, batches[0], clock[0])
        critic_step, generator_step = progress.engine.steps
        for batch, moment in zip(batches[:-1], clock[:-1], strict=True):
            state.update(critic_step(state, batch, moment))
        state.update(generator_step(state, batches[-1], clock[-1]))

        progress.step += 1
        recorder.record()
        if progress.step in pauses:
            recorder.note_divergence()
            progress.seconds += time.perf_counter() - started
            yield progress
            if len(progress.diverged) == len(seeds):
                return
            started = time.perf_counter()


class _Recorder:
    """Keeps losses on the device and fetches their means now and then."""

    def __init__(self, progress: Progress, interval: int) -> None:
        self.progress, self.interval = progress, interval
        self.total = progress.ensemble.cell.recipe.generator_steps
        self.pending: dict[str, list[torch.Tensor]] = {"critic_loss": [], "generator_loss": []}

    def record(self) -> None:
        progress = self.progress
        for quantity, values in self.pending.items():
            values.append(progress.ensemble.state[quantity])
        if progress.step % self.interval and progress.step < self.total:
            return
        for quantity, values in self.pending.items():
            means = torch.stack(values).mean(dim=0).tolist()
            values.clear()
            for seed, value in zip(progress.ensemble.seeds, means, strict=False):
                progress.history.append((progress.step, seed, quantity, value))

    def note_divergence(self) -> None:
        progress = self.progress
        for seed, fine in zip(progress.ensemble.seeds, progress.ensemble.finite(), strict=True):
            if not fine:
                progress.diverged.setdefault(seed, progress.step)
