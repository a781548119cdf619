"""Random Fourier features as a discriminator, for samples of any shape."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ganbench.api import NETWORK, SCORE, Architecture, DataSpec, FeatureCritic, Output, Size
from ganbench_players.kernels import BANDWIDTHS, Bandwidths

_GAIN = 32


class RandomFeatures(Architecture):
    """Random Fourier features of a kernel with a readout trained by gradients; no generator.

    phi(x) = 32 sqrt(2 / width) cos(W x + b), with W and b drawn once for each seed so that
    E phi(x) . phi(y) is 1024 times the mixture of Gaussian kernels of `mmd_witness`; the 32 suits
    the readout to Adam's usual rates. It differs from `elm` in which functions are smooth to it,
    and from the other kernel discriminators in that it learns from all batches.

    Args:
        width: features, 1 to 65536.
        bandwidths: the h of the mixture, each above 0, per coordinate.

    Source: Rahimi & Recht 2007, NeurIPS 20
    """

    kinds = frozenset({"vector", "table", "image", "sequence"})
    gives = NETWORK - {"layers"}

    def __init__(self, width: Size = 512, bandwidths: Bandwidths = BANDWIDTHS) -> None:
        self.width, self.bandwidths = width, bandwidths

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        gain = _GAIN / math.sqrt(self.width)
        features = FourierFeatures(spec.size, self.width, self.bandwidths, gain)
        return FeatureCritic(nn.Sequential(nn.Flatten(), features), self.width, output)


class FourierFeatures(nn.Module):
    """(B, inputs) -> gain * sqrt(2) cos(W x + b), (B, width); W and b are drawn once."""

    weight: Tensor
    phase: Tensor

    def __init__(self, inputs: int, width: int, bandwidths: Sequence[float], gain: float) -> None:
        super().__init__()
        self.amplitude = math.sqrt(2) * gain
        each = torch.tensor(bandwidths).repeat(math.ceil(width / len(bandwidths)))[:width]
        frequencies = torch.randn(width, inputs) / (each[:, None] * math.sqrt(inputs))
        self.register_buffer("weight", frequencies)
        self.register_buffer("phase", 2 * math.pi * torch.rand(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return the random features (B, width)."""
        angle = nn.functional.linear(x, self.weight, self.phase)
        return self.amplitude * angle.cos()
