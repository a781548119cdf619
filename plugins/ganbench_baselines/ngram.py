"""Sequences from the frequencies of n-grams."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn import functional

from ganbench.api import Baseline, Dataset, DataSpec, training_rows
from ganbench_baselines.encoding import Rows

Order = Annotated[int, Field(ge=1, le=16)]
Codes = NDArray[np.int64]

_LARGEST_CODE = 2**63 - 1


@dataclass
class _Level:
    """What followed each context of one length: sorted codes (c,) and counts (c, V)."""

    contexts: Codes
    counts: csr_array


@dataclass
class FittedNgram:
    """The laws of the next symbol.

    Attributes:
        levels: for contexts of 0, 1, ..., order - 1 symbols.
        spec: of the samples.
    """

    levels: list[_Level]
    spec: DataSpec

    def probabilities(self, history: Codes) -> NDArray[np.float64]:
        """Return the laws (n, V) of what follows (n, order - 1) symbols, where V is the start."""
        vocabulary = self.spec.shape[1]
        law = np.full((len(history), vocabulary), 1 / vocabulary)
        for length, level in enumerate(self.levels):
            codes = _codes(history[:, history.shape[1] - length :], vocabulary)
            places = np.searchsorted(level.contexts, codes).clip(max=len(level.contexts) - 1)
            seen = level.contexts[places] == codes
            counts = level.counts[places].toarray() * seen[:, None]
            followers = np.count_nonzero(counts, axis=1)[:, None]
            total = np.maximum(counts.sum(axis=1)[:, None] + followers, 1)
            law = np.where(seen[:, None], (counts + followers * law) / total, law)
        return law

    def __call__(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n sequences, symbol by symbol."""
        length, vocabulary = self.spec.shape
        order = len(self.levels)
        symbols = np.full((n, order - 1 + length), vocabulary)
        for position in range(length):
            law = self.probabilities(symbols[:, position : position + order - 1])
            drawn = torch.multinomial(torch.from_numpy(law), 1, generator=rng)
            symbols[:, order - 1 + position] = drawn[:, 0].numpy()
        drawn = torch.from_numpy(symbols[:, order - 1 :])
        return functional.one_hot(drawn, vocabulary).to(torch.float32)


class Ngram(Baseline):
    """N-grams: each symbol depends on the `order` - 1 before it, smoothed by Witten and Bell.

    p(w | h) = (c(hw) + t(h) p(w | h')) / (c(h) + t(h)), where c counts, t(h) is the number of
    different symbols that follow h, and h' is h without its first symbol; below the empty
    context all symbols are equally likely. Sequences are padded with `order` - 1 start symbols.

    Args:
        order: symbols in an n-gram, 1 to 16.
        rows: training sequences of an infinite law, 2 to 1000000.

    Source: Witten & Bell 1991, IEEE Transactions on Information Theory 37(4)
    """

    kinds = frozenset({"sequence"})

    def __init__(self, order: Order = 3, rows: Rows = 10_000) -> None:
        self.order = order
        self.rows = rows

    def misfit(self, dataset: Dataset) -> str | None:
        """Contexts must be numbered by 64 bits."""
        vocabulary = dataset.spec.shape[1]
        if (vocabulary + 1) ** (self.order - 1) > _LARGEST_CODE:
            return f"There are too many {self.order}-grams of {vocabulary} symbols."
        return None

    def fit(self, dataset: Dataset, rng: torch.Generator) -> FittedNgram:
        """Count."""
        rows = training_rows(dataset, self.rows, rng)
        n, length, vocabulary = rows.shape
        start = np.full((n, self.order - 1), vocabulary)
        symbols = np.concatenate([start, rows.argmax(dim=2).numpy()], axis=1)
        levels = []
        for context in range(self.order):
            places = np.arange(self.order - 1, self.order - 1 + length)
            before = places[:, None] + np.arange(-context, 0)
            codes = _codes(symbols[:, before].reshape(n * length, context), vocabulary)
            levels.append(_count(codes, symbols[:, places].ravel(), vocabulary))
        return FittedNgram(levels, dataset.spec)


def _codes(contexts: Codes, vocabulary: int) -> Codes:
    """Number contexts (n, m) of symbols 0, ..., V."""
    powers = (vocabulary + 1) ** np.arange(contexts.shape[1], dtype=np.int64)
    return contexts @ powers


def _count(codes: Codes, following: Codes, vocabulary: int) -> _Level:
    contexts, rows = np.unique(codes, return_inverse=True)
    shape = (len(contexts), vocabulary)
    return _Level(contexts, csr_array((np.ones(len(codes)), (rows, following)), shape=shape))
