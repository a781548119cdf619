"""Residual, maxout, minibatch and self-normalising layers against naive ones."""

import pytest
import torch
from torch import nn

from ganbench_players import Maxout, Minibatch, ResMlp, Snn
from ganbench_players.maxout import MaxoutLayer
from ganbench_players.minibatch import Closeness
from ganbench_players.selfnormalising import lecun_normal
from ganbench_vectors import ring8

SPEC = ring8().spec


def test_a_residual_block_adds_to_what_it_is_given():
    critic = ResMlp(width=9, depth=3).discriminator(SPEC)
    blocks = [m for m in critic.modules() if hasattr(m, "change")]
    assert len(blocks) == 3
    x = torch.randn(4, 9)
    first, second = (layer for layer in blocks[0].change if isinstance(layer, nn.Linear))
    leaky = nn.functional.leaky_relu
    expected = x + second(leaky(first(leaky(x, 0.2)), 0.2))
    torch.testing.assert_close(blocks[0](x), expected)
    nn.init.zeros_(second.weight)
    nn.init.zeros_(second.bias)
    assert torch.equal(blocks[0](x), x)


def test_a_residual_network_keeps_its_scale_and_gradient_through_a_hundred_blocks():
    x = torch.randn(200, 2, requires_grad=True)
    critic = ResMlp(width=32, depth=100).discriminator(SPEC)
    features = critic.features(x)
    assert 0.05 < features.std() < 50
    critic(x).sum().backward()
    assert 1e-3 < x.grad.norm(dim=1).mean() < 1e3


def test_maxout_is_the_largest_of_its_pieces():
    layer = MaxoutLayer(3, 4, pieces=5)
    x = torch.randn(6, 3)
    weight, bias = layer.linear.weight, layer.linear.bias
    for i in range(6):
        for unit in range(4):
            rows = range(5 * unit, 5 * unit + 5)
            pieces = [(weight[row] @ x[i] + bias[row]).item() for row in rows]
            assert layer(x)[i, unit].item() == pytest.approx(max(pieces), abs=1e-6)


def test_maxout_has_the_pieces_asked_for():
    parameters = Maxout(width=7, depth=3, pieces=2).discriminator(SPEC).parameters()
    shapes = [tuple(p.shape) for p in parameters if p.ndim == 2]
    assert shapes == [(14, 2), (14, 7), (14, 7), (1, 7)]


def test_closeness_is_the_mean_over_the_batch_in_each_kernel():
    layer = Closeness(3, kernels=4, kernel_dim=2)
    x = torch.randn(5, 3)
    matrices = layer.project.weight.view(4, 2, 3)
    joined = layer(x)
    assert torch.equal(joined[:, :3], x)
    for i in range(5):
        for kernel in range(4):
            values = [
                (-(matrices[kernel] @ (x[i] - x[j])).abs().sum()).exp().item() for j in range(5)
            ]
            expected = sum(values) / 5
            assert joined[i, 3 + kernel].item() == pytest.approx(expected, abs=1e-6)


def test_closeness_tells_a_collapsed_batch_from_a_varied_one():
    layer = Closeness(3, kernels=4, kernel_dim=2)
    torch.testing.assert_close(layer(torch.ones(5, 3))[:, 3:], torch.ones(5, 4))
    assert layer(10 * torch.randn(5, 3))[:, 3:].mean() < 0.8


def test_minibatch_scores_depend_on_the_batch_but_not_on_its_order():
    critic = Minibatch().discriminator(SPEC)
    x = torch.randn(8, 2)
    order = torch.randperm(8)
    torch.testing.assert_close(critic(x)[order], critic(x[order]))
    assert not torch.allclose(critic(x)[:4], critic(x[:4]), atol=1e-5)


def test_self_normalising_layers_keep_mean_zero_and_variance_one():
    """Through 20 layers; He's weights with ReLU keep the scale but not the mean."""
    layers = [part for _ in range(20) for part in (nn.Linear(512, 512), nn.SELU())]
    hidden = lecun_normal(nn.Sequential(*layers))(torch.randn(2000, 512))
    # The variance of a layer is a mean over 512 units and wanders by some percent a layer.
    assert hidden.var().item() == pytest.approx(1, abs=0.25)
    assert hidden.mean().item() == pytest.approx(0, abs=0.1)


def test_self_normalising_players_start_from_their_law():
    for network in (Snn(width=400).generator(SPEC, 100), Snn(width=400).discriminator(SPEC)):
        for layer in network.modules():
            if isinstance(layer, nn.Linear):
                assert not layer.bias.any()
                count = layer.weight.numel()
                scaled = layer.weight.std() * layer.in_features**0.5
                assert scaled.item() == pytest.approx(1, abs=4 / (2 * count) ** 0.5)
