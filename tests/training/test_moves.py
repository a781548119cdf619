"""Orders of updates, looking ahead, and everything else that a recipe may ask of a step."""

import pytest
import torch
from dirac import dirac_cell

from ganbench.training.ensemble import Ensemble
from ganbench.training.loop import train

CPU = torch.device("cpu")
SGD = {"generator_optimizer": "sgd", "critic_optimizer": "sgd", "momentum": 0.0, "ema": 0.0}


def names(make_cell, steps, **recipe):
    game = Ensemble(make_cell(**recipe), [0], CPU).game
    return [game.moves(step) for step in range(steps)]


def test_moves_of_every_order(make_cell):
    assert names(make_cell, 1, critic_steps=2) == [["critic", "critic", "generator"]]
    first = names(make_cell, 1, critic_steps=2, updates="generator_first")
    assert first == [["generator", "critic", "critic"]]
    for updates in ("simultaneous", "extragradient"):
        assert names(make_cell, 1, critic_steps=2, updates=updates) == [["critic", updates]]


def test_penalties_at_an_interval(make_cell):
    moves = names(make_cell, 3, critic_steps=2, penalty_interval=3)
    light = "light critic"
    assert moves == [
        ["critic", light, "generator"],
        [light, "critic", "generator"],
        [light, light, "generator"],
    ]
    joint = names(make_cell, 2, updates="simultaneous", penalty_interval=2)
    assert joint == [["simultaneous"], ["light simultaneous"]]


def test_lookahead_comes_after_its_interval(make_cell):
    moves = names(make_cell, 4, lookahead_steps=2)
    assert [m[-1] for m in moves] == ["generator", "lookahead", "generator", "lookahead"]


@pytest.mark.parametrize(
    "recipe",
    [
        {"updates": "simultaneous", "critic_steps": 2},
        {"updates": "extragradient"},
        {"unrolled_steps": 2},
        {"unrolled_steps": 1, "critic_optimizer": "sgd"},
        {"penalty_interval": 2},
        {"lookahead_steps": 2},
        {"clip_norm": 0.1},
        {"optimistic": True},
        {"packing": 2},
        {"precision": "tf32"},
    ],
    ids=str,
)
def test_every_setting_is_traced_and_stays_bit_identical_in_any_company(
    make_cell, trained, recipe
):
    cell = make_cell(loss="ns+r1", generator_steps=6, block=4, **recipe)
    together, other = trained(cell, [0, 1, 2, 3]), trained(cell, [3, 9, 1])
    for name, value in together.state.items():
        assert torch.equal(value[1], other.state[name][2]), name
        assert torch.equal(value[3], other.state[name][0]), name
        assert torch.isfinite(value).all(), name
    assert not torch.equal(
        together.state["critic"],
        trained(make_cell(loss="ns+r1", generator_steps=6, block=4), [0, 1, 2, 3]).state["critic"],
    ) or (recipe == {"precision": "tf32"})


def test_permuting_seeds_permutes_results(make_cell, trained):
    cell = make_cell(loss="wgan+gp", generator_steps=10, block=4)
    seeds, permuted = [0, 1, 2, 3], [2, 0, 3, 1]
    first, second = trained(cell, seeds).state, trained(cell, permuted).state
    order = [seeds.index(seed) for seed in permuted]
    assert all(torch.equal(second[name], first[name][order]) for name in first)


def test_a_narrower_width_computes_the_same_up_to_rounding(make_cell, trained):
    wide, narrow = (
        trained(make_cell(block=4, width=width, generator_steps=3, **SGD), range(4)).state
        for width in (4, 2)
    )
    for name in wide:
        torch.testing.assert_close(narrow[name], wide[name], rtol=1e-4, atol=1e-6)


def test_gradients_are_clipped_for_each_seed(make_cell, trained):
    """With plain descent the move of a step is the rate times the clipped gradient."""
    rate, cap = 0.5, 1e-3
    settings = {**SGD, "generator_steps": 1, "critic_rate": rate, "schedule": "constant"}
    cell = make_cell(loss="ns+r1", clip_norm=cap, **settings)
    before = Ensemble(cell, [0, 1, 2], CPU).state["critic"]
    moved = trained(cell, [0, 1, 2]).state["critic"] - before
    torch.testing.assert_close(moved.norm(dim=1), torch.full((3,), rate * cap), rtol=1e-3, atol=0)


