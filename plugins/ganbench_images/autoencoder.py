"""The convolutional autoencoder: a critic by its error, a generator by its decoder."""

from itertools import pairwise

from torch import nn

from ganbench.api import (
    NETWORK,
    SCORE,
    Architecture,
    DataSpec,
    FeatureCritic,
    Output,
    OutputHead,
    Size,
)
from ganbench_images.dcgan import initialised
from ganbench_images.sides import START, doublings, side_misfit
from ganbench_players.autoencoder import EnergyScore, ReconstructionError


class ConvAutoencoder(Architecture):
    """A discriminator that reconstructs images, E(x) = mean (x - decode(encode(x)))^2.

    As `autoencoder`, with the strided convolutions of `dcgan`: the encoder halves the side and
    doubles the channels from `width` at full size, a linear layer gives the code, and the decoder
    is the converse. Losses that ask for an energy (EBGAN, BEGAN) get E(x); those that ask for a
    score get D(x) = offset - scale * E(x), with a learned offset and a learned scale above 0. An
    embedding is a linear map of the code. The generator is the decoder on its own.

    Args:
        width: channels at full size, 1 to 65536.
        code: coordinates between encoder and decoder, 1 to 65536.

    Source: Zhao et al. 2017, arXiv:1609.03126 (EBGAN)
    """

    kinds = frozenset({"image"})
    gives = NETWORK | {"energy"}

    def __init__(self, width: Size = 16, code: Size = 32) -> None:
        self.width, self.code = width, code

    def misfit(self, spec: DataSpec) -> str | None:
        """Refuse images that repeated doubling of the first map does not reach."""
        return side_misfit(spec)

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> images (B, *spec.shape)."""
        return nn.Sequential(self._decoder(spec, noise_dim), OutputHead(spec))

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build images (B, *spec.shape) -> scores, energies (B,) or embeddings (B, size)."""
        encoder = self._encoder(spec)
        if output.kind == "embedding":
            return FeatureCritic(encoder, self.code, output)
        energy = ReconstructionError(encoder, self._decoder(spec, self.code))
        return energy if output.kind == "energy" else EnergyScore(energy)

    def _encoder(self, spec: DataSpec) -> nn.Module:
        """Build images (B, *spec.shape) -> codes (B, code)."""
        channels, start = self._channels(spec), START[spec.shape[-1]]
        layers: list[nn.Module] = [
            nn.Conv2d(spec.shape[0], self.width, 3, padding=1),
            nn.LeakyReLU(0.2),
        ]
        for narrow, wide in pairwise(channels):
            layers += [nn.Conv2d(narrow, wide, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        layers += [nn.Flatten(), nn.Linear(channels[-1] * start**2, self.code)]
        return nn.Sequential(*map(initialised, layers))

    def _decoder(self, spec: DataSpec, inputs: int) -> nn.Module:
        """Build codes (B, inputs) -> the values of images (B, size)."""
        channels, start = self._channels(spec)[::-1], START[spec.shape[-1]]
        layers: list[nn.Module] = [
            nn.Linear(inputs, channels[0] * start**2),
            nn.Unflatten(1, (channels[0], start, start)),
            nn.ReLU(),
        ]
        for wide, narrow in pairwise(channels):
            layers += [nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(self.width, spec.shape[0], 3, padding=1), nn.Flatten()]
        return nn.Sequential(*map(initialised, layers))

    def _channels(self, spec: DataSpec) -> list[int]:
        """Return the channels from full size down to the smallest map."""
        return [self.width * 2**i for i in range(doublings(spec) + 1)]
