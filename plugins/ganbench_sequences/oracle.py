"""A random recurrent network as the law of the data."""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import NonNegativeInt
from ganbench_sequences.symbols import Count, SymbolLaw, bounds_of, pick, uniform

Vocabulary = Annotated[int, Field(ge=2, le=8192)]
Hidden = Annotated[int, Field(ge=1, le=512)]
Scale = Annotated[float, Field(ge=1e-3, le=100)]

State = tuple[Tensor, Tensor]


class LstmOracle(SymbolLaw):
    """Sequences that a random long short-term memory writes, symbol by symbol.

    The memory starts from zeros and reads the embedding of the last symbol, at first that of a
    start symbol; p(next symbol) = softmax(W h + c). Embeddings have the size of the state. All
    parameters are independent draws of normal(0, scale^2), in double precision from
    `numpy.random.default_rng(seed)`. In the paper there are 5000 symbols and 20 of them in a
    sequence, and its start symbol is symbol 0.

    Args:
        vocabulary: number of symbols, 2 to 8192.
        length: symbols in a sequence, 2 to 1024.
        hidden: size of the state, 1 to 512.
        scale: standard deviation of the parameters, 0.001 to 100; near 0 all symbols are equally
            likely, and the larger it is, the surer is the next symbol.
        seed: which of these networks, 0 or more.

    Source: Yu et al. 2017, arXiv:1609.05473 (SeqGAN)

    Kind: sequence
    Size: endless, `length` symbols of `vocabulary` different ones
    Licence: none (synthetic)
    """

    def __init__(
        self,
        vocabulary: Vocabulary = 32,
        length: Count = 16,
        hidden: Hidden = 32,
        scale: Scale = 1.0,
        seed: NonNegativeInt = 0,
    ) -> None:
        rng = np.random.default_rng(seed)
        shapes = {
            "embedding": (vocabulary + 1, hidden),
            "weight_ih": (4 * hidden, hidden),
            "weight_hh": (4 * hidden, hidden),
            "bias": (4 * hidden,),
            "weight": (vocabulary, hidden),
            "weight_bias": (vocabulary,),
        }
        self.parameters = {
            name: torch.from_numpy(scale * rng.standard_normal(shape))
            for name, shape in shapes.items()
        }
        """The embeddings, the last of the start symbol; the gates in torch's order (input, forget,
        cell, output); and the layer that turns the state into logits."""
        super().__init__(length, vocabulary, tuple(self.parameters.values()))

    def draw(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw symbols (n, length) on `rng.device`, one after the other."""
        length, vocabulary = self.spec.shape
        network = _Network(self.law, rng.device)
        symbol = torch.full((n,), vocabulary, device=rng.device)
        state, symbols = network.start(n), []
        for _ in range(length):
            logits, state = network.step(symbol, state)
            symbol = pick(bounds_of(logits.softmax(dim=1)), uniform(n, rng))
            symbols.append(symbol)
        return torch.stack(symbols, dim=1)

    def log_law(self, symbols: Tensor) -> Tensor:
        """Add the log-probabilities of all symbols, each given those before it."""
        n, vocabulary = len(symbols), self.spec.shape[1]
        network = _Network(self.law, symbols.device)
        last = torch.full((n,), vocabulary, device=symbols.device)
        state, total = network.start(n), torch.zeros(n, dtype=torch.float64, device=last.device)
        for symbol in symbols.unbind(dim=1):
            logits, state = network.step(last, state)
            total = total + logits.log_softmax(dim=1).gather(1, symbol[:, None])[:, 0]
            last = symbol
        return total


class _Network:
    """One step of the memory on a device."""

    def __init__(self, law: tuple[Tensor, ...], device: torch.device) -> None:
        embedding, weight_ih, self.weight_hh, bias, self.weight, self.weight_bias = (
            part.to(device) for part in law
        )
        self.projected = embedding @ weight_ih.T + bias

    def start(self, n: int) -> State:
        """Return the state of n sequences before their first symbol."""
        zeros = self.projected.new_zeros(n, self.weight.shape[1])
        return zeros, zeros

    def step(self, symbol: Tensor, state: State) -> tuple[Tensor, State]:
        """Read symbols (n,) -> logits (n, vocabulary) of the next ones, and the new state."""
        h, c = state
        enter, forget, new, leave = (self.projected[symbol] + h @ self.weight_hh.T).chunk(4, dim=1)
        c = forget.sigmoid() * c + enter.sigmoid() * new.tanh()
        h = leave.sigmoid() * c.tanh()
        return h @ self.weight.T + self.weight_bias, (h, c)
