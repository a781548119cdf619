"""Ganbench's engine on the cases, with drawing of batches and the moving average."""

from collections.abc import Callable
from dataclasses import replace

import torch

from benchmarks.speed.cases import NOISE, RATE, Case, Dcgan, Mlp, bank
from ganbench.api import Dataset, DataSpec, Split
from ganbench.cells import Cell, plan
from ganbench.grid import make_grid
from ganbench.plugins import load_plugins
from ganbench.training.ensemble import Ensemble

CPU = torch.device("cpu")


class Bank(Dataset):
    """The rows of a case, picked with replacement."""

    def __init__(self, data: str) -> None:
        numbers, self.spread = bank(data)
        self.numbers = torch.from_numpy(numbers)
        kind = {"ring8": "vector", "sequences": "sequence"}.get(data, "image")
        low, high = (-1.0, 1.0) if kind == "image" else (None, None)
        self.spec = DataSpec(kind, tuple(numbers.shape[1:]), low=low, high=high)

    def sample(self, n: int, split: Split, rng: torch.Generator) -> torch.Tensor:  # noqa: ARG002
        """Draw (n, *shape)."""
        rows = self.numbers.to(rng.device)
        picked = rows[torch.randint(len(rows), (n,), generator=rng, device=rng.device)]
        if not self.spread:
            return picked
        return picked + self.spread * torch.randn(picked.shape, generator=rng, device=rng.device)


def cell(case: Case, seeds: int, **recipe: object) -> Cell:
    """Return the case as a cell with a block of so many seeds."""
    players = case.players
    if isinstance(players, Mlp):
        architecture, dataset = f"mlp(width={players.width}, depth={players.depth})", "ring8"
    elif isinstance(players, Dcgan):
        architecture, dataset = f"dcgan(width={players.width})", "digits"
    else:
        architecture, dataset = f"lstm(hidden={players.hidden})", "markov"
    settings = {"batch_size": case.batch, "block": seeds, "critic_steps": 1}
    rates = {"generator_rate": RATE, "critic_rate": RATE, "schedule": "constant"}
    grid = make_grid(
        {
            "name": "speed",
            "datasets": [dataset],
            "priors": [f"normal(dim={NOISE})"],
            "architectures": [architecture],
            "losses": [case.loss],
            "train": {**settings, **rates, **recipe},
        },
        origin="speed",
    )
    (planned,) = plan(grid, load_plugins())
    return replace(planned, dataset=replace(planned.dataset, value=Bank(case.data)))


def engine_training(
    case: Case, seeds: int, device: torch.device = CPU, **recipe: object
) -> tuple[Callable[[int], None], str]:
    """Build the training of some seeds.

    Returns:
        What trains for a number of steps, and the rung that it runs on.
    """
    ensemble = Ensemble(cell(case, seeds, **recipe), range(seeds), device)
    engine, batches = ensemble.engine(), iter(ensemble.streams)
    done = 0

    def train(count: int) -> None:
        nonlocal done
        moments = ensemble.clock.moments(done, done + count)
        for clock, step in zip(moments, batches, strict=False):
            for name, batch, moment in zip(ensemble.game.moves(done), step, clock, strict=True):
                engine.moves[name](batch, moment)
            done += 1
        if device.type == "cuda":
            torch.cuda.synchronize()

    return train, engine.rung
