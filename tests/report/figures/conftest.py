"""Runs that were really trained, if only for some steps, for figures that need players."""

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from ganbench.cells import plan
from ganbench.data import Modes
from ganbench.errors import SpecError
from ganbench.grid import make_grid
from ganbench.report.tables import TIDY_COLUMNS
from ganbench.training.loop import train
from ganbench.training.sampling import Stored

STEPS = 8


def grid(dataset, player):
    return make_grid(
        {
            "name": "drawn",
            "seeds": 1,
            "datasets": [dataset],
            "priors": ["normal(dim=3)"],
            "architectures": [player],
            "losses": ["ns", "hinge"],
            "train": {"generator_steps": STEPS, "batch_size": 8, "block": 2},
            "evaluation": {"samples": 50, "floor_splits": 2},
        },
        origin="test",
    )


def trained(registry, results, dataset, player):
    """Return results of two losses on a dataset, one seed each, with their players."""
    rows, stored, samples = [], {}, {}
    for cell in plan(grid(dataset, player), registry):
        *_, progress = train(cell, [0], torch.device("cpu"))
        run = f"{cell.labels['loss']}-run"
        ensemble = progress.ensemble
        stored[run] = Stored(cell, 0, ensemble.generator(0), ensemble.critic(0))
        samples[run] = ensemble.generate(200, "evaluation")[0]
        rows.append(
            {
                **dict.fromkeys(TIDY_COLUMNS),
                **cell.labels,
                **{"run_id": run, "seed": 0, "status": "ok", "reason": "", "attempts": 1},
                **{"metric": "distance", "estimator": "rbf", "value": 0.1 * (1 + len(rows))},
                **{"better": "lower", "headline": True, "train_seconds": 1.0 + len(rows)},
            }
        )
    law = cell.dataset.value.judged
    return replace(
        results,
        frame=pd.DataFrame(rows),
        samples=samples.__getitem__,
        history=lambda run: results.history(f"{run}-0"),
        dataset=lambda _: law,
        stored=stored.__getitem__,
    )


@pytest.fixture(scope="package")
def plane(registry, results):
    return trained(registry, results, "ring8(std=0.1)", "mlp(width=8, depth=1)")


@pytest.fixture(scope="package")
def played(registry, results):
    """Make trained results of each kind of data, once."""
    kinds = {
        "image": ("digits", "mlp(width=8, depth=1)"),
        "table": ("fair", "mlp(width=8, depth=1)"),
        "sequence": ("markov(vocabulary=4, length=6)", "mlp(width=8, depth=1)"),
        "vector": ("gaussian(dim=5)", "mlp(width=8, depth=1)"),
    }
    return functools.cache(lambda kind: trained(registry, results, *kinds[kind]))


@pytest.fixture(scope="package")
def few(results):
    """Return the results of two losses, which are drawn sooner."""
    frame = results.frame
    return replace(results, frame=frame[frame["loss"].isin(["plain", "relative"])])


@pytest.fixture
def mixture(results):
    """Return results whose plane has eight known modes, the first the heaviest."""
    law = results.dataset("ring8")
    angle = np.arange(8) * (np.pi / 4)
    weights = np.array([0.3, *[0.1] * 7])
    centers = 2 * np.stack([np.cos(angle), np.sin(angle)], 1)

    class Known(type(law)):
        modes = Modes(centers, 0.1, weights)

    return replace(results, dataset=lambda _: Known())


def unplayed(run_id):
    raise SpecError("A baseline has neither noise nor players.")
