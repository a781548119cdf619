"""Tiny cells to train."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from ganbench.cells import Cell, plan
from ganbench.grid import make_grid
from ganbench.training.ensemble import Ensemble
from ganbench.training.loop import train

CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def make_cell(registry) -> Callable[..., Cell]:
    def make(
        dataset: str = "ring8",
        loss: str = "ns",
        architecture: str = "mlp(width=8, depth=1)",
        **recipe: Any,
    ) -> Cell:
        settings = {"generator_steps": 20, "batch_size": 8, "block": 3, **recipe}
        grid = make_grid(
            {
                "name": "tiny",
                "datasets": [dataset],
                "architectures": [architecture],
                "losses": [loss],
                "priors": ["normal(dim=3)"],
                "train": settings,
            },
            origin="test",
        )
        (cell,) = plan(grid, registry)
        return cell

    return make


@pytest.fixture(scope="session")
def trained() -> Callable[..., Ensemble]:
    def run(cell: Cell, seeds: Sequence[int]) -> Ensemble:
        *_, progress = train(cell, seeds, CPU)
        return progress.ensemble

    return run
