"""Presets are what their papers compose, and feature matching fits them all."""

import pytest
import torch
from playing import LOSSES, bound, critic_loss, drawn, generator_loss, network, penalties

from ganbench_losses import (
    feature_matching,
    hinge,
    lsgan,
    ns,
    pacgan,
    r3gan,
    rp,
    sngan,
    wgan,
    wgan_gp,
    wgan_lp,
)
from ganbench_losses.presets import dragan
from ganbench_losses.slopes import dragan as dragan_slopes
from ganbench_losses.slopes import gp, lp, r1, r2

PARTS = {
    "r3gan": (rp(), [r1(0.05), r2(0.05)]),
    "wgan-gp": (wgan(), [gp()]),
    "wgan-lp": (wgan(), [lp()]),
    "dragan": (ns(), [dragan_slopes()]),
    "sngan": (hinge(), []),
    "pacgan": (ns(), []),
}
REAL, FAKE = torch.randn(2, 8, 2, generator=torch.Generator().manual_seed(0)).double()


def critic_of(loss, weights=None):
    return bound(loss.output, weights or network(loss.output, 2))


@pytest.mark.parametrize("name", PARTS)
def test_objectives_are_those_of_the_parts(name):
    preset, (loss, regularizers) = LOSSES[name](), PARTS[name]
    critic = critic_of(loss)
    assert critic_loss(preset, critic, REAL, FAKE) == critic_loss(loss, critic, REAL, FAKE)
    assert generator_loss(preset, critic, REAL, FAKE) == generator_loss(loss, critic, REAL, FAKE)
    added = [part.penalty(critic, REAL, FAKE, drawn(part, REAL)) for part in regularizers]
    assert penalties(preset, critic, REAL, FAKE).item() == pytest.approx(float(sum(added)))
    assert preset.traits == loss.traits


def test_dragan_trains_its_critic_by_scores_and_slopes():
    """Were only the penalty differentiated, shifting the scores would change nothing."""
    loss, weights = dragan(), network(dragan().output, 2)

    def objective(shift, with_scores):
        critic = critic_of(loss, weights)
        plain = critic.score
        critic.score = lambda x: plain(x) + shift
        scores = critic_loss(loss, critic, REAL, FAKE) if with_scores else 0
        return scores + penalties(loss, critic, REAL, FAKE)

    zero = torch.zeros((), dtype=torch.float64)
    assert torch.func.grad(objective)(zero, True).abs() > 1e-3
    assert torch.func.grad(objective)(zero, False) == 0


def test_recipes_of_the_papers():
    assert r3gan().recipe == {"beta1": 0.0, "beta2": 0.99}
    assert wgan_gp().recipe == {"critic_steps": 5, "beta1": 0.0, "beta2": 0.9}
    assert wgan_gp(critic_steps=2).recipe["critic_steps"] == 2
    assert wgan_lp().recipe == wgan_gp().recipe
    assert sngan().recipe == {"critic_steps": 5, "beta1": 0.0, "beta2": 0.9}
    assert pacgan().recipe == {"packing": 2}
    assert pacgan(packing=4).recipe == {"packing": 4}
    assert lsgan().recipe == {"beta1": 0.5}


def test_parameters_reach_the_parts():
    critic = critic_of(rp())
    weak, strong = (penalties(r3gan(gamma), critic, REAL, FAKE) for gamma in (0.1, 0.4))
    assert strong.item() == pytest.approx(4 * weak.item())
    assert sngan(scale=30.0).regularizers[0].network is not None


def test_lsgan_has_both_codings_of_the_paper():
    critic = critic_of(rp())
    a, b = critic(REAL), critic(FAKE)
    for pearson, (low, high, wanted) in ((False, (0, 1, 1)), (True, (-1, 1, 0))):
        loss = lsgan(pearson=pearson)
        expected = ((a - high) ** 2).mean() / 2 + ((b - low) ** 2).mean() / 2
        assert critic_loss(loss, critic, REAL, FAKE).item() == pytest.approx(expected.item())
        assert generator_loss(loss, critic, REAL, FAKE).item() == pytest.approx(
            ((b - wanted) ** 2).mean().item() / 2
        )


# ------------------------------------------------------------------------------- feature matching


def test_feature_matching_compares_mean_features():
    critic = critic_of(ns())
    gap = critic.features(REAL).mean(dim=0) - critic.features(FAKE).mean(dim=0)
    for norm, expected in (("l2", 3 * (gap @ gap)), ("l1", 3 * gap.abs().sum())):
        part = feature_matching(weight=3.0, norm=norm)
        value = part.generator_penalty(critic, REAL, FAKE, {})
        assert value.item() == pytest.approx(expected.item())
        assert part.needs == {"features"}
        assert part.penalty is None


def test_feature_matching_is_content_with_the_same_samples_in_any_order():
    value = feature_matching().generator_penalty(critic_of(ns()), REAL, REAL.flip(0), {})
    assert value.item() == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("norm", ["l2", "l1"])
def test_feature_matching_has_the_gradient_of_finite_differences(norm):
    critic, part = critic_of(ns()), feature_matching(norm=norm)
    fake = FAKE.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: part.generator_penalty(critic, REAL, x, {}), fake)
