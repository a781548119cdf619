"""The autoencoder, for samples of any shape: a critic by its error, a generator by its decoder."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ganbench.api import NETWORK, SCORE, Architecture, DataSpec, FeatureCritic, Output, Size
from ganbench_players.mlp import Depth, dense, relu_generator


class Autoencoder(Architecture):
    """A discriminator that reconstructs, E(x) = mean (x - decode(encode(x)))^2; G is a decoder.

    Losses that ask for an energy get E(x), the mean over the values of a sample; those that ask
    for a score get D(x) = offset - scale * E(x), with a learned offset and a learned scale above
    0. An embedding is a linear map of the code, which is also what `features` gives. The
    generator is the decoder on its own: noise -> hidden layers -> sample. Hidden layers are
    LeakyReLU(0.2) in the discriminator and ReLU in the generator.

    Args:
        width: units in each hidden layer, 1 to 65536.
        depth: hidden layers of encoder and of decoder, 1 to 100.
        code: coordinates between encoder and decoder, 1 to 65536.

    Source: Zhao et al. 2017, arXiv:1609.03126 (EBGAN)
    """

    kinds = frozenset({"vector", "table", "image"})
    gives = NETWORK | {"energy"}

    def __init__(self, width: Size = 64, depth: Depth = 2, code: Size = 8) -> None:
        self.hidden, self.code = [width] * depth, code

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> samples (B, *spec.shape)."""
        return relu_generator(spec, [noise_dim, *self.hidden])

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores, energies (B,) or embeddings (B, size)."""
        activation, sizes = nn.LeakyReLU(0.2), [spec.size, *self.hidden, self.code]
        encoder = nn.Sequential(nn.Flatten(), *dense(sizes, activation))
        if output.kind == "embedding":
            return FeatureCritic(encoder, self.code, output)
        energy = ReconstructionError(encoder, nn.Sequential(*dense(sizes[::-1], activation)))
        return energy if output.kind == "energy" else EnergyScore(energy)


class ReconstructionError(nn.Module):
    """Map samples (B, *shape) to their mean squared reconstruction error (B,)."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def features(self, x: Tensor) -> Tensor:
        """Return the codes (B, code)."""
        code: Tensor = self.encoder(x)
        return code

    def forward(self, x: Tensor) -> Tensor:
        """Return energies (B,), at least 0."""
        error: Tensor = x.flatten(1) - self.decoder(self.encoder(x))
        return error.square().mean(dim=1)


class EnergyScore(nn.Module):
    """Turn an energy into a score: offset - softplus(rise) * energy, (B,)."""

    def __init__(self, energy: ReconstructionError) -> None:
        super().__init__()
        self.energy = energy
        self.offset = nn.Parameter(torch.zeros(()))
        self.rise = nn.Parameter(torch.tensor(math.log(math.e - 1)))

    def features(self, x: Tensor) -> Tensor:
        """Return the codes (B, code)."""
        return self.energy.features(x)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B,)."""
        score: Tensor = self.offset - softplus(self.rise) * self.energy(x)
        return score
