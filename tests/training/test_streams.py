"""Batches, noise and the clock."""

import itertools

import pytest
import torch

from ganbench.recipe import Recipe
from ganbench.training.ensemble import Ensemble
from ganbench.training.streams import clocks, schedule_factor

CPU = torch.device("cpu")


def batches(cell, seeds, count):
    return list(itertools.islice(Ensemble(cell, seeds, CPU).streams, count))


def test_a_seed_sees_the_same_numbers_whatever_its_neighbours(make_cell):
    cell = make_cell(loss="ns+gp", critic_steps=2)
    first = batches(cell, [0, 1, 2], 100)
    second = batches(cell, [7, 1], 100)
    for ours, theirs in zip(first, second, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert all(torch.equal(a[name][1], b[name][1]) for name in a)


def test_moves_roles_and_shapes(make_cell):
    step, *_ = batches(make_cell(loss="ns+gp", critic_steps=2), [0], 1)
    assert len(step) == 3
    shapes = {name: tuple(value.shape) for name, value in step[0].items()}
    assert shapes == {
        "real": (3, 8, 2),
        "noise": (3, 8, 3),
        "regularizer0.mix": (3, 8, 1),
    }
    values = torch.stack([batch["noise"] for batch in step])
    assert len(values.unique()) == values.numel(), "every draw is fresh"


def test_the_clock_counts_steps_of_both_players():
    recipe = Recipe(generator_steps=70, critic_steps=2, schedule="constant")
    moments = list(clocks(recipe, CPU))
    assert len(moments) == 70
    assert [float(m["critic_step"]) for m in moments[69]] == [139, 140, 140]
    assert [float(m["generator_step"]) for m in moments[69]] == [70, 70, 70]
    assert float(moments[0][0]["critic_rate"]) == pytest.approx(recipe.critic_rate)


@pytest.mark.parametrize(
    ("schedule", "values"),
    [("constant", [1, 1, 1]), ("linear", [1, 1, 0.5]), ("cosine", [1, 0.5, 0.146447])],
)
def test_schedules(schedule, values):
    recipe = Recipe(schedule=schedule)
    factors = [schedule_factor(recipe, progress) for progress in (0, 0.5, 0.75)]
    assert factors == pytest.approx(values, abs=1e-6)
