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
    values = (start, *(torch.zeros_like(start) for _ in ours.slots))
    for step in range(1, 11):
        gradient = torch.randn(7, generator=rng, dtype=torch.float64)
        peer.grad = gradient.clone()
        torch_optimizer.step()
        rate, count = torch.tensor(0.1), torch.tensor(float(step), dtype=torch.float64)
        values = ours.update(values[0], gradient, values[1:], rate, count)
    torch.testing.assert_close(values[0], peer.detach(), rtol=1e-6, atol=1e-6)
