"""The simplest game: a generator of one point learns a point, against a line through the origin.

Its trajectories and eigenvalues are known in closed form, so it shows what a loss, a penalty or an
order of updates does to the dynamics, and nothing else.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from ganbench.api import DataKind, Dataset, DataSpec, Recipe, Split


class Dirac(Dataset):
    """All mass at the origin of the line.

    Source: Mescheder et al. 2018, arXiv:1801.04406
    """

    spec = DataSpec("vector", (1,))

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Return zeros (n, 1) on `rng.device`."""
        return torch.zeros(n, 1, device=rng.device)

    def fingerprint(self) -> str:
        """Return what never changes."""
        return "point"


class DiracPlayers:
    """A generator that always gives theta and a discriminator psi * x, both one number.

    Every seed starts at the same point; the noise is ignored.

    Args:
        theta: where the generator starts.
        psi: where the discriminator starts.

    Source: Mescheder et al. 2018, arXiv:1801.04406
    """

    kinds: ClassVar[frozenset[DataKind]] = frozenset({"vector"})

    def __init__(self, theta: float = 1.0, psi: float = -1.0) -> None:
        self.theta, self.psi = theta, psi
        self.recipe: Recipe = {}

    def misfit(self, spec: DataSpec) -> str | None:
        """Refuse data of more than one number."""
        return None if spec.shape == (1,) else f"it is for one number, not {spec.size}"

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:  # noqa: ARG002
        """Build noise (B, noise_dim) -> theta (B, 1)."""
        return _Point(self.theta)

    def discriminator(self, spec: DataSpec) -> nn.Module:  # noqa: ARG002
        """Build samples (B, 1) -> scores psi * x (B,)."""
        return _Line(self.psi)


class _Point(nn.Module):
    def __init__(self, theta: float) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([theta]))

    def forward(self, noise: Tensor) -> Tensor:
        return self.theta.expand(len(noise), 1)


class _Line(nn.Module):
    def __init__(self, psi: float) -> None:
        super().__init__()
        self.psi = nn.Parameter(torch.tensor([psi]))

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.psi).squeeze(1)
