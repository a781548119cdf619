import pytest
import torch

from ganbench_losses import dragan, gp, lp, r1, r2, zero_gp

SLOPES = {"gp": gp, "lp": lp, "zero_gp": zero_gp, "dragan": dragan, "r1": r1, "r2": r2}
TO_ONE = [gp, dragan]


def drawn_for(part, x, value=0.3):
    """Draw one value for everything that a penalty declares."""
    return {
        name: value * torch.ones_like(x if draw.per == "element" else x[:, :1])
        for name, draw in part.draws.items()
    }


def cost_of(part, critic, real, fake, **draws):
    return part.penalty(critic, real, fake, {**drawn_for(part, real), **draws})


def normal(*shape, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


@pytest.mark.parametrize("make", [*TO_ONE, lp])
def test_unit_slopes_of_64_samples_cost_exactly_nothing(make):
    """A norm over the whole batch would be 8 here, and the penalty 49."""
    real, fake = normal(64, 3).float(), normal(64, 3, seed=1).float()
    assert cost_of(make(weight=1.0), lambda x: x[:, 1], real, fake).item() == 0


@pytest.mark.parametrize("make", SLOPES.values())
def test_each_sample_counts_by_itself(make):
    """The penalty of a batch is the mean of the penalties of its samples."""
    real, fake = normal(5, 2), normal(5, 2, seed=1)
    part = make()
    draws = {"mix": torch.linspace(0, 1, 5, dtype=torch.float64)[:, None]}
    draws = {name: draws.get(name, value) for name, value in drawn_for(part, real).items()}
    if make is dragan:  # its step is in units of the batch's deviation
        draws["step"] = torch.zeros_like(draws["step"])

    def critic(x):
        return (x**3).sum(dim=1) + x[:, 0] * x[:, 1]

    alone = [
        part.penalty(
            critic, real[i : i + 1], fake[i : i + 1], {k: v[i : i + 1] for k, v in draws.items()}
        )
        for i in range(5)
    ]
    torch.testing.assert_close(part.penalty(critic, real, fake, draws), torch.stack(alone).mean())


@pytest.mark.parametrize(
    ("part", "each"),
    [
        (gp(weight=2.0), [2, 0, 8]),
        (gp(weight=2.0, target=3.0), [18, 8, 0]),
        (lp(weight=2.0), [0, 0, 8]),
        (zero_gp(weight=2.0), [0, 2, 18]),
        (dragan(weight=2.0), [2, 0, 8]),
        (r1(gamma=2.0), [0, 1, 9]),
        (r2(gamma=2.0), [0, 1, 9]),
    ],
    ids=["gp", "gp-to-3", "lp", "zero_gp", "dragan", "r1", "r2"],
)
def test_slopes_of_zero_one_and_three_cost_what_the_formula_says(part, each):
    slopes = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
    ones = torch.ones(3, 1, dtype=torch.float64)
    cost = cost_of(part, lambda x: x[:, 0] * slopes, ones, ones)
    assert cost.item() == pytest.approx(sum(each) / 3, rel=1e-5)


def test_r1_and_r2_have_the_factor_of_one_half_and_zero_gp_has_none():
    real, fake = torch.full((5, 2), 2.0), torch.full((5, 2), 3.0)

    def critic(x):
        return x.square().sum(dim=1) / 2

    assert cost_of(r1(gamma=3.0), critic, real, fake).item() == pytest.approx(3 / 2 * 8)
    assert cost_of(r2(gamma=3.0), critic, real, fake).item() == pytest.approx(3 / 2 * 18)
    assert cost_of(zero_gp(weight=3.0), critic, real, real).item() == pytest.approx(3 * 8)


def test_defaults_are_those_of_the_papers():
    one = torch.ones(1, 1)
    expected = {"gp": 40, "lp": 40, "zero_gp": 90, "dragan": 40, "r1": 45, "r2": 45}
    for name, make in SLOPES.items():
        assert cost_of(make(), lambda x: 3 * x[:, 0], one, one).item() == pytest.approx(
            expected[name]
        )
    assert gp().recipe == lp().recipe == {"beta1": 0.0, "beta2": 0.9}
    assert dragan().recipe == {"beta1": 0.5, "beta2": 0.9}


@pytest.mark.parametrize("make", [gp, lp, zero_gp])
def test_slopes_are_taken_between_real_and_fake_with_a_mix_for_each_sample(make):
    draw = make().draws["mix"]
    assert (draw.law, draw.per) == ("uniform", "sample")
    met = []

    def critic(x):
        met.append(x)
        return x.sum(dim=1)

    real, fake = normal(3, 2), normal(3, 2, seed=1)
    mix = torch.tensor([[0.0], [0.25], [1.0]], dtype=torch.float64)
    cost_of(make(), critic, real, fake, mix=mix)
    expected = torch.stack([fake[0], 0.25 * real[1] + 0.75 * fake[1], real[2]])
    torch.testing.assert_close(met[0], expected)


def test_dragan_steps_from_real_samples_by_one_deviation_for_the_whole_batch():
    """The deviation is over all values and divided by their number, as numpy's in the paper."""
    real, met = normal(4, 3), []

    def critic(x):
        met.append(x)
        return x.sum(dim=1)

    part = dragan(spread=0.7)
    assert {name: (draw.law, draw.per) for name, draw in part.draws.items()} == {
        "mix": ("uniform", "sample"),
        "step": ("uniform", "element"),
    }
    mix, step = normal(4, 1).abs(), normal(4, 3, seed=2).abs()
    fake = torch.full((4, 3), float("nan"), dtype=torch.float64)
    cost_of(part, critic, real, fake, mix=mix, step=step)
    torch.testing.assert_close(met[0], real + mix * 0.7 * real.numpy().std() * step)


@pytest.mark.parametrize("make", SLOPES.values())
def test_penalties_depend_on_slopes_in_the_samples_and_not_in_the_weights(make):
    """D = w x + c has slope w in x, whatever x is; its slope in w would be x."""
    weight = torch.tensor([0.0, 2.0], dtype=torch.float64)
    near, far = normal(4, 2), 100 * normal(4, 2, seed=1)
    costs = [cost_of(make(), lambda x: x @ weight, x, x) for x in (near, far)]
    costs.append(cost_of(make(), lambda x: x @ weight + 9, near, near))
    assert all(cost.item() == pytest.approx(costs[0].item()) for cost in costs)
    assert costs[0] > 0


@pytest.mark.parametrize("make", SLOPES.values())
def test_flat_critic_has_finite_gradients(make):
    real, fake = torch.randn(4, 2), torch.randn(4, 2)
    slope = torch.func.grad(lambda w: cost_of(make(), lambda x: x @ w, real, fake))(torch.zeros(2))
    assert slope.isfinite().all()


@pytest.mark.parametrize("make", SLOPES.values())
def test_penalty_gradients_match_finite_differences(make):
    real, fake, weight = normal(4, 3), normal(4, 3, seed=1), normal(4, 3, seed=2)

    def cost(w):
        return cost_of(make(), lambda x: torch.tanh(x @ w.T).sum(dim=1), real, fake)

    assert torch.autograd.gradcheck(cost, weight.requires_grad_())
    assert cost(weight) > 0