def test_lazy_penalties_weigh_as_much_as_they_are_rare(make_cell):
    """One step with the penalty at interval three is one with three times the weight."""

    def first_step(loss, **recipe):
        cell = make_cell(loss=loss, **SGD, generator_steps=1, **recipe)
        *_, progress = train(cell, [0, 1, 2], CPU)
        return progress.ensemble.state["critic"]

    lazy = first_step("ns+r1(gamma=0.5)", penalty_interval=3)
    torch.testing.assert_close(lazy, first_step("ns+r1(gamma=1.5)"))
    assert not torch.allclose(lazy, first_step("ns+r1(gamma=0.5)"))


def test_lookahead_averages_slow_and_fast_weights(make_cell):
    def states(**recipe):
        cell = make_cell(generator_steps=2, **SGD, **recipe)
        for progress in train(cell, [0, 1, 2], CPU):
            yield {name: value.clone() for name, value in progress.ensemble.state.items()}

    start, *_, plain = states()
    *_, ahead = states(lookahead_steps=2, lookahead_rate=0.25)
    for role in ("generator", "critic"):
        expected = torch.lerp(start[role], plain[role], 0.25)
        torch.testing.assert_close(ahead[role], expected)
        assert torch.equal(ahead[role], ahead[f"{role}.slow"])


def test_an_unrolled_generator_sees_where_the_critic_will_be(make_cell, trained):
    """On the Dirac-GAN, minimax: d/dtheta of f(theta, psi - h f'_psi(theta, psi))."""
    rate = 0.2
    settings = {"generator_rate": rate, "critic_rate": rate, "schedule": "constant"}
    recipe = {**SGD, **settings, "generator_steps": 1, "unrolled_steps": 1, "block": 1}
    cell = dirac_cell(make_cell(loss="mm", updates="simultaneous", **recipe))
    theta = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    psi = torch.tensor(-1.0, dtype=torch.float64, requires_grad=True)
    softplus = torch.nn.functional.softplus
    (slope,) = torch.autograd.grad(softplus(psi * theta), psi, create_graph=True)
    loss = -softplus((psi - rate * slope) * theta)
    (expected,) = torch.autograd.grad(loss, theta)
    moved = float(trained(cell, [0]).state["generator"][0, 0])
    assert moved == pytest.approx(float(1 - rate * expected), abs=1e-6)


def test_unrolled_critics_keep_their_constraints_and_plain_penalties(make_cell):
    def generator_loss(**recipe):
        cell = make_cell(generator_steps=1, **SGD, unrolled_steps=2, **recipe)
        *_, progress = train(cell, [0, 1, 2], CPU)
        return [row[3] for row in progress.history if row[2] == "generator_loss"]

    # The critic's own first move differs (the interval is its penalty's weight), so none is made.
    first = {"updates": "generator_first", "loss": "ns+r1"}
    lazy = generator_loss(**first, penalty_interval=16)
    assert lazy == pytest.approx(generator_loss(**first))
    clipped = generator_loss(loss="wgan(critic_steps=1)+clip(limit=0.001)", critic_rate=1.0)
    assert max(map(abs, clipped)) < 0.01


def test_a_packed_critic_judges_several_samples_at_once(make_cell):
    ensemble = Ensemble(make_cell(packing=4, batch_size=8), [0], CPU)
    assert ensemble.game.critic.shapes["body.1.weight"][1] == 8
    *_, progress = train(make_cell("digits", packing=2, architecture="dcgan(width=2)"), [0], CPU)
    assert progress.ensemble.game.critic.shapes["body.0.weight"][1] == 2
    assert progress.engine.rung == "traced"


def test_bfloat16_is_near_float32_and_keeps_the_state_in_it(make_cell, trained):
    cells = (make_cell(generator_steps=3, **SGD, precision=p) for p in ("float32", "bfloat16"))
    exact, narrow = (trained(cell, [0, 1, 2]).state for cell in cells)
    assert not torch.equal(exact["critic"], narrow["critic"])
    for name, value in exact.items():
        assert narrow[name].dtype == value.dtype
        torch.testing.assert_close(narrow[name], value, rtol=0.1, atol=0.05)


def test_training_ends_with_the_first_budget(make_cell):
    def steps(**recipe):
        *_, progress = train(make_cell(**recipe), [0], CPU)
        return progress.step

    assert steps(generator_steps=10) == 10
    assert steps(generator_steps=100, critic_examples=8 * 2 * 5, critic_steps=2) == 5
    assert steps(generator_steps=4, critic_examples=10**6) == 4
    assert 1 <= steps(generator_steps=10**6, seconds=0.3) < 10**6
