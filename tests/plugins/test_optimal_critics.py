"""The best critic of two known laws reproduces the divergence that a loss is said to minimise.

The laws live on a few points with rational weights, so that batches hold them exactly; a critic is
one free number for each point.
"""

import math

import pytest
import torch
from playing import FGANS, Plain, critic_loss, generator_loss
from torch.func import grad

from ganbench_losses import (
    bgan,
    fgan,
    hinge,
    kl_wgan,
    ls,
    mm,
    ns,
    qp_wgan,
    ra,
    rp,
    softmax,
    wgan,
    wgan_div,
)
from ganbench_losses.divergences import _PARTS, _alpha_parts

COUNTS_P, COUNTS_Q = torch.tensor([8, 4, 2, 1, 1]), torch.tensor([1, 1, 3, 5, 6])
P, Q = COUNTS_P.double() / 16, COUNTS_Q.double() / 16
POINTS = torch.arange(5)
REAL, FAKE = POINTS.repeat_interleave(COUNTS_P), POINTS.repeat_interleave(COUNTS_Q)
PAIRS = {"real": REAL.repeat_interleave(16), "fake": FAKE.repeat(16)}
"""Batches in which each real sample stands beside each fake one once."""


def kl(p, q):
    return (p * (p / q).log()).sum()


def jsd(p, q):
    middle = (p + q) / 2
    return (kl(p, middle) + kl(q, middle)) / 2


TV = (P - Q).abs().sum() / 2
DIVERGENCES = {
    "kl": kl(P, Q),
    "reverse_kl": kl(Q, P),
    "pearson": ((P - Q) ** 2 / Q).sum(),
    "neyman": ((P - Q) ** 2 / P).sum(),
    "hellinger": ((P.sqrt() - Q.sqrt()) ** 2).sum(),
    "js": 2 * jsd(P, Q),
    "gan": 2 * jsd(P, Q) - 2 * math.log(2),
    "tv": TV,
}


def table(values, shape=lambda v: v):
    """Return a critic that looks a sample's score up; samples are places in the table."""
    return Plain(lambda x: shape(values)[x.flatten().long()])


def best(loss, real=REAL, fake=FAKE, shape=lambda v: v):
    """Minimise the critic's objective over all tables; return it and the table."""
    values = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS(
        [values],
        max_iter=1000,
        tolerance_grad=1e-12,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )
    real, fake = real.double()[:, None], fake.double()[:, None]

    def objective():
        search.zero_grad()
        value = critic_loss(loss, table(values, shape), real, fake)
        value.backward()
        return value

    search.step(objective)
    return objective().item(), values.detach()


@pytest.mark.parametrize("loss", [mm(), ns(), bgan()])
def test_jensen_shannon_of_the_logistic_critic(loss):
    value, scores = best(loss)
    assert math.log(2) - value / 2 == pytest.approx(jsd(P, Q).item(), abs=1e-9)
    torch.testing.assert_close(scores, (P / Q).log(), atol=1e-5, rtol=0)


def test_any_other_logistic_critic_gives_a_lower_bound():
    for scores in torch.randn(20, 5, dtype=torch.float64):
        value = critic_loss(mm(), table(scores), REAL.double(), FAKE.double())
        assert math.log(2) - value / 2 < jsd(P, Q)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_f_divergences(name):
    value, _ = best(fgan(name))
    # tanh only comes close to the edges of its range.
    assert -value == pytest.approx(DIVERGENCES[name].item(), abs=1e-6 if name == "tv" else 1e-9)


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.9])
def test_alpha_divergences(alpha):
    value, _ = best(fgan("alpha", alpha=alpha))
    expected = ((P**alpha * Q ** (1 - alpha)).sum() - 1) / (alpha * (alpha - 1))
    assert -value == pytest.approx(expected.item(), abs=1e-8)


def test_alpha_divergences_join_their_neighbours():
    half = -best(fgan("alpha", alpha=0.5))[0]
    assert half == pytest.approx(2 * DIVERGENCES["hellinger"].item(), abs=1e-9)
    nearly_kl, nearly_reverse = (-best(fgan("alpha", alpha=a))[0] for a in (0.98, 0.02))
    assert nearly_kl == pytest.approx(DIVERGENCES["kl"].item(), rel=0.05)
    assert nearly_reverse == pytest.approx(DIVERGENCES["reverse_kl"].item(), rel=0.05)


@pytest.mark.parametrize("name", [name for name in FGANS if name != "tv"])
def test_the_two_parts_of_an_f_gan_have_slopes_in_the_ratio_of_the_densities(name):
    """Both generators therefore agree where real and fake are alike."""
    g, conjugate = _alpha_parts(0.5) if name == "alpha" else _PARTS[name]
    _, scores = best(fgan(name))
    slopes = [grad(lambda v, part=part: part(v).sum())(scores) for part in (conjugate, g)]
    torch.testing.assert_close(slopes[0] / slopes[1], P / Q, rtol=1e-4, atol=0)


