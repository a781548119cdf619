"""A Markov chain whose law is known exactly."""

import hashlib
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ganbench.api import Dataset, DataSpec, Split

Count = Annotated[int, Field(ge=2, le=1024)]
Concentration = Annotated[float, Field(ge=1e-3, le=1e3)]

_SEED = 0


class Markov(Dataset):
    """One-hot sequences of a first-order Markov chain, whose law is drawn once from Dirichlets.

    The law of the first symbol and that of the successors of each symbol are independent draws,
    the same for equal parameters.

    Args:
        vocabulary: number of symbols, 2 to 1024.
        length: symbols in a sequence, 2 to 1024.
        concentration: of the Dirichlet laws, 0.001 to 1000; far below one every symbol has few
            likely successors, far above all are about equally likely.

    Source: MacKay & Peto 1995, Natural Language Engineering 1(3)
    """

    def __init__(
        self, vocabulary: Count = 32, length: Count = 16, concentration: Concentration = 0.5
    ) -> None:
        self.spec = DataSpec("sequence", (length, vocabulary))
        rng = np.random.default_rng(_SEED)
        weights = np.full(vocabulary, concentration)
        self.initial = torch.from_numpy(rng.dirichlet(weights))
        """Law (V,) of the first symbol."""
        self.transition = torch.from_numpy(rng.dirichlet(weights, size=vocabulary))
        """Laws (V, V) of the next symbol, one row for each present one."""
        self.log_prob = self._log_probability

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, length, vocabulary) independent sequences on `rng.device`."""
        length, vocabulary = self.spec.shape
        numbers = torch.rand(length, n, 1, generator=rng, device=rng.device, dtype=torch.float64)
        first, following = _bounds(self.initial, rng.device), _bounds(self.transition, rng.device)
        symbols = [torch.searchsorted(first, numbers[0], right=True)]
        for number in numbers[1:]:
            bounds = following[symbols[-1].squeeze(1)]
            symbols.append(torch.searchsorted(bounds, number, right=True))
        return functional.one_hot(torch.cat(symbols, dim=1), vocabulary).to(torch.float32)

    def project(self, x: Tensor) -> Tensor:
        """Replace each step by the one-hot of its largest value."""
        return functional.one_hot(x.argmax(dim=2), self.spec.shape[1]).to(x.dtype)

    def fingerprint(self) -> str:
        """Hash the law."""
        law = self.initial.numpy().tobytes() + self.transition.numpy().tobytes()
        return hashlib.sha256(law).hexdigest()[:16]

    def _log_probability(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, length, vocabulary) -> (n,); -inf unless x is one-hot."""
        symbols = x.argmax(dim=2)
        first, following = self.initial.log().to(x), self.transition.log().to(x)
        value = first[symbols[:, 0]] + following[symbols[:, :-1], symbols[:, 1:]].sum(dim=1)
        possible = (x == self.project(x)).flatten(1).all(dim=1)
        return value.where(possible, -torch.inf)


def _bounds(law: Tensor, device: torch.device) -> Tensor:
    """Return the cumulated law (..., V), which ends in exactly one."""
    bounds = law.to(device).cumsum(dim=-1)
    return bounds / bounds[..., -1:]
