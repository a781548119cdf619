"""A fabricated results folder with one dataset of each kind and one run of each fate."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch

from ganbench.api import Column, Dataset, DataSpec
from ganbench.comparison.columns import CELL
from ganbench.errors import PluginError
from ganbench.plugins import KINDS, Entry, Registry
from ganbench.report.tables import TIDY_COLUMNS
from ganbench.results import Results

ARCHITECTURES = [("small", "small"), ("small", "auto_encoder")]
LOSSES = ["plain", "plain+slope(gamma=0.1)", "far+slope(weight=10)", "edge & <b>", "relative"]
SEEDS = range(4)
FATES = {
    ("ring8", "small", "relative", 1): ("diverged", "the critic's loss is not finite at step 40"),
    ("ring8", "auto_encoder", "plain", 2): ("failed", "<script>alert(1)</script>"),
    ("ring8", "auto_encoder", "relative", 0): ("missing", ""),
    ("people", "auto_encoder", "relative", 0): ("incompatible", "no such player for tables"),
    ("tiles", "small", "plain", 3): ("timeout", "stopped after 10 s"),
}
SCORES = [  # metric, estimator, better, headline, scale
    ("distance", "rbf", "lower", True, 0.02),
    ("distance", "linear", "lower", False, 0.1),
    ("covered", "share", "higher", True, 0.8),
    ("divergence", "knn", "lower", True, 0.3),
]


class Ring(Dataset):
    spec = DataSpec("vector", (2,))

    def sample(self, n, split, rng):
        angle = torch.randint(8, (n,), generator=rng) * (math.pi / 4)
        centre = torch.stack([angle.cos(), angle.sin()], 1)
        return 2 * centre + 0.1 * torch.randn(n, 2, generator=rng)

    def log_prob(self, x):
        angle = torch.arange(8) * (math.pi / 4)
        centres = 2 * torch.stack([angle.cos(), angle.sin()], 1)
        square = ((x[:, None] - centres) ** 2).sum(-1)
        return torch.logsumexp(-square / 0.02, 1) - math.log(8 * 2 * math.pi * 0.01)


class People(Dataset):
    jobs = ("clerk", "self-employed, incorporated", "farmer")
    spec = DataSpec(
        "table",
        (5,),
        (
            Column("age", "numeric"),
            Column("hours_per_week", "numeric"),
            Column("job", "categorical", jobs),
        ),
    )

    def sample(self, n, split, rng):
        numbers = torch.randn(n, 2, generator=rng)
        job = torch.multinomial(torch.tensor([0.6, 0.3, 0.1]), n, True, generator=rng)
        return torch.cat([numbers, torch.eye(3)[job]], 1)

    def to_frame(self, x):
        jobs = [self.jobs[i] for i in x[:, 2:].argmax(1)]
        numbers = x.numpy()
        return pd.DataFrame(
            {
                "age": 40 + 12 * numbers[:, 0],
                "hours_per_week": 38 + numbers[:, 1] ** 3,
                "job": jobs,
            }
        )


class Tiles(Dataset):
    spec = DataSpec("image", (1, 8, 8), low=0.0, high=1.0)

    def sample(self, n, split, rng):
        row, column = torch.randint(1, 7, (2, n), generator=rng)
        x = torch.zeros(n, 1, 8, 8)
        x[torch.arange(n), 0, row] = 1
        x[torch.arange(n), 0, :, column] = 0.7
        return x


DATASETS = {"ring8": Ring(), "people": People(), "tiles": Tiles()}


def run_rows(dataset, players, loss, seed, rng):
    status, reason = FATES.get((dataset, players[1], loss, seed), ("ok", ""))
    run = {
        **dict.fromkeys(TIDY_COLUMNS),
        **{"run_id": f"{dataset}-{players[1]}-{LOSSES.index(loss)}-{seed}", "dataset": dataset},
        **{"prior": "normal(dim=16)", "generator": players[0], "discriminator": players[1]},
        **{"loss": loss, "seed": seed, "status": status, "reason": reason},
        **{"generator_steps": 1000, "train_seconds": 3.5, "device": "cpu", "engine": "traced"},
        **{"generator_parameters": 1234},
        **{"better": None, "headline": False},
    }
    if status != "ok":
        return [run]
    quality = 1 + LOSSES.index(loss) + (players[1] == "auto_encoder")
    return [
        run
        | {"metric": metric, "estimator": estimator, "better": better, "headline": headline}
        | {
            "value": scale
            * (quality if better == "lower" else 1 / quality)
            * rng.uniform(0.8, 1.2)
        }
        | {"floor": scale * (0.5 if better == "lower" else 1.2), "n_real": 1000, "n_fake": 1000}
        | {"floor_p95": scale * (0.9 if better == "lower" else 1.1)}
        for metric, estimator, better, headline, scale in SCORES
    ]


def cells(rows):
    """What the folder was asked for, as experiment.json keeps it."""
    found = {}
    for row in rows:
        labels = {name: row[name] for name in CELL}
        settings = {"generator_steps": 1000, "batch_size": 128}
        new = {"labels": labels, "recipe": settings, "runs": {}, "origin": "demo 1.0; engine 2"}
        cell = found.setdefault(",".join(labels.values()), new)
        cell["runs"][str(row["seed"])] = row["run_id"]
    return found


def history(run_id):
    rng = np.random.default_rng(len(run_id) + int(run_id[-1]))
    steps = np.arange(0, 1000, 10)
    curves = {
        "critic_loss": 1.4 - 0.4 * np.exp(-steps / 200),
        "generator_loss": 0.7 + 0.3 * np.exp(-steps / 300),
        "distance/rbf": 0.02 + np.exp(-steps / 150),
    }
    return pd.concat(
        pd.DataFrame(
            {"step": steps, "quantity": name, "value": curve * rng.uniform(0.9, 1.1, 100)}
        )
        for name, curve in curves.items()
    )


def fake_samples(run_id):
    dataset = DATASETS[run_id.split("-")[0]]
    rng = torch.Generator().manual_seed(int(run_id[-1]))
    x = dataset.sample(800, "test", rng)
    if dataset.spec.kind == "table":
        return torch.cat([x[:, :2] * 0.7, x[:, 2:]], 1)
    return x + 0.15 * torch.randn(x.shape, generator=rng)


def fabricate():
    rng = np.random.default_rng(0)
    rows = [
        row
        for dataset, players, loss, seed in product(DATASETS, ARCHITECTURES, LOSSES, SEEDS)
        for row in run_rows(dataset, players, loss, seed, rng)
    ]
    return Results(
        name="demo",
        experiment={
            "grid": {"name": "demo", "seeds": 4},
            "commands": ["ganbench run --grid demo --seeds 4"],
            "environment": {"python": "3.12", "packages": {"torch": "2.13", "numpy": "2.3"}},
            "cells": cells(rows),
        },
        frame=pd.DataFrame(rows),
        history=history,
        samples=fake_samples,
        dataset=DATASETS.__getitem__,
        reason=lambda run_id: f"Traceback of {run_id}\n<script>alert(1)</script>",
    )


def described(text=""):
    """A registry whose components say what they are and where they come from."""

    def factory():
        pass

    factory.__doc__ = f"How far apart{text}.\n\nSource: Ada & Bell 2021, arXiv:2101.00001{text}"
    entries = {kind: {} for kind in KINDS}
    for kind, name in (("metric", "distance"), ("metric", "covered"), ("loss", "plain")):
        entry = Entry(kind, name + text, factory, "demo", "demo 1.0")
        entries[kind][name + text] = (entry,)
    return Registry(entries, (), None)


@pytest.fixture(scope="session")
def results():
    return fabricate()


@pytest.fixture(scope="session")
def describe():
    """Make a registry whose components say what they are, with a text in all that they say."""
    return described


@pytest.fixture
def without_plugin(results):
    def dataset(label):
        raise PluginError(f"The plugin of '{label}' is not installed")

    return replace(results, dataset=dataset)
