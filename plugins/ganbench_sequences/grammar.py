"""A probabilistic context-free grammar whose sentences have one length."""

from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from ganbench.api import NonNegativeInt
from ganbench_sequences.symbols import Concentration, Count, SymbolLaw, bounds_of, pick, uniform

Length = Annotated[int, Field(ge=2, le=64)]
Nonterminals = Annotated[int, Field(ge=1, le=16)]

_BATCH = 2**22
"""Values that the products of one span may take at once."""


class Grammar(SymbolLaw):
    """Sentences of a random grammar in Chomsky normal form, given that they have `length` symbols.

    Nonterminal A branches into nonterminals B C with probability b(A) r(B C | A) and else becomes
    one symbol w, with probability (1 - b(A)) e(w | A); a sentence grows from nonterminal 0. Every
    b(A) is uniform on [0.1, 0.9), and the rules r(. | A) and e(. | A) are draws of Dirichlet laws,
    all from `numpy.random.default_rng(seed)` in this order. The law is that of such sentences
    given their length: p(s) = inside(s) / Z, where the inside algorithm sums over all trees of s,
    and Z, the probability of the length, is the same sum over lengths alone. Samples are drawn
    exactly, from the whole sentence downwards, by the sums over lengths.

    Args:
        vocabulary: number of symbols, 2 to 1024.
        length: symbols in a sentence, 2 to 64.
        nonterminals: number of nonterminals, 1 to 16.
        concentration: of the Dirichlet laws, 0.001 to 1000; far below one every nonterminal has
            few likely rules.
        seed: which of these grammars, 0 or more.

    Source: Lari & Young 1990, Computer Speech & Language 4(1) (the inside algorithm; Baker 1979)

    Kind: sequence
    Size: endless, `length` symbols of `vocabulary` different ones
    Licence: none (synthetic)
    """

    def __init__(
        self,
        vocabulary: Count = 8,
        length: Length = 16,
        nonterminals: Nonterminals = 4,
        concentration: Concentration = 0.5,
        seed: NonNegativeInt = 0,
    ) -> None:
        rng = np.random.default_rng(seed)
        branch = rng.uniform(0.1, 0.9, nonterminals)
        rules = rng.dirichlet(np.full(nonterminals**2, concentration), size=nonterminals)
        symbols = rng.dirichlet(np.full(vocabulary, concentration), size=nonterminals)
        shape = (nonterminals, nonterminals, nonterminals)
        binary = (branch[:, None] * rules).reshape(shape)
        lexical = (1 - branch)[:, None] * symbols
        self.binary = torch.from_numpy(binary)
        """Probabilities (N, N, N) of A -> B C."""
        self.lexical = torch.from_numpy(lexical)
        """Probabilities (N, V) of A -> w."""
        self.lengths = torch.from_numpy(_lengths(binary, lexical, length))
        """Probability (length + 1, N) that A becomes so many symbols."""
        super().__init__(length, vocabulary, (self.binary, self.lexical))

    def draw(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw symbols (n, length) on `rng.device`, by divisions of ever shorter pieces."""
        length, _ = self.spec.shape
        # At the begin of each piece that is not divided yet: its length and its nonterminal.
        sizes = torch.zeros(n, length, dtype=torch.int64, device=rng.device)
        labels = torch.zeros_like(sizes)
        sizes[:, 0] = length
        for size in range(length, 1, -1):
            rows, starts = (sizes == size).nonzero(as_tuple=True)
            first, left, right = self._divide(size, labels[rows, starts], rng)
            sizes[rows, starts], sizes[rows, starts + first] = first, size - first
            labels[rows, starts], labels[rows, starts + first] = left, right
        lexical = bounds_of(self.lexical.to(rng.device))
        columns = [pick(lexical[each], uniform(n, rng)) for each in labels.unbind(dim=1)]
        return torch.stack(columns, dim=1)

    def _divide(
        self, size: int, labels: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Draw the length of the left part and both nonterminals for pieces of one size."""
        lengths = self.lengths[1:size]
        law = torch.einsum("abc,kb,kc->akbc", self.binary, lengths, lengths.flip(0))
        bounds = bounds_of(law.flatten(1).to(rng.device))
        numbers = uniform(len(labels), rng)
        choice = torch.zeros_like(labels)
        for label, own in enumerate(bounds):
            here = labels == label
            choice[here] = pick(own, numbers[here])
        pairs, count = self.binary[0].numel(), len(self.binary)
        return choice // pairs + 1, choice % pairs // count, choice % count

    def log_law(self, symbols: Tensor) -> Tensor:
        """Sum over all trees by the inside algorithm, and divide by the law of the length."""
        length, count = symbols.shape[1], len(self.binary)
        rows = max(1, _BATCH // (length * count**2))
        parts = [
            self._log_inside(symbols[start : start + rows])
            for start in range(0, max(len(symbols), 1), rows)
        ]
        return torch.cat(parts) - self.lengths[length, 0].log().item()

    def _log_inside(self, symbols: Tensor) -> Tensor:
        """Return the log-probabilities (n,) of the symbols (n, length) as a sentence."""
        length = symbols.shape[1]
        binary, lexical = self.binary.to(symbols.device), self.lexical.to(symbols.device)
        # Every tree has each symbol once: what divides it here is put back at the end.
        largest = lexical.amax(dim=0)
        words = (lexical / largest.clamp(min=torch.finfo(largest.dtype).tiny)).T[symbols]
        spans = [words]
        """Inside values (n, length - size + 1, N) of all pieces of size 1, 2, ..."""
        for size in range(2, length + 1):
            places = length - size + 1
            pairs = sum(
                torch.einsum("nib,nic->nibc", spans[k - 1][:, :places], spans[size - k - 1][:, k:])
                for k in range(1, size)
            )
            spans.append(torch.einsum("abc,nibc->nia", binary, pairs))
        return spans[-1][:, 0, 0].log() + largest.log()[symbols].sum(dim=1)


def _lengths(
    binary: NDArray[np.float64], lexical: NDArray[np.float64], length: int
) -> NDArray[np.float64]:
    """Return the probabilities (length + 1, N) that a nonterminal becomes so many symbols."""
    laws = np.zeros((length + 1, len(lexical)))
    laws[1] = lexical.sum(axis=1)
    for size in range(2, length + 1):
        pairs = np.einsum("kb,kc->bc", laws[1:size], laws[size - 1 : 0 : -1])
        laws[size] = np.einsum("abc,bc->a", binary, pairs)
    return laws
