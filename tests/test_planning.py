"""Planning: the ids stay what they are, and a large grid asks each question once."""

import dataclasses
from collections import Counter
from pathlib import Path

import pytest
import torch

from ganbench import cells as planning
from ganbench import evaluation, rules
from ganbench.cells import ENGINE_VERSION, digest, plan
from ganbench.evaluation import build_metrics
from ganbench.execution.tasks import make_plan
from ganbench.grid import load_grid
from ganbench.plugins import Registry
from ganbench.store import Store

CPU = torch.device("cpu")


@pytest.fixture
def planned(registry):
    """Plan a grid against a store that does not exist."""

    def make(grid, registry=registry):
        metrics, nowhere = build_metrics(grid.metrics, registry), Store(Path("nowhere"))
        return make_plan(grid, plan(grid, registry), metrics, CPU, nowhere)

    return make


@pytest.fixture
def wide(tiny):
    """A grid of 3 x 4 x 6 x 5 cells of two seeds, two rules and three metrics."""
    return tiny(
        datasets=["ring8", "grid25", "student_t"],
        architectures=["mlp(width=[4, 5, 6, 7])"],
        losses=["ns+r1(gamma=[0.01, 0.02, 0.03, 0.04, 0.05, 0.06])"],
        priors=["normal(dim=[1, 2, 3, 4, 5])"],
        metrics=["mmd(permutations=19)", "modes", "sw"],
        override=[
            {"where": {"dataset": "grid25"}, "set": {"ema": 0.5}},
            {"where": {"loss": "ns+r1(gamma=0.01)", "prior": "normal"}, "set": {"ema": 0.9}},
        ],
    )


@pytest.mark.parametrize(
    ("name", "runs", "recorded"),
    [("smoke", 8, "5ca6d4af6b67ad0a"), ("default", 175, "41e8e3078e263eff")],
)
def test_ids_are_those_of_stored_results(registry, planned, name, runs, recorded):
    """What is stored is found by these ids: they change with ENGINE_VERSION only, or a default."""
    entries = {
        kind: {
            each: tuple(dataclasses.replace(entry, owner="tests") for entry in owners)
            for each, owners in named.items()
        }
        for kind, named in registry.entries.items()
    }
    of_any_version = dataclasses.replace(registry, entries=entries)
    found = planned(load_grid(name, registry), of_any_version)
    assert len(found.run_ids) == runs
    assert digest([[each.key, list(each.runs.values())] for each in found.cells]) == recorded


def test_ids_are_hashes_of_plain_data(tiny, registry, planned):
    grid = tiny(
        datasets=["ring8(std=0.03)", "digits"],
        losses=["ns+r1(gamma=0.1)+r2", "gmmn", "ns"],
        baselines=["kde(rows=[100, 200])"],
        seeds=[3, 40],
    )
    for each in planned(grid).cells:
        cell = each.cell
        plain = {
            "dataset": {**cell.dataset.identity, "fingerprint": cell.fingerprint},
            "prior": cell.prior.identity,
            "generator": cell.generator.identity,
            "discriminator": cell.discriminator.identity,
            "loss": [part.identity for part in (cell.loss, *cell.regularizers)],
            "recipe": cell.recipe.model_dump(),
            "device": "cpu",
            "engine": ENGINE_VERSION,
        }
        assert each.key == digest(plain)
        assert each.runs == {seed: digest({**plain, "seed": seed}) for seed in (3, 40)}
        assert each.runs == {seed: cell.run_id(seed, "cpu") for seed in (3, 40)}


def test_each_question_is_asked_once_however_many_cells_there_are(
    registry, planned, wide, monkeypatch
):
    asked = Counter()
    architecture = type(plan(wide, registry)[0].generator.value)
    dataset = type(plan(wide, registry)[0].dataset.value)
    metrics = build_metrics(wide.metrics, registry)

    def count(owner, name, key):
        original = getattr(owner, name)

        def counted(*arguments, **keywords):
            asked[(name, *key(*arguments))] += 1
            return original(*arguments, **keywords)

        monkeypatch.setattr(owner, name, counted)

    count(Registry, "build", lambda _, kind, component: (kind, str(component)))
    count(architecture, "misfit", lambda self, spec: (id(self), id(spec)))
    count(dataset, "fingerprint", lambda self: (id(self),))
    for metric in metrics:
        count(type(metric.value), "misfit", lambda self, law: (id(self), id(law)))
    count(planning.recipe, "resolve", lambda *layers: (str([said for _, said in layers]),))
    count(planning, "warnings_of", lambda law, noise: (law.label, noise.label))
    count(evaluation, "digest", lambda value: (str(value),))
    count(rules, "_agrees", lambda pattern, actual: (pattern, actual))

    found = planned(wide)
    assert len(found.cells) == 360
    assert len([task for task in found.tasks if task.kind == "train"]) == 360
    of_players = {key: times for key, times in asked.items() if key[0] == "misfit"}
    assert set(of_players.values()) <= {1, 2}, "a family is asked for each of its two roles"
    others = {key: times for key, times in asked.items() if key not in of_players}
    assert set(others.values()) == {1}
    kinds = Counter(key[0] for key in others)
    assert kinds["build"] == 3 + 4 + 1 + 6 + 5 + 3
    assert kinds["warnings_of"] == 3 * 5
    assert kinds["resolve"] == 4, "two rules, each fits or not"
    assert kinds["digest"] == 3 * 3 - 1, "modes does not fit student_t"
    assert sum(asked.values()) < 150


def test_cells_and_tasks_share_what_is_equal(planned, wide):
    found = planned(wide)
    tasks = [task for task in found.tasks if task.kind == "train"]
    assert len({id(each.cell.recipe) for each in found.cells}) == 3
    assert len({id(task.cell["recipe"]) for task in tasks}) == 3
    assert len({id(task.cell["loss"]) for task in tasks}) == 6
    assert len({id(each.cell.regularizers) for each in found.cells}) == 6
    assert len({id(each.status) for each in found.cells}) == 1
    assert len({id(each.evaluator) for each in found.cells}) == 3
    assert len({id(task.metrics) for task in tasks}) == 3
    assert len({id(task.evaluation) for task in tasks}) == 3
    assert all(not hasattr(each, "__dict__") for each in (*tasks, *found.cells))
