"""The critic that judges patches of an image."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from ganbench.api import (
    SCORE,
    Architecture,
    DataSpec,
    FeatureCritic,
    Output,
    Size,
    spectrally_normalised,
)
from ganbench_images.dcgan import initialised

Depth = Annotated[int, Field(gt=0, le=6)]


class Patch(Architecture):
    """A discriminator that averages the scores of patches; it has no generator.

    `depth` convolutions of 4 x 4 pixels, each of which halves the side and doubles the channels
    from `width` on, give one vector for each patch; a linear layer makes it a score. A patch has a
    side of 3 * 2^depth - 2 pixels: 4, 10, 22, 46. The mean of the scores is the score of the mean
    vector, which is what `features` gives and embeddings read. That last layer takes the place of
    the two convolutions of the paper that keep the side, and there is no normalisation unless it
    is asked for.

    Args:
        width: channels after the first convolution, 1 to 65536.
        depth: convolutions, 1 to 6; the image must have a side of at least 2^depth.
        norm: "none", or "spectral" for all weights.

    Source: Isola, Zhu, Zhou & Efros 2017, arXiv:1611.07004 (PatchGAN)
    """

    kinds = frozenset({"image"})

    def __init__(
        self, width: Size = 32, depth: Depth = 2, norm: Literal["none", "spectral"] = "none"
    ) -> None:
        self.width, self.depth, self.norm = width, depth, norm

    def misfit(self, spec: DataSpec) -> str | None:
        """Refuse images that so many halvings leave nothing of."""
        _, height, width = spec.shape
        least = 2**self.depth
        if min(height, width) >= least:
            return None
        return f"depth {self.depth} needs a side of at least {least}, not {height} x {width}"

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build images (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        channels = [spec.shape[0], *[self.width * 2**i for i in range(self.depth)]]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(channels):
            layers += [nn.Conv2d(fan_in, fan_out, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        body = nn.Sequential(*map(initialised, layers), _Mean())
        critic = FeatureCritic(body, channels[-1], output)
        initialised(critic.head)
        return spectrally_normalised(critic) if self.norm == "spectral" else critic


class _Mean(nn.Module):
    """Average over the map: (B, C, h, w) -> (B, C)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3))
