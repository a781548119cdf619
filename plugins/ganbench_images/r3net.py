"""Residual players without normalisation, after those of R3GAN."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from ganbench.api import (
    SCORE,
    Architecture,
    DataSpec,
    FeatureCritic,
    Output,
    OutputHead,
    Size,
    SpecError,
)
from ganbench_images.resampling import Interpolated
from ganbench_images.sides import START, doublings, side_misfit

Blocks = Annotated[int, Field(gt=0, le=16)]

_GROUP = 8
"""Channels of a group of the grouped convolutions."""
_SLOPE = 0.2
_SMALL = 0.1
"""Gain of a block's last layer at the start."""


class R3Net(Architecture):
    """Residual blocks of grouped convolutions without any normalisation, after R3GAN's network.

    A block is x + W3 f(W2 f(W1 x)): 1 x 1 to twice the channels, 3 x 3 in groups of 8 channels,
    1 x 1 back, with f = LeakyReLU(0.2) and biases before f alone. Each player has `blocks` of them
    at each side. Between sides the generator interpolates bilinearly, and the discriminator takes
    means of 2 x 2 pixels. The generator starts from a learned 4 x 4 or 7 x 7 map whose channels
    are scaled by a linear map of the noise; the discriminator ends with a convolution by channel
    over the whole map. Weights start as in Fixup (Zhang et al. 2019, arXiv:1901.09321): in a
    player of L blocks W1 and W2 are scaled by L^(-1/4), and W3 makes a small change, a tenth of
    its usual one. The paper starts W3 from zero, and all other weights then wait for it.

    Simpler than the paper: one width for all sides, and so no convolutions between them, groups of
    8 instead of 16 channels, and no conditions. Made for the loss `r3gan`.

    Args:
        width: channels of every map, a multiple of 4, 4 to 65536.
        blocks: at each side in each player, 1 to 16.

    Source: Huang, Gokaslan, Kuleshov & Tompkin 2024, arXiv:2501.05441
    """

    kinds = frozenset({"image"})

    def __init__(self, width: Size = 32, blocks: Blocks = 1) -> None:
        if 2 * width % _GROUP:
            raise SpecError(f"r3net(width={width}): width must be a multiple of {_GROUP // 2}.")
        self.width, self.blocks = width, blocks

    def misfit(self, spec: DataSpec) -> str | None:
        """Refuse images that repeated doubling of the first map does not reach."""
        return side_misfit(spec)

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> images (B, *spec.shape)."""
        return nn.Sequential(
            _Start(noise_dim, self.width, START[spec.shape[-1]]),
            *self._stages(spec, Interpolated()),
            _drawn(nn.Conv2d(self.width, spec.shape[0], 1)),
            nn.Flatten(),
            OutputHead(spec),
        )

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build images (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        width, start = self.width, START[spec.shape[-1]]
        body = nn.Sequential(
            _drawn(nn.Conv2d(spec.shape[0], width, 1)),
            *self._stages(spec, nn.AvgPool2d(2)),
            _drawn(nn.Conv2d(width, width, start, groups=width, bias=False)),
            nn.Flatten(),
        )
        critic = FeatureCritic(body, width, output)
        _drawn(critic.head)
        return critic

    def _stages(self, spec: DataSpec, between: nn.Module) -> list[nn.Module]:
        """Return the blocks of all sides, with what changes the side between them."""
        sides = doublings(spec) + 1
        depth = sides * self.blocks
        stages: list[nn.Module] = []
        for _ in range(sides):
            stages += [between, *[_Block(self.width, depth) for _ in range(self.blocks)]]
        return stages[1:]


class _Start(nn.Module):
    """A learned map whose channels the noise scales: (B, noise_dim) -> (B, width, side, side)."""

    def __init__(self, noise_dim: int, width: int, side: int) -> None:
        super().__init__()
        self.scales = _drawn(nn.Linear(noise_dim, width))
        self.map = nn.Parameter(torch.randn(width, side, side))

    def forward(self, noise: Tensor) -> Tensor:
        scaled: Tensor = self.scales(noise)[:, :, None, None] * self.map
        return scaled


class _Block(nn.Module):
    """A residual block of a player with `depth` of them: (B, width, h, w) -> the same shape."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        wide, gain = 2 * width, nn.init.calculate_gain("leaky_relu", _SLOPE) * depth**-0.25
        self.change = nn.Sequential(
            _drawn(nn.Conv2d(width, wide, 1), gain),
            nn.LeakyReLU(_SLOPE),
            _drawn(nn.Conv2d(wide, wide, 3, padding=1, groups=wide // _GROUP), gain),
            nn.LeakyReLU(_SLOPE),
            _drawn(nn.Conv2d(wide, width, 1, bias=False), _SMALL),
        )

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = x + self.change(x)
        return changed


def _drawn(layer: nn.Conv2d | nn.Linear, gain: float = 1.0) -> nn.Module:
    """Draw weights that multiply the size of activations by `gain`; biases start at 0."""
    nn.init.normal_(layer.weight, std=gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