def test_hinge_gives_total_variation():
    scores = torch.zeros(5, dtype=torch.float64)
    objective = grad(lambda v: critic_loss(hinge(), table(v), REAL.double(), FAKE.double()))
    for step in range(600):  # it has corners: steps must shrink
        scores = scores - 4 * 0.97**step * objective(scores)
    value = critic_loss(hinge(), table(scores), REAL.double(), FAKE.double())
    assert 1 - value.item() / 2 == pytest.approx(TV.item(), abs=1e-6)
    torch.testing.assert_close(scores, (P - Q).sign(), atol=1e-5, rtol=0)


def test_least_squares_give_pearson():
    loss = ls(-1.0, 1.0, 0.0)
    value, scores = best(loss)
    pearson = ((2 * Q - (P + Q)) ** 2 / (P + Q)).sum().item()
    assert 2 - 2 * value == pytest.approx(pearson, abs=1e-9)
    both = [generator_loss(loss, table(scores), x.double(), x.double()) for x in (REAL, FAKE)]
    assert 2 * sum(both).item() == pytest.approx(pearson, abs=1e-6)


def test_kl_of_the_weighted_critic():
    value, scores = best(kl_wgan())
    assert -value == pytest.approx(kl(P, Q).item(), abs=1e-9)
    ratios = (scores - scores[0]).exp()
    torch.testing.assert_close(ratios, (P / Q) / (P / Q)[0], atol=1e-6, rtol=1e-5)


def test_fake_samples_are_weighted_by_the_exponentials_of_their_scores():
    b = torch.tensor([[0.3], [-1.0], [2.0]], dtype=torch.float64)
    weights = b.exp() / b.exp().mean()
    for objective, sign in ((critic_loss, 1), (generator_loss, -1)):
        slope = grad(lambda x, objective=objective: objective(kl_wgan(), Plain(), b, x))(b)
        torch.testing.assert_close(slope, sign * weights / 3)


def test_softmax_gives_kl_to_the_mixture():
    value, _ = best(softmax())
    assert math.log(32) - value == pytest.approx(kl(P, (P + Q) / 2).item(), abs=1e-9)


def test_pairing_gives_jensen_shannon_of_the_pairs_in_both_orders():
    value, _ = best(rp(), **PAIRS)
    there, back = P[:, None] * Q, Q[:, None] * P
    assert math.log(2) - value == pytest.approx(jsd(there, back).item(), abs=1e-9)


@pytest.mark.parametrize("kind", ["logistic", "ls"])
def test_relativistic_averages_tell_laws_apart_and_only_those(kind):
    nothing = critic_loss(
        ra(kind), table(torch.zeros(5).double()), REAL.double(), FAKE.double()
    ).item()
    assert best(ra(kind))[0] < nothing - 0.1
    assert best(ra(kind), REAL, REAL)[0] == pytest.approx(nothing, abs=1e-9)


def test_a_critic_of_slope_one_gives_the_earth_movers_distance():

    def shape(angles):
        return (angles + 0.1).sin().cumsum(dim=0)  # not at rest at the start

    value, _ = best(wgan(), shape=shape)
    assert -value == pytest.approx((P - Q).cumsum(0)[:-1].abs().sum().item(), abs=1e-9)


def test_quadratic_potentials_solve_a_network_of_springs():
    value, _ = best(qp_wgan(scale=3.0), **PAIRS)
    gap = (POINTS[:, None] - POINTS).abs().double()
    stiffness = torch.where(gap > 0, P[:, None] * Q / (3.0 * gap.clamp(min=1)), 0.0)
    stiffness = stiffness + stiffness.mT
    laplacian = stiffness.sum(dim=1).diag() - stiffness
    expected = (P - Q) @ torch.linalg.pinv(laplacian) @ (P - Q) / 2
    assert -value == pytest.approx(expected.item(), abs=1e-6)


def test_a_lone_pair_asks_for_scale_times_its_distance():
    real, fake = torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2)
    at = {
        gap: critic_loss(qp_wgan(2.0), Plain(lambda x, gap=gap: gap * x[:, 0] / 3), real, fake)
        for gap in (9.0, 10.0, 11.0)
    }
    assert min(at, key=at.get) == 10
    assert at[10.0].item() == pytest.approx(-5)


def test_wasserstein_divergence_of_two_points():
    """A linear critic of slope s gains s and pays k s^p."""
    loss, (real, fake) = wgan_div(k=2.0, power=6.0), torch.tensor([[1.0], [0.0]]).split(1)

    def objective(slope):
        critic = Plain(lambda x: slope * x[:, 0])
        penalty = loss.regularizers[0].penalty(
            critic, real, fake, {"mix": torch.full((1, 1), 0.3)}
        )
        return critic_loss(loss, critic, real, fake) + penalty

    slope = torch.tensor((1 / 12) ** (1 / 5))
    assert grad(objective)(slope).item() == pytest.approx(0, abs=1e-6)
    assert objective(slope).item() == pytest.approx(-slope.item() * 5 / 6)
