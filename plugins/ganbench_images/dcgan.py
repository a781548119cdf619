"""Convolutional players sized by the image."""

from itertools import pairwise
from typing import Literal

from torch import nn

from ganbench.api import (
    NETWORK,
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
from ganbench_images.sides import START, doublings, side_misfit

_Weighted = nn.Linear | nn.Conv2d | nn.ConvTranspose2d


class Dcgan(Architecture):
    """Strided convolutions, from 4 x 4 or 7 x 7 up to the image and back, as in DCGAN.

    Each step doubles the side and halves the channels, down to `width` at full size, where a 3 x 3
    convolution meets the image as in the players of Miyato et al. 2018 (arXiv:1802.05957).

    Initial weights keep the size of activations (He et al. 2015, arXiv:1502.01852), in place of a
    standard deviation of 0.02, so that no normalisation is needed. The default has none, because
    that of Radford et al., "batch", ties samples together that a gradient penalty must see one by
    one. "batch" and "layer" (over all values of a sample) act on the hidden layers of both players
    except the discriminator's first; "spectral" on all weights of the discriminator.

    Args:
        width: channels at full size, 1 to 65536.
        norm: "none", "batch", "layer" or "spectral".

    Source: Radford et al. 2016, arXiv:1511.06434
    """

    kinds = frozenset({"image"})

    def __init__(
        self, width: Size = 16, norm: Literal["none", "batch", "layer", "spectral"] = "none"
    ) -> None:
        self.width = width
        self.norm = norm
        if norm == "batch":
            self.gives = NETWORK - {"separate"}

    def misfit(self, spec: DataSpec) -> str | None:
        """Refuse images that repeated doubling of the first map does not reach."""
        return side_misfit(spec)

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> images (B, *spec.shape)."""
        channels, start = self._channels(spec)[::-1], START[spec.shape[-1]]
        layers: list[nn.Module] = [
            nn.Linear(noise_dim, channels[0] * start**2),
            nn.Unflatten(1, (channels[0], start, start)),
            *self._norm(channels[0]),
            nn.ReLU(),
        ]
        for wide, narrow in pairwise(channels):
            layers += [
                nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1, bias=self._bias),
                *self._norm(narrow),
                nn.ReLU(),
            ]
        layers += [nn.Conv2d(self.width, spec.shape[0], 3, padding=1), nn.Flatten()]
        return nn.Sequential(*map(initialised, layers), OutputHead(spec))

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build images (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        channels, start = self._channels(spec), START[spec.shape[-1]]
        layers: list[nn.Module] = [
            nn.Conv2d(spec.shape[0], self.width, 3, padding=1),
            nn.LeakyReLU(0.2),
        ]
        for narrow, wide in pairwise(channels):
            layers += [
                nn.Conv2d(narrow, wide, 4, stride=2, padding=1, bias=self._bias),
                *self._norm(wide),
                nn.LeakyReLU(0.2),
            ]
        body = nn.Sequential(*layers, nn.Flatten())
        critic = FeatureCritic(body, channels[-1] * start**2, output)
        for layer in critic.modules():
            initialised(layer)
        return spectrally_normalised(critic) if self.norm == "spectral" else critic

    def _channels(self, spec: DataSpec) -> list[int]:
        """Return the channels from full size down to the smallest map."""
        return [self.width * 2**i for i in range(doublings(spec) + 1)]

    def _norm(self, channels: int) -> list[nn.Module]:
        """Return the normalisation of a hidden layer, if any."""
        if self.norm == "batch":
            return [BatchNorm(channels)]
        return [nn.GroupNorm(1, channels)] if self.norm == "layer" else []

    @property
    def _bias(self) -> bool:
        """Whether hidden convolutions have one; statistics of a channel would take it out."""
        return self.norm != "batch"


def initialised(layer: nn.Module) -> nn.Module:
    """Draw a layer's weights so that ReLUs keep the size of activations; biases start at 0."""
    if isinstance(layer, _Weighted):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return layer
