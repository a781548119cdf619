import pytest
import torch
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.fx.experimental.proxy_tensor import make_fx

import ganbench_losses
from ganbench_images import Dcgan, Digits
from ganbench_losses import clip, gp, ns, r1, r2
from ganbench_tabular import BreastCancer
from ganbench_vectors import Mlp, ring8

PENALTIES = [
    name
    for name, factory in ganbench_losses.ganbench_regularizers().items()
    if factory().penalty is not None
]


def mixing(n):
    return {"mix": torch.full((n, 1), 0.3)}


def penalty_of(name, critic, real, fake, draws):
    return ganbench_losses.ganbench_regularizers()[name]().penalty(critic, real, fake, draws)


def drawn_for(name, x):
    """Draw 0.3 for everything that a penalty declares."""
    declared = ganbench_losses.ganbench_regularizers()[name]().draws
    return {
        draw_name: 0.3 * torch.ones_like(x if draw.per == "element" else x[:, :1])
        for draw_name, draw in declared.items()
    }


def test_unit_slopes_of_64_samples_cost_nothing():
    real, fake = torch.randn(64, 3), torch.randn(64, 3)
    direction = torch.tensor([0.6, 0.0, 0.8])
    cost = gp(weight=1.0).penalty(lambda x: x @ direction, real, fake, mixing(64))
    assert cost.item() == pytest.approx(0, abs=1e-10)


def test_slopes_are_penalised_sample_by_sample():
    slopes = torch.tensor([0.0, 1.0, 3.0])
    ones = torch.ones(3, 1)
    cost = gp(weight=2.0).penalty(lambda x: x[:, 0] * slopes, ones, ones, mixing(3))
    assert cost.item() == pytest.approx(2 * (1 + 0 + 4) / 3, rel=1e-5)


def test_each_sample_has_its_own_mix():
    draw = gp().draws["mix"]
    assert (draw.law, draw.per) == ("uniform", "sample")
    real, fake = torch.ones(3, 1), torch.zeros(3, 1)
    mix = torch.tensor([[0.0], [0.5], [1.0]])
    cost = gp(weight=1.0, target=0.0).penalty(lambda x: x[:, 0] ** 2 / 2, real, fake, {"mix": mix})
    assert cost.item() == pytest.approx((0 + 0.25 + 1) / 3, rel=1e-5)


def test_r1_and_r2_have_the_factor_of_one_half():
    real, fake = torch.full((5, 2), 2.0), torch.full((5, 2), 3.0)

    def critic(x):
        return x.square().sum(dim=1) / 2

    assert r1(gamma=3.0).penalty(critic, real, fake, {}).item() == pytest.approx(3 / 2 * 8)
    assert r2(gamma=3.0).penalty(critic, real, fake, {}).item() == pytest.approx(3 / 2 * 18)


def test_defaults_are_those_of_the_papers():
    one = torch.ones(1, 1)
    slope_three = torch.tensor([[3.0]])
    for name, expected in {"gp": 10 * 4, "r1": 5 * 9, "r2": 5 * 9}.items():
        cost = penalty_of(name, lambda x: (x @ slope_three)[:, 0], one, one, mixing(1))
        assert cost.item() == pytest.approx(expected)
    assert gp().recipe == {"beta1": 0.0, "beta2": 0.9}


@pytest.mark.parametrize("name", PENALTIES)
def test_flat_critic_has_finite_gradients(name):
    real, fake = torch.randn(4, 2), torch.randn(4, 2)
    draws = drawn_for(name, real)
    slope = grad(lambda w: penalty_of(name, lambda x: x @ w, real, fake, draws))(torch.zeros(2))
    assert slope.isfinite().all()


@pytest.mark.parametrize("name", PENALTIES)
def test_penalty_gradients_match_finite_differences(name):
    rng = torch.Generator().manual_seed(0)
    real, fake, weight = (torch.randn(4, 3, generator=rng, dtype=torch.float64) for _ in range(3))
    draws = drawn_for(name, real)

    def cost(w):
        return penalty_of(name, lambda x: torch.tanh(x @ w.T).sum(dim=1), real, fake, draws)

    assert torch.autograd.gradcheck(cost, weight.requires_grad_())


def test_clip_bounds_every_weight_and_keeps_those_inside():
    before = {"a": torch.tensor([-1.0, 0.005]), "b": torch.tensor([[0.02]])}
    after = clip(limit=0.01).constrain(before)
    assert after["a"].tolist() == pytest.approx([-0.01, 0.005])
    assert after["b"].tolist() == [[pytest.approx(0.01)]]
    assert before["b"].item() == pytest.approx(0.02)


PLAYERS = {
    "mlp-vector": (Mlp(width=16), ring8),
    "mlp-table": (Mlp(width=16), BreastCancer),
    "mlp-image": (Mlp(width=16), Digits),
    "dcgan-image": (Dcgan(width=2), Digits),
}


def critic_step(generator, discriminator, regularizer):
    """Return the step of one seed: parameters and data to the gradient of the critic."""

    def objective(d, fake, real, draws):
        def critic(x):
            return functional_call(discriminator, d, (x,))

        value, _ = ns().critic_loss(critic, real, fake, {}, {})
        return value + regularizer.penalty(critic, real, fake, draws)

    def step(g, d, noise, real, mix):
        fake = functional_call(generator, g, (noise,))
        return grad(objective)(d, fake, real, {"mix": mix})

    return step


def stacked(nets):
    return {name: value.detach() for name, value in stack_module_state(nets)[0].items()}


@pytest.mark.parametrize("regularizer", [r1(gamma=1.0), gp()], ids=["r1", "gp"])
@pytest.mark.parametrize("players", PLAYERS)
def test_traced_ensemble_equals_the_loop_over_seeds(players, regularizer):
    architecture, make_dataset = PLAYERS[players]
    dataset = make_dataset()
    seeds, batch, noise_dim = 3, 4, 5
    generators = [architecture.generator(dataset.spec, noise_dim) for _ in range(seeds)]
    discriminators = [architecture.discriminator(dataset.spec) for _ in range(seeds)]
    real = torch.stack(
        [dataset.sample(batch, "train", torch.Generator().manual_seed(i)) for i in range(seeds)]
    )
    g, d = stacked(generators), stacked(discriminators)
    mix = torch.rand(seeds, batch, *[1] * len(dataset.spec.shape))
    inputs = (g, d, torch.randn(seeds, batch, noise_dim), real, mix)

    step = critic_step(generators[0], discriminators[0], regularizer)
    traced = make_fx(vmap(step, randomness="error"))(*inputs)(*inputs)
    for seed in range(seeds):
        alone = step(*torch.utils._pytree.tree_map(lambda x: x[seed], inputs))  # noqa: B023
        for name, gradient in alone.items():
            torch.testing.assert_close(traced[name][seed], gradient, rtol=1e-3, atol=1e-5)
