"""Sums of kernels over all pairs of rows, and what tests by rearranged rows share."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ganbench.errors import MetricError
from ganbench.metrics._checks import row_codes
from ganbench.metrics.kernels import Kernel

_BLOCK = {"cpu": 512, "cuda": 4096}
"""Rows of a block: on a CPU it must stay in the cache, on a GPU it must keep all cores busy."""


@dataclass
class Sums:
    """What one pass over all pairs of rows leaves; pairs of a row with itself count zero.

    Attributes:
        n: rows of x.
        m: rows of y.
        within_x: (members,) sums over ordered pairs of rows of x.
        within_y: (members,) the same for y.
        cross: (members,) sums over pairs of a row of x and one of y.
        rows: (members, n + m, 2) sums of each row with x and with y, where wanted.
        quadratic: (members, c) l' K l for each column l of labels, where there are any.
    """

    n: int
    m: int
    within_x: Tensor
    within_y: Tensor
    cross: Tensor
    rows: Tensor
    quadratic: Tensor

    @property
    def value(self) -> float:
        """The estimate, averaged over members."""
        return float(self._estimate(self.within_x, self.within_y, self.cross).mean())

    @property
    def cancels(self) -> bool:
        """Whether the estimate is lost in the rounding of the sums that it comes from."""
        size = float(self.cross.abs().max()) / (self.n * self.m)
        return abs(self.value) < 1e-11 * size

    def permuted(self, labels: Tensor) -> Tensor:
        """Return the estimate (members, c) for each column of 0/1 labels (n + m, c)."""
        row_sums = self.rows.sum(dim=2)
        cross = row_sums @ labels.double() - self.quadratic
        within_y = row_sums.sum(dim=1, keepdim=True) - self.quadratic - 2 * cross
        return self._estimate(self.quadratic, within_y, cross)

    def _estimate(self, within_x: Tensor, within_y: Tensor, cross: Tensor) -> Tensor:
        n, m = self.n, self.m
        return within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * cross / (n * m)


def sum_pairs(
    kernel: Kernel, x: Tensor, y: Tensor, labels: Tensor | None = None, *, by_row: bool = False
) -> Sums:
    """Visit each pair of rows once, in blocks of rows of one sample."""
    x, y = centred(kernel, x, y)
    n, m, members = len(x), len(y), len(kernel.members)
    totals = x.new_zeros(members, 3)
    rows = x.new_zeros(members, n + m, 2) if by_row else x.new_zeros(0)
    quadratic = x.new_zeros(members, 0 if labels is None else labels.shape[1])
    for (side_a, at_a, a), (side_b, at_b, b) in _block_pairs(x, y):
        mirrored = side_a == side_b and at_a != at_b
        for index, gram in enumerate(kernel.grams(a, b)):
            if at_a == at_b:
                gram.fill_diagonal_(0)
            totals[index, side_a + side_b] += gram.sum() * (2 if mirrored else 1)
            if by_row:
                rows[index, at_a, side_b] += gram.sum(dim=1)
                if at_a != at_b:
                    rows[index, at_b, side_a] += gram.sum(dim=0)
            if labels is not None:
                single = gram.to(labels.dtype)
                product = (labels[at_a] * (single @ labels[at_b])).sum(dim=0)
                quadratic[index] += product * (1 if at_a == at_b else 2)
    if not totals.isfinite().all():
        raise MetricError(
            f"The kernel {kernel.name} overflows on these samples: scale them first."
        )
    return Sums(n, m, totals[:, 0], totals[:, 2], totals[:, 1], rows, quadratic)


_Block = tuple[int, slice, Tensor]
"""Which sample, 0 or 1; where among the pooled rows; the rows."""


def _block_pairs(x: Tensor, y: Tensor) -> Iterator[tuple[_Block, _Block]]:
    size = _BLOCK.get(x.device.type, _BLOCK["cpu"])
    blocks: list[_Block] = []
    for side, sample, offset in ((0, x, 0), (1, y, len(x))):
        for start in range(0, len(sample), size):
            rows = sample[start : start + size]
            where = slice(offset + start, offset + start + len(rows))
            blocks.append((side, where, rows))
    return itertools.combinations_with_replacement(blocks, 2)


def centred(kernel: Kernel, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Centre the samples where kernels do not mind, since distances then lose no digits."""
    if not kernel.moves:
        return x, y
    centre = torch.cat([x, y]).mean(dim=0)
    return x - centre, y - centre


def pooled(x: Tensor, y: Tensor) -> Tensor:
    """Return the rows of both samples in an order that does not tell which is whose."""
    rows = torch.cat([x, y])
    return rows[torch.from_numpy(np.argsort(row_codes(rows))).to(rows.device)]
