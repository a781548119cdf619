"""The simplest game: a generator of one point learns a point, against a line through the origin.

Its trajectories and eigenvalues are known, so it shows what a loss, a penalty or an order of
updates does to the dynamics, and nothing else (Mescheder et al. 2018, arXiv:1801.04406).
"""

from dataclasses import replace

import torch
from torch import nn

from ganbench.api import Architecture, Dataset, DataSpec


class Dirac(Dataset):
    """All mass at the origin of the line."""

    spec = DataSpec("vector", (1,))

    def sample(self, n, split, rng):
        return torch.zeros(n, 1, device=rng.device)


class DiracPlayers(Architecture):
    """A generator that always gives theta and a discriminator psi * x; all seeds start there."""

    def __init__(self, theta, psi):
        self.theta, self.psi = theta, psi

    def generator(self, spec, noise_dim):
        return Point(self.theta)

    def discriminator(self, spec, output):
        return Line(self.psi)


class Point(nn.Module):
    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([theta]))

    def forward(self, noise):
        return self.theta.expand(len(noise), 1)


class Line(nn.Module):
    def __init__(self, psi):
        super().__init__()
        self.psi = nn.Parameter(torch.tensor([psi]))

    def forward(self, x):
        return (x * self.psi).squeeze(1)


def dirac_cell(cell, theta=1.0, psi=-1.0):
    """Return the cell with the Dirac-GAN in place of its data and players."""
    players = DiracPlayers(theta, psi)
    return replace(
        cell,
        dataset=replace(cell.dataset, value=Dirac()),
        generator=replace(cell.generator, value=players),
        discriminator=replace(cell.discriminator, value=players),
    )
