"""Identities of f-GANs; that they estimate their divergences is shown beside other losses."""

import math

import pytest
import torch
from playing import FGANS, Plain, critic_loss, generator_loss
from torch.func import grad
from torch.nn.functional import softplus

from ganbench_losses import fgan, mm


def test_f_gan_names_for_the_minimax_game():
    v = torch.linspace(-5, 5, 7, dtype=torch.float64)[:, None]
    w = v.flip(0) / 2
    for objective in (critic_loss, generator_loss):
        same = objective(fgan("gan"), Plain(), v, w) - objective(mm(), Plain(), v, w)
        assert same.item() == pytest.approx(0, abs=1e-12)
    shift = critic_loss(mm(), Plain(), v, w) - critic_loss(fgan("js"), Plain(), v, w)
    assert shift.item() == pytest.approx(2 * math.log(2))
    assert generator_loss(fgan("gan", "heuristic"), Plain(), v, w) == softplus(-w).mean()


def test_reverse_kl_as_in_the_table_of_the_paper():
    real, fake = torch.tensor([[0.3], [-1.0]]), torch.tensor([[0.5], [2.0]])
    expected = (-real).exp().mean().item() + fake.mean().item() - 1
    assert critic_loss(fgan("reverse_kl"), Plain(), real, fake) == pytest.approx(expected)


@pytest.mark.parametrize("name", FGANS)
def test_both_generators_of_an_f_gan_raise_scores(name):
    lowest = -1.9 if name == "pearson" else -3
    fake = torch.linspace(lowest, 3, 13, dtype=torch.float64)[:, None]
    for kind in ("exact", "heuristic"):
        slope = grad(lambda b, kind=kind: generator_loss(fgan(name, kind), Plain(), fake, b))(fake)
        assert (slope < 0).all()
