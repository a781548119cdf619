"""The functional optimisers agree with torch's."""

import pytest
import torch

from ganbench.recipe import Recipe
from ganbench.training.optimizers import make_optimizer

RECIPE = Recipe(momentum=0.8, beta1=0.4, beta2=0.95)
PEERS = {
    "sgd": lambda x: torch.optim.SGD([x], lr=0.1, momentum=0.8),
    "adam": lambda x: torch.optim.Adam([x], lr=0.1, betas=(0.4, 0.95)),
    "rmsprop": lambda x: torch.optim.RMSprop([x], lr=0.1, alpha=0.95),
}


@pytest.mark.parametrize("name", PEERS)
def test_ten_steps_equal_torchs(name):
    rng = torch.Generator().manual_seed(0)
    start = torch.randn(7, generator=rng, dtype=torch.float64)
    peer = start.clone().requires_grad_()
    torch_optimizer = PEERS[name](peer)
    ours = make_optimizer(name, RECIPE)
    theta, slots = start, tuple(torch.zeros_like(start) for _ in ours.slots)
    for step in range(1, 11):
        gradient = torch.randn(7, generator=rng, dtype=torch.float64)
        peer.grad = gradient.clone()
        torch_optimizer.step()
        move, slots = ours.direction(gradient, slots, numbers(ours, 0.1, step))
        theta = theta - move
    torch.testing.assert_close(theta, peer.detach(), rtol=1e-6, atol=1e-6)


def numbers(optimizer, rate, step):
    values = {**optimizer.constants, **optimizer.clock(rate, step)}
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}


@pytest.mark.parametrize("name", PEERS)
def test_an_optimistic_update_is_twice_this_direction_less_the_one_before(name):
    plain = make_optimizer(name, RECIPE)
    optimistic = make_optimizer(name, RECIPE.model_copy(update={"optimistic": True}))
    gradients = [torch.tensor([1.0, -2.0]).double(), torch.tensor([0.5, 4.0]).double()]
    zero = torch.zeros(2, dtype=torch.float64)
    slots, hopeful = (zero,) * len(plain.slots), (zero,) * len(optimistic.slots)
    before = zero
    for step, gradient in enumerate(gradients, 1):
        clock = numbers(plain, 0.1, step)
        move, slots = plain.direction(gradient, slots, clock)
        ours, hopeful = optimistic.direction(gradient, hopeful, clock)
        torch.testing.assert_close(ours, 2 * move - before)
        before = move


@pytest.mark.parametrize("name", ["adam", "rmsprop"])
def test_gradients_pass_through_an_update_even_where_a_gradient_is_zero(name):
    rule = make_optimizer(name, RECIPE, differentiable=True)
    gradient = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
    zero = torch.zeros(2, dtype=torch.float64)
    move, _ = rule.direction(gradient, (zero,) * len(rule.slots), numbers(rule, 0.1, 1))
    (slope,) = torch.autograd.grad(move.sum(), gradient)
    assert torch.isfinite(slope).all()
