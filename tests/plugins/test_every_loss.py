"""What every loss says of itself is true, as registered and in all its variants."""

import inspect

import pytest
import torch
from playing import (
    LOSSES,
    Plain,
    bound,
    column,
    critic_loss,
    drawn,
    generator_loss,
    network,
    penalties,
)

from ganbench_losses import mm, sliced


def whole(loss, role, weights, real, fake):
    """Return a player's objective with all that is a part of the loss."""
    critic = bound(loss.output, weights)
    if role == "generator":
        return generator_loss(loss, critic, real, fake)
    return critic_loss(loss, critic, real, fake) + penalties(loss, critic, real, fake)


def roles(loss):
    return ["generator"] if loss.output is None else ["critic", "generator"]


@pytest.mark.parametrize("name", LOSSES)
def test_numbers_may_arrive_as_tensors(name):
    parameters = inspect.signature(LOSSES[name]).parameters
    numbers = {
        key: torch.tensor(parameter.default, dtype=torch.float64)
        for key, parameter in parameters.items()
        if isinstance(parameter.default, float)
    }
    loss, other = LOSSES[name](), LOSSES[name](**numbers)
    rng = torch.Generator().manual_seed(5)
    real, fake = torch.randn(2, 6, 2, generator=rng, dtype=torch.float64)
    for role in roles(loss):
        expected = whole(loss, role, network(loss.output, 2), real, fake)
        assert whole(other, role, network(loss.output, 2), real, fake).item() == (
            pytest.approx(expected.item(), rel=1e-12)
        )


@pytest.mark.parametrize("name", LOSSES)
def test_logistic_losses_are_those_whose_critic_is_that_of_minimax(name):
    loss = LOSSES[name]()
    if loss.output is None or loss.output.kind != "score":
        assert "logistic" not in loss.traits
        return
    real, fake = column(-1.5, 0.2, 2.5), column(0.4, -2.2, 1.7)
    values = [critic_loss(each, Plain(), real, fake) for each in (loss, mm())]
    assert ("logistic" in loss.traits) == bool(values[0] == values[1])


@pytest.mark.parametrize("name", LOSSES)
def test_samplewise_losses_are_those_whose_generator_gets_means_over_samples(name):
    loss = LOSSES[name]()
    weights = network(loss.output, 2)
    rng = torch.Generator().manual_seed(6)
    real, fake = 5 * torch.randn(2, 4, 2, generator=rng, dtype=torch.float64)  # past margins too
    mean = whole(loss, "generator", weights, real, fake)
    singles = [
        whole(loss, "generator", weights, real[i : i + 1], fake[i : i + 1]) for i in range(4)
    ]
    means = torch.isclose(mean, torch.stack(singles).mean(), rtol=1e-10)
    assert ("samplewise" in loss.traits) == bool(means)


def test_draws_are_all_that_is_random():
    loss = sliced()
    real, fake = torch.randn(2, 5, 3)
    draws = drawn(loss, real)
    values = [loss.generator_loss(None, real, fake, draws, {}) for _ in range(2)]
    assert values[0] == values[1]
