import math

import pytest
import torch
from playing import Plain, critic_loss, generator_loss
from scipy.optimize import linear_sum_assignment

from ganbench_losses import sinkhorn, sliced
from ganbench_losses.transport import entropic_cost

NOWHERE = None


def normal(*shape, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


@pytest.mark.parametrize("gap", [0.1, 1.0, 5.0])
def test_entropic_cost_of_two_by_two_points(gap):
    """The coupling puts a on the diagonal with a / (1/2 - a) = exp(gap / epsilon)."""
    epsilon = 0.4
    a = 0.5 / (1 + math.exp(-gap / epsilon))
    b = 0.5 - a
    kl = 2 * (a * math.log(4 * a) + b * math.log(4 * b))
    cost = torch.tensor([[0.0, gap], [gap, 0.0]], dtype=torch.float64)
    value = entropic_cost(cost, epsilon, 5)
    assert value.item() == pytest.approx(2 * b * gap + epsilon * kl)


def test_entropic_cost_comes_to_the_best_assignment():
    cost = torch.cdist(normal(8, 2), normal(8, 2, seed=1)).square()
    rows, columns = linear_sum_assignment(cost.numpy())
    best = cost[rows, columns].mean().item()
    # At most epsilon * log(n) is added by the entropy.
    assert entropic_cost(cost, 0.001, 3000).item() == pytest.approx(best, abs=0.001 * math.log(8))


def test_the_gradient_is_a_coupling():
    cost = normal(2, 6, 6).square()
    coupling = torch.func.grad(lambda c: entropic_cost(c, 0.5, 200).sum())(cost)
    torch.testing.assert_close(coupling.sum(dim=-1), torch.full((2, 6), 1 / 6).double())
    torch.testing.assert_close(coupling.sum(dim=-2), torch.full((2, 6), 1 / 6).double())
    assert (coupling > 0).all()


def test_large_costs_over_a_small_entropy_stay_finite():
    cost = 1e4 * torch.rand(5, 5)
    slope, value = torch.func.grad_and_value(lambda c: entropic_cost(c, 1e-3, 20))(cost)
    assert value.isfinite()
    assert slope.isfinite().all()


def test_sinkhorn_of_equal_halves_is_zero():
    half = normal(5, 2)
    same = torch.cat([half, half])
    assert generator_loss(sinkhorn(), NOWHERE, same, same).item() == pytest.approx(0, abs=1e-9)


def test_sinkhorn_of_equal_laws_is_zero_on_average_and_of_others_positive():
    pairs = normal(300, 2, 8, 2)
    values = torch.func.vmap(lambda pair: generator_loss(sinkhorn(1.0), NOWHERE, *pair))(pairs)
    assert abs(values.mean()) < 3 * values.std() / math.sqrt(300)
    far = generator_loss(sinkhorn(1.0), NOWHERE, normal(40, 2), normal(40, 2, seed=1) + 3)
    assert far.item() == pytest.approx(2 * 18, rel=0.25)  # twice the squared shift


def test_an_odd_batch_leaves_its_middle_out():
    real, fake = normal(5, 2), normal(5, 2, seed=1)
    kept = torch.tensor([0, 1, 3, 4])
    assert generator_loss(sinkhorn(), NOWHERE, real, fake) == generator_loss(
        sinkhorn(), NOWHERE, real[kept], fake[kept]
    )


def test_sliced_in_one_dimension_sorts():
    real, fake = normal(9, 1), normal(9, 1, seed=1)
    expected = (real.sort(dim=0).values - fake.sort(dim=0).values).square().mean()
    assert generator_loss(sliced(), NOWHERE, real, fake).item() == pytest.approx(expected.item())


def test_sliced_along_given_lines_matches_loops():
    real, fake, lines = normal(4, 3), normal(4, 3, seed=1), normal(4, 3, seed=2)
    total = 0.0
    for line in lines:
        unit = line / line.norm()
        r, f = sorted((real @ unit).tolist()), sorted((fake @ unit).tolist())
        total += sum((x - y) ** 2 for x, y in zip(r, f, strict=True)) / 4
    value = sliced().generator_loss(NOWHERE, real, fake, {"directions": lines}, {})
    assert value.item() == pytest.approx(total / 4)


def test_sliced_shares_a_shift_among_the_dimensions():
    real, shift = normal(4, 4), torch.tensor([1.0, -2.0, 0.5, 3.0]).double()
    axes = {"directions": 5 * torch.eye(4).double()}  # the length of a line does not matter
    value = sliced().generator_loss(NOWHERE, real, real + shift, axes, {})
    assert value.item() == pytest.approx(shift.square().sum().item() / 4)


@pytest.mark.parametrize("loss", [sinkhorn(), sliced()])
def test_raw_samples_of_any_shape_and_order(loss):
    real, fake = normal(6, 12), normal(6, 12, seed=1)
    assert loss.output is None
    images = [x.reshape(6, 3, 2, 2) for x in (real, fake)]
    value = generator_loss(loss, NOWHERE, real, fake).item()
    assert generator_loss(loss, NOWHERE, *images).item() == pytest.approx(value)


@pytest.mark.parametrize("factory", [sinkhorn, sliced])
def test_a_critic_gains_nothing_by_scale(factory):
    loss = factory(embedding=3)
    assert (loss.output.kind, loss.output.size) == ("embedding", 3)
    real, fake = normal(6, 3), normal(6, 3, seed=1)
    small, large = (critic_loss(loss, Plain(lambda x, s=s: s * x), real, fake) for s in (1, 50))
    assert small.item() == pytest.approx(large.item())
    assert small == -generator_loss(loss, Plain(lambda x: x), real, fake)


def test_lines_come_from_declared_draws():
    assert sliced().draws["directions"].per == "element"
    assert sliced(embedding=3, projections=7).draws["directions"].per == (7, 3)
