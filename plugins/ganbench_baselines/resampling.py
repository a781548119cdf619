"""Baselines that fit nothing: real rows, drawn whole or column by column."""

import torch
from torch import Tensor

from ganbench.api import Baseline, Dataset, Sampler, training_rows
from ganbench_baselines.encoding import NUMBERS, Rows, blocks

_ALL = NUMBERS | {"sequence"}


class Real(Baseline):
    """Real rows themselves: what the scores give to a perfect generator.

    Of an infinite law they are new draws of the test split. Of a finite set they are the
    training rows in random order, each once before any comes twice.

    Source: Xu et al. 2018, arXiv:1806.07755
    """

    kinds = _ALL

    def fit(self, dataset: Dataset, rng: torch.Generator) -> Sampler:  # noqa: ARG002
        """Return what draws real rows."""

        def draw(n: int, rng: torch.Generator) -> Tensor:
            rows = dataset.rows("train")
            if rows is None:
                return dataset.sample(n, "test", rng)
            order = torch.randperm(len(rows), generator=rng)
            return rows[order.repeat(-(-n // len(rows)))[:n]]

        return draw


class Bootstrap(Baseline):
    """Training rows with replacement: a generator that has learned its rows by heart.

    Args:
        rows: how many rows are drawn once to be resampled, of an infinite law, 2 to 1000000.

    Source: Efron 1979, Annals of Statistics 7(1)
    """

    kinds = _ALL

    def __init__(self, rows: Rows = 10_000) -> None:
        self.rows = rows

    def fit(self, dataset: Dataset, rng: torch.Generator) -> Sampler:
        """Keep the training rows."""
        rows = training_rows(dataset, self.rows, rng)

        def draw(n: int, rng: torch.Generator) -> Tensor:
            return rows[torch.randint(len(rows), (n,), generator=rng)]

        return draw


class Marginals(Baseline):
    """Independent columns, each resampled from the training rows.

    A column is a coordinate, a pixel, a number or category of a table, or a position of a
    sequence. What it misses is all dependence between them.

    Args:
        rows: training rows of an infinite law, 2 to 1000000.

    Source: Nowok et al. 2016, Journal of Statistical Software 74(11) (its method `sample`)
    """

    kinds = _ALL

    def __init__(self, rows: Rows = 10_000) -> None:
        self.rows = rows

    def fit(self, dataset: Dataset, rng: torch.Generator) -> Sampler:
        """Keep the training rows."""
        rows = training_rows(dataset, self.rows, rng).flatten(1)
        spans = [block.span for block in blocks(dataset.spec)]

        def draw(n: int, rng: torch.Generator) -> Tensor:
            picks = torch.randint(len(rows), (len(spans), n), generator=rng)
            columns = [rows[pick, span] for pick, span in zip(picks, spans, strict=True)]
            return torch.cat(columns, dim=1).reshape(n, *dataset.spec.shape)

        return draw
