"""An energy critic.

A discriminator gives what the loss asks for in `output`: here a number of at least 0 for each
sample, low for real ones. `gives` lists that, so that ganbench refuses losses that ask for another.
The generator is somebody else's.

    ganbench run --plugin docs/plugins/energy_critic.py -a "generator=mlp discriminator=prototypes" -l ebgan -d ring8
"""

import torch
from torch import Tensor, nn

from ganbench.api import Architecture, DataSpec, Output, Size, hookimpl

ENERGY = Output("energy")


class Prototypes(Architecture):
    """Prototypes: the energy of a sample is its squared distance to the nearest of some points.

    E(x) = min_k mean (h(x) - c_k)^2, with learned points c_k in the space of a learned map h, a
    network with one hidden layer. It has no generator.

    Args:
        count: number of points, 1 to 65536.
        width: units of the hidden layer, and of h, 1 to 65536.

    Source: after Snell et al. 2017, arXiv:1703.05175
    """

    kinds = frozenset({"vector", "table", "image"})
    gives = frozenset({"energy", "features", "weights", "layers", "separate"})

    def __init__(self, count: Size = 16, width: Size = 64) -> None:
        self.count, self.width = count, width

    def discriminator(self, spec: DataSpec, output: Output = ENERGY) -> nn.Module:
        """Build samples (B, *spec.shape) -> energies (B,)."""
        return Nearest(spec.size, self.count, self.width)


class Nearest(nn.Module):
    """Map samples (B, *shape) to the squared distance to the nearest point, (B,)."""

    def __init__(self, size: int, count: int, width: int) -> None:
        super().__init__()
        self.points = nn.Parameter(torch.randn(count, width))
        self.features = nn.Sequential(
            nn.Flatten(), nn.Linear(size, width), nn.LeakyReLU(0.2), nn.Linear(width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        gaps: Tensor = self.features(x)[:, None] - self.points  # (B, count, width)
        return gaps.square().mean(dim=2).amin(dim=1)


@hookimpl
def ganbench_architectures() -> dict[str, object]:
    return {"prototypes": Prototypes}
