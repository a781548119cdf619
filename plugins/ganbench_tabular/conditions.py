"""What a conditional generator is told of a table: the category of one column."""

from typing import Optional

import torch
from torch import Tensor
from torch.nn import functional

from ganbench.api import Conditions, DataSpec, Span


class CategoryConditions(Conditions):
    """One category of one categorical column, as a vector of all columns' one-hots.

    All columns are equally likely. Within a column, a category that n of the training rows have
    is drawn in proportion to log(1 + n) if `balanced`, else in proportion to n.

    Args:
        spans: the categorical columns.
        hots: their one-hots (rows, width) in the training rows.
        rows: the training rows.

    Source: Xu et al. 2019, arXiv:1907.00503, section 4.3 (training by sampling)
    """

    def __init__(self, spans: tuple[Span, ...], hots: Tensor, rows: Tensor) -> None:
        self.spans = spans
        self._rows = rows
        hots = hots > 0.5
        counts = hots.sum(dim=0)
        # Of each category in turn, the training rows that have it.
        self._members = hots.T.nonzero()[:, 1]
        self._counts, self._starts = counts, counts.cumsum(dim=0) - counts
        self._chances = {True: self._shares(counts.double().log1p()), False: self._shares(counts)}

    @classmethod
    def of(cls, spec: DataSpec, rows: Tensor) -> Optional["CategoryConditions"]:
        """Return the conditions of a table with these training rows, None if it has none."""
        blocks = torch.split(rows, [column.width for column in spec.columns], dim=1)
        pairs = zip(spec.columns, blocks, strict=True)
        chosen = [(c.spans[0], block) for c, block in pairs if c.kind == "categorical"]
        if not chosen:
            return None
        spans, hots = zip(*chosen, strict=True)
        return cls(spans, torch.cat(hots, dim=1), rows)

    def draw(self, n: int, rng: torch.Generator, balanced: bool) -> Tensor:
        """Draw conditions (n, width) on `rng.device`."""
        chances = self._chances[balanced].to(rng.device)
        u = torch.rand(n, generator=rng, device=rng.device, dtype=torch.float64)
        # Categories without a row have no width between two bounds, and are never met.
        bounds = chances.cumsum(dim=0)
        places = torch.searchsorted(bounds, u * bounds[-1], right=True)
        last = int(chances.nonzero()[-1])
        return functional.one_hot(places.clamp(max=last), len(chances)).float()

    def rows(self, conditions: Tensor, rng: torch.Generator) -> Tensor:
        """Draw one training row (n, size) that meets each of the conditions (n, width)."""
        places = conditions.argmax(dim=1).to(rng.device)
        members, counts, starts = (
            values.to(rng.device) for values in (self._members, self._counts, self._starts)
        )
        u = torch.rand(len(places), generator=rng, device=rng.device, dtype=torch.float64)
        within = torch.minimum((u * counts[places]).long(), counts[places] - 1)
        return self._rows.to(rng.device)[members[starts[places] + within]]

    def _shares(self, weights: Tensor) -> Tensor:
        """Return the chance of each category (width,), the sum in each column being the same."""
        columns = torch.split(weights.double(), [span.width for span in self.spans])
        return torch.cat([column / column.sum() for column in columns]) / len(columns)
