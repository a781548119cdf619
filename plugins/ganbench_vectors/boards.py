"""A law with a density that is either constant or zero."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import Dataset, DataSpec, Split

Side = Annotated[int, Field(ge=2, le=64)]
Length = Annotated[float, Field(ge=1e-6, le=1e6)]

_MARGIN = 2**-17
"""Of a square's side, kept free along its edges: rounding to single precision moves a sample by
less, even by the outer edge of the largest board."""


class Checkerboard(Dataset):
    """Numbers that are uniform on every other square of a board around the origin.

    The board covers [-reach, reach)^2. Square (i, j), counted from its lower left corner (0, 0),
    carries the density side^2 / (4 c reach^2) if i + j is even, where c is the number of these
    squares, and none otherwise. Samples keep 1/131072 of a side away from the edges, so that
    rounding moves none to another square.

    Args:
        side: squares in a row and in a column, 2 to 64.
        reach: the largest coordinate of the board, 1e-6 to 1e6.

    Source: Grathwohl et al. 2019, arXiv:1810.01367 (FFJORD)

    Kind: vector
    Size: endless, 2 numbers
    Licence: none (synthetic)
    """

    tails = "bounded"
    intrinsic_dim = 2

    def __init__(self, side: Side = 4, reach: Length = 2.0) -> None:
        self.spec = DataSpec("vector", (2,))
        self.side, self.reach = side, reach
        rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        even = (rows + columns) % 2 == 0
        self.squares = torch.stack([rows[even], columns[even]], dim=1)
        """Places (c, 2) of those that carry the law."""
        self.log_prob = self._log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, 2) independent samples on `rng.device`."""
        picks = torch.randint(len(self.squares), (n,), generator=rng, device=rng.device)
        inside = torch.rand(n, 2, generator=rng, device=rng.device, dtype=torch.float64)
        place = self.squares.to(rng.device)[picks] + _MARGIN + (1 - 2 * _MARGIN) * inside
        return (self.reach * (2 * place / self.side - 1)).to(torch.float32)

    def _log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, 2) -> (n,); -inf beside the squares."""
        place = ((x.double() / self.reach + 1) * self.side / 2).floor()
        on_board = ((place >= 0) & (place < self.side)).all(dim=1)
        inside = on_board & (place.sum(dim=1) % 2 == 0)
        height = 2 * math.log(self.side / (2 * self.reach)) - math.log(len(self.squares))
        return torch.full_like(x[:, 0], height).where(inside, -torch.inf)
