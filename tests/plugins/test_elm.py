"""Extreme learning machines: what is frozen, and closed forms against other solvers."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import nn

from ganbench_players import Elm, ElmRidge
from ganbench_players.elm import RandomLayer, RidgeCritic
from ganbench_vectors import ring8

SPEC = ring8().spec


def fitted(critic, *batches):
    for real, fake in batches:
        for name, value in critic.refit(real, fake).items():
            setattr(critic, name, value)
    return critic


def batch(n=40):
    return torch.randn(n, 2).double() + 1, torch.randn(n + 7, 2).double()


def ridge_critic(ridge=0.1, decay=0.0, width=12):
    return RidgeCritic(RandomLayer(2, width, 2.0), width, ridge, decay).double()


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_training_never_changes_the_random_layer(role):
    network = Elm(width=16).generator(SPEC, 3) if role == "generator" else None
    network = network or Elm(width=16).discriminator(SPEC)
    before = {name: value.clone() for name, value in network.named_buffers()}
    weights = [value.clone() for value in network.parameters()]
    optimizer = torch.optim.Adam(network.parameters())
    for _ in range(5):
        network(torch.randn(8, 3 if role == "generator" else 2)).square().sum().backward()
        optimizer.step()
    assert len(before) == 2
    for name, value in network.named_buffers():
        assert torch.equal(value, before[name])
    assert all((p != w).any() for p, w in zip(network.parameters(), weights, strict=True))
    assert sum(isinstance(layer, nn.Linear) for layer in network.modules()) == 1


def test_the_random_layer_follows_its_law_and_differs_between_seeds():
    layer, other = RandomLayer(4, 20_000, 3.0), RandomLayer(4, 20_000, 3.0)
    assert layer.weight.std().item() == pytest.approx(1.5, rel=0.02)
    assert layer.bias.abs().max() <= 3
    assert layer.bias.std().item() == pytest.approx(3 / 3**0.5, rel=0.02)
    assert not torch.equal(layer.weight, other.weight)


def test_the_readout_is_ridge_regression_of_plus_and_minus_one():
    """Both sets weigh one half, as sklearn's weights of rows say it."""
    critic, (real, fake) = ridge_critic(), batch()
    fitted(critic, (real, fake))
    psi = torch.cat([critic.features(real), critic.features(fake)]).numpy()
    targets = np.repeat([1, -1], [len(real), len(fake)])
    weights = np.repeat([0.5 / len(real), 0.5 / len(fake)], [len(real), len(fake)])
    centre = weights @ psi
    variance = np.mean(weights @ (psi - centre) ** 2)
    peer = Ridge(alpha=0.1 * variance).fit(psi, targets, sample_weight=weights)
    np.testing.assert_allclose(critic.beta, peer.coef_, rtol=1e-9)
    x = torch.randn(9, 2).double()
    np.testing.assert_allclose(critic(x), peer.predict(critic.features(x).numpy()), rtol=1e-9)


def test_averages_weigh_batches_by_their_age_and_start_without_bias():
    critic, batches = ridge_critic(decay=0.5), [batch(), batch(), batch()]
    fitted(critic, *batches)
    weights = np.array([1, 2, 4]) / 7
    sets = [[critic.features(x) for x in pair] for pair in batches]
    means = sum(
        w * torch.stack([a.mean(0), b.mean(0)]) for w, (a, b) in zip(weights, sets, strict=True)
    )
    second = sum(
        w * (a.T @ a / len(a) + b.T @ b / len(b)) / 2
        for w, (a, b) in zip(weights, sets, strict=True)
    )
    centre = means.mean(0)
    covariance = second - torch.outer(centre, centre)
    penalty = 0.1 * covariance.diagonal().mean() * torch.eye(12)
    expected = torch.linalg.inv(covariance + penalty) @ (means[0] - means[1]) / 2
    torch.testing.assert_close(critic.beta, expected)
    torch.testing.assert_close(critic.offset, -(expected @ centre))


def test_a_huge_ridge_gives_the_witness_of_the_mean_discrepancy():
    """D * ridge * mean variance -> half of mean k(x, real) - mean k(x, fake), up to a constant."""
    ridge, (real, fake) = 1e7, batch()
    critic = fitted(ridge_critic(ridge=ridge), (real, fake))
    x = torch.randn(9, 2).double()
    psi, of_real, of_fake = (critic.features(part) for part in (x, real, fake))
    kernel = (psi @ of_real.T).mean(1) - (psi @ of_fake.T).mean(1)
    centre = (of_real.mean(0) + of_fake.mean(0)) / 2
    spread = [(part - centre).square().mean() for part in (of_real, of_fake)]
    witness = 2 * ridge * sum(spread) / 2 * critic(x)
    torch.testing.assert_close(witness - witness.mean(), kernel - kernel.mean(), rtol=1e-5, atol=0)


def test_a_small_ridge_reaches_its_targets_where_it_can():
    critic, (real, fake) = ridge_critic(ridge=1e-9, width=200), batch(20)
    fitted(critic, (real, fake))
    assert (critic(real) - 1).abs().max() < 1e-2
    assert (critic(fake) + 1).abs().max() < 1e-2


def test_before_its_first_fit_it_has_no_opinion_and_offers_no_weights():
    critic = ElmRidge().discriminator(SPEC)
    assert not critic(torch.randn(5, 2)).any()
    assert not list(critic.parameters())
    assert "weights" not in ElmRidge.gives
