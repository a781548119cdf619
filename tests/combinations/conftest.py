"""Train whatever fits, briefly: finite values, and gradients that reach every parameter."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from trying import LAWS, WRITERS, fault

from ganbench.cells import Cell, plan
from ganbench.grid import make_grid
from ganbench.plugins import Registry
from ganbench.seeding import derive
from ganbench.training import streams


@pytest.fixture(autouse=True)
def _draw_no_more_than_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the batches of 20 steps at a time: those of more would be thrown away."""
    monkeypatch.setattr(streams, "_CHUNK_STEPS", 20)


@pytest.fixture(scope="session")
def fitting(registry: Registry) -> Callable[..., Iterator[Cell]]:
    """Expand axes to the cells that can be trained, on the rung that needs no tracing."""

    def cells(**axes: Any) -> Iterator[Cell]:
        recipe = {"generator_steps": 20, "batch_size": 20, "block": 1, "rung": "loop"}
        fields = {
            "name": "combinations",
            "datasets": [LAWS["vector"]],
            "architectures": [WRITERS["vector"]],
            "losses": ["ns"],
            "priors": ["normal(dim=3)"],
            "train": {**recipe, "critic_steps": 1, "ema": 0.0},
        }
        return (
            each
            for each in plan(make_grid({**fields, **axes}, "test"), registry)
            if each.misfit is None
        )

    return cells


def _chosen(cells: list[Cell]) -> list[Cell]:
    """Return a sixth of the cells, by the hashes of their titles, or the first of a few."""
    if os.environ.get("GANBENCH_ALL_COMBINATIONS"):
        return cells
    sixth = [cell for cell in cells if derive(0, cell.title) % 6 == 0]
    return sixth or cells[:1]


@pytest.fixture(scope="session")
def check() -> Callable[[Iterator[Cell]], None]:
    """Assert that each of some cells, at least one, trains without a fault.

    Of many cells a sixth is trained, always the same; GANBENCH_ALL_COMBINATIONS=1 trains all.
    """

    def run(cells: Iterator[Cell]) -> None:
        faults = {cell.title: fault(cell) for cell in _chosen(list(cells))}
        assert faults
        assert not {title: reason for title, reason in faults.items() if reason}

    return run
