"""Residual convolutional players, as those of spectral normalisation and WGAN-GP."""

import math
from typing import Literal

from torch import Tensor, nn

from ganbench.api import (
    SCORE,
    Architecture,
    BatchNorm,
    DataSpec,
    FeatureCritic,
    Output,
    OutputHead,
    Size,
    spectrally_normalised,
)
from ganbench_images.resampling import Doubled
from ganbench_images.sides import START, doublings, side_misfit


class ResNet(Architecture):
    """Residual blocks that double or halve the side, as in the players of SNGAN.

    The generator maps noise to 4 x 4 or 7 x 7 pixels; each block doubles the side,
    shortcut(up x) + conv(relu(norm(conv(up(relu(norm x)))))), and a 3 x 3 convolution meets the
    image. The discriminator's blocks do the converse, with the mean of squares of 2 x 2 pixels,
    down to 4 x 4 or 7 x 7; one block more keeps the side, and a linear layer reads the sum over
    the map. All maps have `width` channels, as for CIFAR-10 in the paper.

    Weights start as in Gulrajani et al. 2017 (arXiv:1704.00028): He's law within blocks, Glorot's
    elsewhere. The sum is divided by the side of the map, and without spectral normalisation the
    sum of a block's two paths by the root of 2, so that activations keep their size.

    Args:
        width: channels of every map, 1 to 65536.
        norm: "none"; "batch", in the generator only, so that a gradient penalty sees samples one
            by one; "spectral", SNGAN: "batch" in the generator, spectral normalisation of all
            weights of the discriminator.

    Source: Miyato et al. 2018, arXiv:1802.05957
    """

    kinds = frozenset({"image"})

    def __init__(
        self, width: Size = 32, norm: Literal["none", "batch", "spectral"] = "none"
    ) -> None:
        self.width, self.norm = width, norm

    def misfit(self, spec: DataSpec) -> str | None:
        """Refuse images that repeated doubling of the first map does not reach."""
        return side_misfit(spec)

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> images (B, *spec.shape)."""
        width, start = self.width, START[spec.shape[-1]]
        batch = self.norm != "none"
        blocks = [_Up(width, batch) for _ in range(doublings(spec))]
        return nn.Sequential(
            _glorot(nn.Linear(noise_dim, width * start**2)),
            nn.Unflatten(1, (width, start, start)),
            *blocks,
            *_norm(width, batch),
            nn.ReLU(),
            _glorot(nn.Conv2d(width, spec.shape[0], 3, padding=1)),
            nn.Flatten(),
            OutputHead(spec),
        )

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build images (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        width, spectral = self.width, self.norm == "spectral"
        sides = [spec.shape[0], *[width] * doublings(spec)]
        downs = [
            _Down(channels, width, first=not place, scaled=not spectral)
            for place, channels in enumerate(sides[:-1])
        ]
        last = _Down(width, width, halved=False, scaled=not spectral)
        body = nn.Sequential(*downs, last, nn.ReLU(), _Summed())
        critic = FeatureCritic(body, width, output)
        _glorot(critic.head)
        return spectrally_normalised(critic) if spectral else critic


class _Up(nn.Module):
    """A block of the generator: (B, width, h, w) -> (B, width, 2h, 2w)."""

    def __init__(self, width: int, batch: bool) -> None:
        super().__init__()
        self.change = nn.Sequential(
            *_norm(width, batch),
            nn.ReLU(),
            Doubled(),
            _he(nn.Conv2d(width, width, 3, padding=1, bias=not batch)),
            *_norm(width, batch),
            nn.ReLU(),
            _he(nn.Conv2d(width, width, 3, padding=1)),
        )
        self.shortcut = nn.Sequential(Doubled(), _glorot(nn.Conv2d(width, width, 1)))

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.shortcut(x) + self.change(x)
        return changed * math.sqrt(0.5)


class _Down(nn.Module):
    """A block of the discriminator: (B, inputs, h, w) -> (B, width, h / 2, w / 2), or h, w."""

    def __init__(
        self,
        inputs: int,
        width: int,
        *,
        first: bool = False,
        halved: bool = True,
        scaled: bool = True,
    ) -> None:
        super().__init__()
        pool: list[nn.Module] = [nn.AvgPool2d(2)] if halved else []
        start: list[nn.Module] = [] if first else [nn.ReLU()]
        self.change = nn.Sequential(
            *start,
            _he(nn.Conv2d(inputs, width, 3, padding=1)),
            nn.ReLU(),
            _he(nn.Conv2d(width, width, 3, padding=1)),
            *pool,
        )
        path: list[nn.Module] = [_glorot(nn.Conv2d(inputs, width, 1))] if halved else []
        self.shortcut = nn.Sequential(*pool, *path)
        self.scale = math.sqrt(0.5) if scaled else 1.0

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.shortcut(x) + self.change(x)
        return changed * self.scale


class _Summed(nn.Module):
    """Sum over the map, divided by its side: (B, C, s, s) -> (B, C)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sum(dim=(2, 3)) / x.shape[-1]


def _norm(width: int, batch: bool) -> list[nn.Module]:
    return [BatchNorm(width)] if batch else []


def _he(layer: nn.Conv2d) -> nn.Conv2d:
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _glorot(layer: nn.Conv2d | nn.Linear) -> nn.Module:
    nn.init.xavier_uniform_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
