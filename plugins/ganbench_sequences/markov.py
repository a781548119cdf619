"""Chains whose law is known exactly: a Markov chain, in full sight or hidden."""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ganbench_sequences.symbols import Concentration, Count, SymbolLaw, bounds_of, pick, uniform

States = Annotated[int, Field(ge=1, le=64)]

_SEED = 0


class Markov(SymbolLaw):
    """One-hot sequences of a first-order Markov chain, whose law is drawn once from Dirichlets.

    The law of the first symbol and that of the successors of each symbol are independent draws,
    the same for equal parameters.

    Args:
        vocabulary: number of symbols, 2 to 1024.
        length: symbols in a sequence, 2 to 1024.
        concentration: of the Dirichlet laws, 0.001 to 1000; far below one every symbol has few
            likely successors, far above all are about equally likely.

    Source: MacKay & Peto 1995, Natural Language Engineering 1(3)

    Kind: sequence
    Size: endless, `length` symbols of `vocabulary` different ones
    Licence: none (synthetic)
    """

    def __init__(
        self, vocabulary: Count = 32, length: Count = 16, concentration: Concentration = 0.5
    ) -> None:
        rng = np.random.default_rng(_SEED)
        weights = np.full(vocabulary, concentration)
        self.initial = torch.from_numpy(rng.dirichlet(weights))
        """Law (V,) of the first symbol."""
        self.transition = torch.from_numpy(rng.dirichlet(weights, size=vocabulary))
        """Laws (V, V) of the next symbol, one row for each present one."""
        super().__init__(length, vocabulary, (self.initial, self.transition))

    def draw(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw symbols (n, length) on `rng.device`."""
        return draw_chain(self.initial, self.transition, (n, self.spec.shape[0]), rng)

    def log_law(self, symbols: Tensor) -> Tensor:
        """Add the log-probabilities of the first symbol and of all transitions."""
        first, following = (law.to(symbols.device).log() for law in self.law)
        return first[symbols[:, 0]] + following[symbols[:, :-1], symbols[:, 1:]].sum(dim=1)


class HiddenMarkov(SymbolLaw):
    """One-hot sequences that a hidden Markov chain emits; its laws are drawn once from Dirichlets.

    A Markov chain of states runs unseen, and every state emits a symbol by a law of its own. The
    laws of the first state, of the successors of each state and of its symbols are independent
    draws, the same for equal parameters. The log-probability is that of the forward algorithm.

    Args:
        states: number of hidden states, 1 to 64.
        vocabulary: number of symbols, 2 to 1024.
        length: symbols in a sequence, 2 to 1024.
        concentration: of the Dirichlet laws, 0.001 to 1000; far below one every state has few
            likely successors and symbols.

    Source: Rabiner 1989, Proceedings of the IEEE 77(2)

    Kind: sequence
    Size: endless, `length` symbols of `vocabulary` different ones
    Licence: none (synthetic)
    """

    def __init__(
        self,
        states: States = 4,
        vocabulary: Count = 8,
        length: Count = 16,
        concentration: Concentration = 0.5,
    ) -> None:
        rng = np.random.default_rng(_SEED)
        weights = np.full(states, concentration)
        self.initial = torch.from_numpy(rng.dirichlet(weights))
        """Law (S,) of the first state."""
        self.transition = torch.from_numpy(rng.dirichlet(weights, size=states))
        """Laws (S, S) of the next state, one row for each present one."""
        emission = rng.dirichlet(np.full(vocabulary, concentration), size=states)
        self.emission = torch.from_numpy(emission)
        """Laws (S, V) of the symbol of each state."""
        super().__init__(length, vocabulary, (self.initial, self.transition, self.emission))

    def draw(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw symbols (n, length) on `rng.device`."""
        states = draw_chain(self.initial, self.transition, (n, self.spec.shape[0]), rng)
        emission = bounds_of(self.emission.to(rng.device))
        columns = [pick(emission[column], uniform(n, rng)) for column in states.unbind(dim=1)]
        return torch.stack(columns, dim=1)

    def log_law(self, symbols: Tensor) -> Tensor:
        """Sum over all paths of states by the forward algorithm, in logs."""
        initial, transition, emission = (law.to(symbols.device).log() for law in self.law)
        first, *others = symbols.unbind(dim=1)
        forward = initial + emission.T[first]
        for symbol in others:
            forward = (forward[:, :, None] + transition).logsumexp(dim=1) + emission.T[symbol]
        return forward.logsumexp(dim=1)


def draw_chain(
    initial: Tensor, transition: Tensor, shape: tuple[int, int], rng: torch.Generator
) -> Tensor:
    """Draw chains of this shape, (n, length), on `rng.device`.

    Args:
        initial: law (K,) of the first element.
        transition: laws (K, K) of the next one, one row for each present one.
        shape: number and length of the chains.
        rng: decides.
    """
    n, length = shape
    numbers = torch.rand(length, n, generator=rng, device=rng.device, dtype=torch.float64)
    first, following = bounds_of(initial.to(rng.device)), bounds_of(transition.to(rng.device))
    chain = [pick(first, numbers[0])]
    for number in numbers[1:]:
        chain.append(pick(following[chain[-1]], number))
    return torch.stack(chain, dim=1)
