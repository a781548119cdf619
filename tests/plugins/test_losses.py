import math
from functools import partial

import pytest
import torch
from playing import SCORED, Plain, column, critic_loss, generator_loss
from torch.func import grad
from torch.nn.functional import softplus

from ganbench.api import SpecError
from ganbench_losses import (
    bgan,
    hinge,
    ls,
    mm,
    ns,
    ra,
    rp,
    softmax,
    wgan,
)

REAL, FAKE = column(-1.5, 0.2, 2.5), column(0.4, -2.2, 1.7)
A, B = REAL[:, 0], FAKE[:, 0]
judge = partial(critic_loss, critic=Plain())
play = partial(generator_loss, critic=Plain())


def test_minimax_at_zero_scores():
    zero = torch.zeros(5, 1, dtype=torch.float64)
    assert judge(mm(), real=zero, fake=zero).item() == pytest.approx(2 * math.log(2))
    assert play(mm(), real=zero, fake=zero).item() == pytest.approx(-math.log(2))


def test_minimax_generator_gains_what_the_critic_loses():
    on_fake = judge(mm(), real=REAL, fake=FAKE) - softplus(-A).mean()
    assert play(mm(), real=REAL, fake=FAKE).item() == pytest.approx(-on_fake.item())


@pytest.mark.parametrize("loss", [ns(), bgan()])
def test_the_critic_of_minimax_is_shared(loss):
    assert judge(loss, real=REAL, fake=FAKE) == judge(mm(), real=REAL, fake=FAKE)


def test_generators_that_share_the_critic_of_minimax():
    expected = -torch.sigmoid(B).log().mean()
    assert play(ns(), real=REAL, fake=FAKE).item() == pytest.approx(expected.item())
    assert play(bgan(), real=REAL, fake=FAKE).item() == pytest.approx((B**2).mean().item() / 2)


def test_non_saturating_pushes_where_minimax_has_given_up():
    hopeless = column(-20.0)
    slopes = [grad(lambda b: play(loss, real=REAL, fake=b))(hopeless) for loss in (ns(), mm())]  # noqa: B023
    assert slopes[0].item() == pytest.approx(-1, abs=1e-6)
    assert abs(slopes[1].item()) < 1e-6


def test_least_squares_values():
    a, b, c = -1.0, 1.5, 0.25
    loss = ls(a=a, b=b, c=c)
    expected = ((A - b) ** 2).mean() / 2 + ((B - a) ** 2).mean() / 2
    assert judge(loss, real=REAL, fake=FAKE).item() == pytest.approx(expected.item())
    assert play(loss, real=REAL, fake=FAKE).item() == pytest.approx(
        ((B - c) ** 2).mean().item() / 2
    )


def test_least_squares_codings_agree_when_scores_are_recoded():
    zero_one, minus_one = ls(0.0, 1.0, 1.0), ls(-1.0, 1.0, 1.0)
    recoded = [2 * x - 1 for x in (REAL, FAKE)]
    for objective in (judge, play):
        narrow = objective(zero_one, real=REAL, fake=FAKE)
        wide = objective(minus_one, real=recoded[0], fake=recoded[1])
        assert wide.item() == pytest.approx(4 * narrow.item())


def test_least_squares_works_on_raw_scores():
    assert judge(ls(), real=column(101.0), fake=column(0.0)).item() == pytest.approx(100**2 / 2)


def test_hinge_ignores_scores_beyond_the_margin():
    loss = hinge()
    assert judge(loss, real=column(1, 7), fake=column(-1, -9)).item() == 0
    assert judge(loss, real=column(0, 2), fake=column(0.5, -2)).item() == 1.25
    assert play(loss, real=REAL, fake=FAKE) == -B.mean()


def test_wasserstein_is_a_difference_of_means():
    assert judge(wgan(), real=REAL, fake=FAKE) == B.mean() - A.mean()
    assert play(wgan(), real=REAL, fake=FAKE) == -B.mean()
    assert wgan().recipe == {"critic_steps": 5}
    assert wgan(critic_steps=3).recipe == {"critic_steps": 3}


def test_softmax_is_the_cross_entropy_of_a_softmax_over_both_batches():
    chances = torch.softmax(torch.cat([A, B]), dim=0)
    assert judge(softmax(), real=REAL, fake=FAKE).item() == pytest.approx(
        -chances[:3].log().mean().item()
    )
    assert play(softmax(), real=REAL, fake=FAKE).item() == pytest.approx(
        -chances.log().mean().item()
    )


@pytest.mark.parametrize("loss", [rp(), ra(), ra("ls"), ra("hinge")])
def test_relativistic_players_swap_roles_and_see_differences_only(loss):
    assert judge(loss, real=REAL, fake=FAKE) == play(loss, real=FAKE, fake=REAL)
    assert play(loss, real=REAL + 1, fake=FAKE) > play(loss, real=REAL, fake=FAKE)
    raised = play(loss, real=REAL + 3, fake=FAKE + 3)
    assert raised.item() == pytest.approx(play(loss, real=REAL, fake=FAKE).item())


def test_relativistic_pairing_is_antisymmetric():
    gap = judge(rp(), real=REAL, fake=FAKE) - play(rp(), real=REAL, fake=FAKE)
    assert gap.item() == pytest.approx((B - A).mean().item())
    assert play(rp(), real=REAL, fake=FAKE) != play(ns(), real=REAL, fake=FAKE)


@pytest.mark.parametrize(
    ("kind", "plain"), [("logistic", mm()), ("ls", ls(-1.0, 1.0, 1.0)), ("hinge", hinge())]
)
def test_relativistic_average_judges_scores_from_which_the_other_mean_is_taken(kind, plain):
    expected = judge(plain, real=REAL - B.mean(), fake=FAKE - A.mean())
    assert judge(ra(kind), real=REAL, fake=FAKE).item() == pytest.approx(expected.item())


def test_a_relativistic_average_of_one_pair_is_twice_the_pairing():
    one = {"real": REAL[:1], "fake": FAKE[:1]}
    assert judge(ra(), **one).item() == pytest.approx(2 * judge(rp(), **one).item())


@pytest.mark.parametrize("name", SCORED)
def test_better_play_is_rewarded(name):
    loss, step = SCORED[name](), 0.01
    real, fake = torch.full((4, 1), 0.3), torch.full((4, 1), 0.2)
    plain = Plain(lambda x: x[:, 0] / 2)
    better = Plain(lambda x: x[:, 0] / 2 + step * (x[:, 0] - 0.25).sign())
    assert critic_loss(loss, better, real, fake) < critic_loss(loss, plain, real, fake)
    if name not in ("bgan", "lsgan"):  # whose generators want a score, not a high one
        raised = generator_loss(loss, Plain(), real, fake + step)
        assert raised < generator_loss(loss, Plain(), real, fake)


@pytest.mark.parametrize("name", SCORED)
def test_large_scores_stay_finite(name):
    loss = SCORED[name]()
    real, fake = torch.tensor([[-1e4], [1e4]]), torch.tensor([[1e4], [-1e4]])
    for objective in (critic_loss, generator_loss):
        value = objective(loss, Plain(), real, fake)
        assert value.isfinite()
        slope = grad(lambda b, objective=objective: objective(loss, Plain(), real, b))(fake)
        assert slope.isfinite().all()


def test_least_squares_need_two_targets():
    with pytest.raises(SpecError, match="the targets of fake and real samples must differ"):
        ls(a=1.0, b=1.0)
