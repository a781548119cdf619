"""Convolutional players sized by the image."""

from itertools import pairwise
from typing import ClassVar

from torch import nn

from ganbench.api import DataKind, DataSpec, OutputHead, Recipe, Size

_SIDES = (8, 16, 32, 64)
_START = 4
"""Side of the generator's first and the discriminator's last feature map."""


class Dcgan:
    """Strided convolutions, from 4 x 4 up to the image and back, as in DCGAN.

    Each step doubles the side and halves the channels, down to `width` at full size, where a 3 x 3
    convolution meets the image as in the players of Miyato et al. 2018 (arXiv:1802.05957).

    There is no batch normalisation as in Radford et al.: running statistics have no place in a
    step that is a pure function, and statistics of the batch tie samples together that a gradient
    penalty must see one by one. Initial weights that keep the size of activations (He et al. 2015,
    arXiv:1502.01852), in place of a standard deviation of 0.02, make up for it.

    Args:
        width: channels at full size, 1 to 65536.

    Source: Radford et al. 2016, arXiv:1511.06434
    """

    kinds: ClassVar[frozenset[DataKind]] = frozenset({"image"})

    def __init__(self, width: Size = 16) -> None:
        self.width = width
        self.recipe: Recipe = {}

    def misfit(self, spec: DataSpec) -> str | None:
        """Refuse images that repeated doubling of 4 x 4 does not reach."""
        _, height, width = spec.shape
        if height == width and width in _SIDES:
            return None
        sides = ", ".join(map(str, _SIDES))
        return f"it needs square images with a side of {sides}, not {height} x {width}"

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> images (B, *spec.shape)."""
        channels = self._channels(spec)[::-1]
        layers: list[nn.Module] = [
            nn.Linear(noise_dim, channels[0] * _START**2),
            nn.Unflatten(1, (channels[0], _START, _START)),
            nn.ReLU(),
        ]
        for wide, narrow in pairwise(channels):
            layers += [
                nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1),
                nn.ReLU(),
            ]
        layers += [nn.Conv2d(self.width, spec.shape[0], 3, padding=1), nn.Flatten()]
        return nn.Sequential(*map(_initialised, layers), OutputHead(spec))

    def discriminator(self, spec: DataSpec) -> nn.Module:
        """Build images (B, *spec.shape) -> scores (B,)."""
        channels = self._channels(spec)
        layers: list[nn.Module] = [
            nn.Conv2d(spec.shape[0], self.width, 3, padding=1),
            nn.LeakyReLU(0.2),
        ]
        for narrow, wide in pairwise(channels):
            layers += [nn.Conv2d(narrow, wide, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        layers += [nn.Flatten(), nn.Linear(channels[-1] * _START**2, 1), nn.Flatten(0)]
        return nn.Sequential(*map(_initialised, layers))

    def _channels(self, spec: DataSpec) -> list[int]:
        """Return the channels from full size down to 4 x 4."""
        halvings = (spec.shape[-1] // _START).bit_length() - 1
        return [self.width * 2**i for i in range(halvings + 1)]


def _initialised(layer: nn.Module) -> nn.Module:
    if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.get_parameter("bias"))
    return layer
