"""The numbers that steps read."""

import pytest
import torch

from ganbench.recipe import Recipe
from ganbench.training.clock import schedule_factor
from ganbench.training.ensemble import Ensemble

CPU = torch.device("cpu")


def moments(cell):
    return list(Ensemble(cell, [0], CPU).clock.moments(0, cell.recipe.steps))


def test_the_clock_counts_updates_of_both_players(make_cell):
    """Bias correction of Adam tells which update it is."""
    settings = {
        "generator_steps": 70,
        "critic_steps": 2,
        "schedule": "constant",
        "beta1": 0.9,
        "beta2": 0.0,
    }
    steps = moments(make_cell(**settings))
    assert len(steps) == 70
    scale = {n: 1e-3 / (1 - 0.9**n) for n in range(1, 141)}
    assert [float(m["critic.scale"]) for m in steps[2]] == pytest.approx(
        [scale[5], scale[6], scale[6]]
    )
    assert float(steps[2][2]["generator.scale"]) == pytest.approx(scale[3])
    first = moments(make_cell(**settings, updates="generator_first"))[2]
    assert [float(m["critic.scale"]) for m in first[1:]] == pytest.approx([scale[5], scale[6]])


def test_numbers_of_components_are_on_the_clock(make_cell):
    moment = moments(make_cell(loss="ls(a=-1.0, b=1.0)+gp(weight=2.5)"))[0][0]
    assert {name: float(moment[name]) for name in ("loss.a", "loss.b", "loss.c")} == {
        "loss.a": -1,
        "loss.b": 1,
        "loss.c": 1,
    }
    assert float(moment["regularizer0.weight"]) == 2.5


def test_an_extragradient_step_counts_twice(make_cell):
    settings = {"updates": "extragradient", "schedule": "constant", "beta2": 0.0}
    (moment,) = moments(make_cell(**settings))[1]
    assert float(moment["ahead.generator.scale"]) == pytest.approx(1e-3 / (1 - 0.5**3))
    assert float(moment["generator.scale"]) == pytest.approx(1e-3 / (1 - 0.5**4))


def test_plain_critic_moves_before_an_extragradient_one_count_once(make_cell):
    settings = {"updates": "extragradient", "critic_steps": 2, "schedule": "constant"}
    plain, joint = moments(make_cell(**settings, beta2=0.0))[1]
    scale = [float(x) for x in (plain["critic.scale"], joint["ahead.critic.scale"])]
    assert scale == pytest.approx([1e-3 / (1 - 0.5**4), 1e-3 / (1 - 0.5**5)])
    assert float(joint["critic.scale"]) == pytest.approx(1e-3 / (1 - 0.5**6))


def test_a_budget_of_seconds_moves_the_schedule_on(make_cell):
    clock = Ensemble(make_cell(generator_optimizer="sgd"), [0], CPU).clock
    (early,) = clock.moments(0, 1)
    (late,) = clock.moments(0, 1, lambda: 0.75)
    assert float(late[0]["generator.rate"]) == pytest.approx(
        0.5 * float(early[0]["generator.rate"])
    )


@pytest.mark.parametrize(
    ("schedule", "values"),
    [("constant", [1, 1, 1]), ("linear", [1, 1, 0.5]), ("cosine", [1, 0.5, 0.146447])],
)
def test_schedules(schedule, values):
    recipe = Recipe(schedule=schedule)
    factors = [schedule_factor(recipe, progress) for progress in (0, 0.5, 0.75)]
    assert factors == pytest.approx(values, abs=1e-6)
