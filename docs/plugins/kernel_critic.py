"""A kernel critic.

A critic need not be trained by gradients. This one has no parameters: `prepare` makes room for the
rows of a batch, and `refit` returns new values of the buffers after each critic step, which are all
that it learns by. ganbench keeps the buffers of every seed apart.

    ganbench run --plugin docs/plugins/kernel_critic.py -a "generator=mlp discriminator=laplace" -l wgan -d ring8
"""

import torch
from torch import Tensor, nn

from ganbench.api import SCORE, Architecture, DataSpec, Output, PositiveFloat, hookimpl


class Laplace(Architecture):
    """Laplace: how much nearer a sample is to the last real ones than to the last fake ones.

    D(x) = mean k(x, real) - mean k(x, fake), with k(x, y) = exp(-|x - y| / length), the witness of
    the maximum mean discrepancy. There is nothing to train, and no generator.

    Args:
        length: distance at which k has fallen to 1 / e, in units of the data, above 0.

    Source: Gretton et al. 2012, JMLR 13, section 2.3 (witness)
    """

    kinds = frozenset({"vector", "table", "image", "sequence"})
    gives = frozenset({"score", "separate"})

    def __init__(self, length: PositiveFloat = 0.5) -> None:
        self.length = length

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,)."""
        return Witness(spec.size, self.length)


class Witness(nn.Module):
    """Map samples (B, *shape) to scores (B,) by comparing them with the last batches."""

    real: Tensor
    fake: Tensor

    def __init__(self, size: int, length: float) -> None:
        super().__init__()
        self.size, self.length = size, length
        self.register_buffer("real", torch.zeros(1, size))
        self.register_buffer("fake", torch.zeros(1, size))

    def prepare(self, rows: int) -> None:
        self.real, self.fake = torch.zeros(2, rows, self.size)

    def refit(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        return {"real": real.flatten(1), "fake": fake.flatten(1)}

    def forward(self, x: Tensor) -> Tensor:
        return self._likeness(x, self.real) - self._likeness(x, self.fake)

    def _likeness(self, x: Tensor, rows: Tensor) -> Tensor:
        gaps = x.flatten(1)[:, None] - rows  # (B, rows, size)
        distance = (gaps.square().sum(dim=2) + 1e-10).sqrt()  # its slope stays finite at 0
        return (-distance / self.length).exp().mean(dim=1)


@hookimpl
def ganbench_architectures() -> dict[str, object]:
    return {"laplace": Laplace}
