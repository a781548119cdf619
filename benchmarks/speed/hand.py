"""The loop that users write: stock modules, autograd and Adam, one seed."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from benchmarks.speed.cases import GP_WEIGHT, NOISE, R_GAMMA, RATE, Case, bank
from benchmarks.speed.torch_players import build


def hand_written(case: Case) -> Callable[[int], None]:
    """Build the training of one seed.

    Returns:
        What trains for a number of steps, each an update of the critic and one of the generator.
    """
    rng = torch.Generator().manual_seed(0)
    numbers, spread = bank(case.data)
    rows = torch.from_numpy(numbers)
    generator, critic = build(case.players, rows.shape[1:])
    g_optimizer = torch.optim.Adam(generator.parameters(), RATE, case.betas)
    c_optimizer = torch.optim.Adam(critic.parameters(), RATE, case.betas)

    def sample() -> Tensor:
        picked = rows[torch.randint(len(rows), (case.batch,), generator=rng)]
        return picked + spread * torch.randn(picked.shape, generator=rng) if spread else picked

    def generate() -> Tensor:
        return generator(torch.randn(case.batch, NOISE, generator=rng))

    def generator_loss(fake: Tensor) -> Tensor:
        if case.loss == "rp+r1+r2":
            return softplus(critic(sample()) - critic(fake)).mean()
        return softplus(-critic(fake)).mean() if case.loss == "ns" else -critic(fake).mean()

    def train(steps: int) -> None:
        for _ in range(steps):
            c_optimizer.zero_grad()
            critic_loss(case.loss, critic, sample(), generate().detach(), rng).backward()
            c_optimizer.step()
            g_optimizer.zero_grad()
            generator_loss(generate()).backward()
            g_optimizer.step()

    return train


def critic_loss(
    loss: str, critic: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator
) -> Tensor:
    """Return the critic's loss with its penalties."""
    if loss == "rp+r1+r2":
        real, fake = real.requires_grad_(), fake.requires_grad_()
        a, b = critic(real), critic(fake)
        squares = slope(real, a).square().sum(dim=1) + slope(fake, b).square().sum(dim=1)
        return softplus(b - a).mean() + R_GAMMA / 2 * squares.mean()
    a, b = critic(real), critic(fake)
    if loss == "ns":
        return softplus(-a).mean() + softplus(b).mean()
    mix = torch.rand(len(real), 1, generator=rng)
    x = (mix * real + (1 - mix) * fake).requires_grad_()
    penalty = (slope(x, critic(x)).norm(dim=1) - 1).square().mean()
    return b.mean() - a.mean() + GP_WEIGHT * penalty


def slope(x: Tensor, scores: Tensor) -> Tensor:
    """Return the gradient of each score in its sample, (B, size)."""
    return torch.autograd.grad(scores.sum(), x, create_graph=True)[0].flatten(1)
