import math

import pytest
import torch
from torch.func import grad
from torch.nn.functional import softplus

import ganbench_losses
from ganbench_losses import hinge, ls, mm, ns, rp, wgan

REAL = torch.tensor([-1.5, 0.2, 2.5], dtype=torch.float64)
FAKE = torch.tensor([0.4, -2.2, 1.7], dtype=torch.float64)
LOSSES = ganbench_losses.ganbench_losses()


def critic_loss(loss, real, fake):
    value, state = loss.critic_loss(lambda x: x, real, fake, {}, loss.initial_state())
    assert state == {}
    return value


def generator_loss(loss, real, fake):
    return loss.generator_loss(lambda x: x, real, fake, {}, loss.initial_state())


def test_minimax_at_zero_scores():
    zero = torch.zeros(5, dtype=torch.float64)
    assert critic_loss(mm(), zero, zero).item() == pytest.approx(2 * math.log(2))
    assert generator_loss(mm(), zero, zero).item() == pytest.approx(-math.log(2))


def test_minimax_generator_gains_what_the_critic_loses():
    on_fake = critic_loss(mm(), REAL, FAKE) - softplus(-REAL).mean()
    assert generator_loss(mm(), REAL, FAKE).item() == pytest.approx(-on_fake.item())


def test_non_saturating_shares_the_critic_and_takes_the_log_odds():
    assert critic_loss(ns(), REAL, FAKE) == critic_loss(mm(), REAL, FAKE)
    expected = -torch.sigmoid(FAKE).log().mean()
    assert generator_loss(ns(), REAL, FAKE).item() == pytest.approx(expected.item())


def test_non_saturating_pushes_where_minimax_has_given_up():
    hopeless = torch.tensor([-20.0], dtype=torch.float64)
    slopes = [grad(lambda b: generator_loss(loss, REAL, b))(hopeless) for loss in (ns(), mm())]  # noqa: B023
    assert slopes[0].item() == pytest.approx(-1, abs=1e-6)
    assert abs(slopes[1].item()) < 1e-6


def test_least_squares_values():
    a, b, c = -1.0, 1.5, 0.25
    loss = ls(a=a, b=b, c=c)
    expected = ((REAL - b) ** 2).mean() / 2 + ((FAKE - a) ** 2).mean() / 2
    assert critic_loss(loss, REAL, FAKE).item() == pytest.approx(expected.item())
    assert generator_loss(loss, REAL, FAKE).item() == pytest.approx(
        ((FAKE - c) ** 2).mean().item() / 2
    )


def test_least_squares_works_on_raw_scores():
    far = torch.tensor([101.0])
    assert critic_loss(ls(), far, torch.zeros(1)).item() == pytest.approx(100**2 / 2)


def test_hinge_ignores_scores_beyond_the_margin():
    loss = hinge()
    assert critic_loss(loss, torch.tensor([1.0, 7.0]), torch.tensor([-1.0, -9.0])).item() == 0
    assert critic_loss(loss, torch.tensor([0.0, 2.0]), torch.tensor([0.5, -2.0])).item() == 1.25
    assert generator_loss(loss, REAL, FAKE) == -FAKE.mean()


def test_wasserstein_is_a_difference_of_means():
    assert critic_loss(wgan(), REAL, FAKE) == FAKE.mean() - REAL.mean()
    assert generator_loss(wgan(), REAL, FAKE) == -FAKE.mean()
    assert wgan().recipe == {"critic_steps": 5}
    assert wgan(critic_steps=3).recipe == {"critic_steps": 3}


def test_relativistic_players_swap_roles():
    assert critic_loss(rp(), REAL, FAKE) == generator_loss(rp(), FAKE, REAL)
    difference = critic_loss(rp(), REAL, FAKE) - generator_loss(rp(), REAL, FAKE)
    assert difference.item() == pytest.approx((FAKE - REAL).mean().item())


def test_relativistic_generator_sees_the_real_scores():
    assert generator_loss(rp(), REAL, FAKE) != generator_loss(ns(), REAL, FAKE)
    assert generator_loss(rp(), REAL + 1, FAKE) > generator_loss(rp(), REAL, FAKE)
    assert generator_loss(rp(), REAL + 1, FAKE + 1).item() == pytest.approx(
        generator_loss(rp(), REAL, FAKE).item()
    )


@pytest.mark.parametrize("name", LOSSES)
def test_better_play_is_rewarded(name):
    loss = LOSSES[name]()
    real, fake = torch.full((4,), 0.3), torch.full((4,), 0.2)
    step = 0.1
    assert critic_loss(loss, real + step, fake - step) < critic_loss(loss, real, fake)
    assert generator_loss(loss, real, fake + step) < generator_loss(loss, real, fake)


@pytest.mark.parametrize("objective", [critic_loss, generator_loss])
@pytest.mark.parametrize("name", LOSSES)
def test_gradients_match_finite_differences(name, objective):
    loss = LOSSES[name]()
    inputs = (REAL.clone().requires_grad_(), FAKE.clone().requires_grad_())
    assert torch.autograd.gradcheck(lambda real, fake: objective(loss, real, fake), inputs)


@pytest.mark.parametrize("name", LOSSES)
def test_large_scores_stay_finite(name):
    loss = LOSSES[name]()
    real, fake = torch.tensor([-1e4, 1e4]), torch.tensor([1e4, -1e4])
    for objective in (critic_loss, generator_loss):
        value = objective(loss, real, fake)
        assert value.isfinite()
        slope = grad(lambda b, objective=objective: objective(loss, real, b))(fake)
        assert slope.isfinite().all()
