"""Plugin: the simplest game, a generator of one point that learns a point, against a line.

Its trajectories and eigenvalues are known, so it shows what a loss, a penalty or an order of
updates does to the dynamics, and nothing else (Mescheder et al. 2018, arXiv:1801.04406).
"""

import torch
from torch import Tensor, nn

from ganbench.api import Architecture, Dataset, DataSpec, Output, Split, hookimpl


class Dirac(Dataset):
    """All mass at the origin of the line.

    Source: Mescheder et al. 2018, arXiv:1801.04406
    """

    spec = DataSpec("vector", (1,))

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:
        return torch.zeros(n, 1, device=rng.device)


class DiracPlayers(Architecture):
    """A generator that always gives theta and a discriminator psi * x; all seeds start there.

    Args:
        theta: where the generator starts.
        psi: where the discriminator starts.

    Source: Mescheder et al. 2018, arXiv:1801.04406
    """

    kinds = frozenset({"vector"})

    def __init__(self, theta: float = 1.0, psi: float = -1.0) -> None:
        self.theta, self.psi = theta, psi

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        return Point(self.theta)

    def discriminator(self, spec: DataSpec, output: Output) -> nn.Module:
        return Line(self.psi)


class Point(nn.Module):
    """theta, whatever the noise."""

    def __init__(self, theta: float) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([theta]))

    def forward(self, noise: Tensor) -> Tensor:
        return self.theta.expand(len(noise), 1)


class Line(nn.Module):
    """psi * x."""

    def __init__(self, psi: float) -> None:
        super().__init__()
        self.psi = nn.Parameter(torch.tensor([psi]))

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.psi).squeeze(1)


@hookimpl
def ganbench_datasets() -> dict[str, object]:
    return {"dirac": Dirac}


@hookimpl
def ganbench_architectures() -> dict[str, object]:
    return {"dirac": DiracPlayers}
