"""The vote of nearest neighbours as a discriminator, for samples of any shape."""

import torch
from torch import Tensor, nn

from ganbench.api import SCORE, Architecture, DataSpec, Output, PositiveFloat, PositiveInt
from ganbench_players.banks import Bank, Memory
from ganbench_players.smoothing import SmoothedCritic


class Neighbours(Architecture):
    """The share of real ones among the nearest samples last shown; it has no generator.

    D(x) = log((p + floor) / (1 - p + floor)), where p is the share of real ones among the
    `neighbours` nearest samples to x. It is constant in pieces: the gradient that the
    generator gets is that of E D(x + sigma * e), e standard normal, estimated from `pairs` of
    opposite steps. Where real and fake samples lie far apart all neighbours agree and there is
    no gradient at all, so that sequences, whose fakes start far from every one-hot, are left out.

    Args:
        neighbours: that vote, above 0 and at most the samples kept.
        memory: batches that are kept, 1 to 1000.
        floor: keeps D finite, above 0.
        pairs: of opposite steps from each sample, above 0.
        sigma: their size in each coordinate, above 0, about that of the finest detail.

    Source: Cover & Hart 1967, IEEE Transactions on Information Theory 13(1); the gradient:
    Salimans et al. 2017, arXiv:1703.03864
    """

    kinds = frozenset({"vector", "table", "image"})
    gives = frozenset({"score", "separate"})

    def __init__(
        self,
        neighbours: PositiveInt = 10,
        memory: Memory = 4,
        floor: PositiveFloat = 0.05,
        pairs: PositiveInt = 4,
        sigma: PositiveFloat = 0.1,
    ) -> None:
        self.neighbours, self.memory, self.floor = neighbours, memory, floor
        self.pairs, self.sigma = pairs, sigma

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:  # noqa: ARG002
        """Build samples (B, *spec.shape) -> scores (B,)."""
        vote = NeighbourVote(spec.size, self.memory, self.neighbours)
        return SmoothedCritic(vote, self.pairs, self.sigma, self.floor)


class NeighbourVote(Bank):
    """Map rows (n, size) to the share of real ones among their neighbours in the bank, (n,)."""

    def __init__(self, size: int, memory: int, neighbours: int) -> None:
        super().__init__(size, memory)
        self.neighbours = neighbours

    def forward(self, rows: Tensor) -> Tensor:
        """Return probabilities (n,)."""
        kept = torch.cat([self.real, self.fake])
        centre = kept.mean(dim=0)
        rows, kept = rows - centre, kept - centre
        # Squared, and up to a constant for each row.
        distance = kept.square().sum(dim=1) - 2 * rows @ kept.T
        count = min(self.neighbours, len(kept))
        nearest = distance.topk(count, dim=1, largest=False).indices
        return (nearest < len(self.real)).to(rows.dtype).mean(dim=1)
