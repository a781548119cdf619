"""What all known laws of one-hot sequences share."""

import hashlib
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ganbench.api import Dataset, DataSpec, Split

Count = Annotated[int, Field(ge=2, le=1024)]
Concentration = Annotated[float, Field(ge=1e-3, le=1e3)]


class SymbolLaw(Dataset):
    """A law of sequences of one length: subclass it, and write `draw` and `log_law`.

    Args:
        length: symbols in a sequence.
        vocabulary: number of symbols.
        law: the tensors that decide it, on the CPU.
    """

    def __init__(self, length: int, vocabulary: int, law: tuple[Tensor, ...]) -> None:
        self.spec = DataSpec("sequence", (length, vocabulary))
        self.law = law
        self.log_prob = self._log_probability

    def draw(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw symbols (n, length) as whole numbers on `rng.device`."""
        raise NotImplementedError

    def log_law(self, symbols: Tensor) -> Tensor:
        """Return the log-probabilities (n,) of symbols (n, length), in double precision."""
        raise NotImplementedError

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, length, vocabulary) independent sequences on `rng.device`."""
        return self._one_hot(self.draw(n, rng)).to(torch.float32)

    def support(self, limit: int = 20_000) -> Tensor | None:
        """Return all vocabulary^length sequences where these are no more than `limit`."""
        length, vocabulary = self.spec.shape
        if vocabulary**length > limit:
            return None
        symbols = torch.cartesian_prod(*[torch.arange(vocabulary)] * length)
        return self._one_hot(symbols.reshape(-1, length)).to(torch.float32)

    def project(self, x: Tensor) -> Tensor:
        """Replace each step by the one-hot of its largest value."""
        return self._one_hot(x.argmax(dim=2)).to(x.dtype)

    def fingerprint(self) -> str:
        """Hash the law."""
        digest = hashlib.sha256()
        for part in self.law:
            digest.update(part.contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    def _one_hot(self, symbols: Tensor) -> Tensor:
        return functional.one_hot(symbols, self.spec.shape[1])

    def _log_probability(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, length, vocabulary) -> (n,); -inf unless x is one-hot."""
        possible = (x == self.project(x)).flatten(1).all(dim=1)
        return self.log_law(x.argmax(dim=2)).to(x.dtype).where(possible, -torch.inf)


def bounds_of(law: Tensor) -> Tensor:
    """Return the cumulated law (..., K), which ends in exactly one."""
    bounds = law.cumsum(dim=-1)
    return bounds / bounds[..., -1:]


def pick(bounds: Tensor, numbers: Tensor) -> Tensor:
    """Return the categories (n,) that uniform numbers (n,) fall into.

    Args:
        bounds: cumulated laws, one for each number (n, K) or one for all (K,).
        numbers: at least 0 and below 1.
    """
    if bounds.ndim == 1:
        return torch.searchsorted(bounds, numbers, right=True)
    return torch.searchsorted(bounds, numbers[:, None], right=True)[:, 0]


def uniform(n: int, rng: torch.Generator) -> Tensor:
    """Draw numbers (n,) from [0, 1) in double precision."""
    return torch.rand(n, generator=rng, device=rng.device, dtype=torch.float64)
