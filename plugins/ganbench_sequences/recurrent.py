"""Recurrent players for one-hot sequences."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganbench.api import (
    GRU,
    LSTM,
    SCORE,
    Architecture,
    DataSpec,
    FeatureCritic,
    GRUCell,
    LSTMCell,
    Output,
    Size,
)


class Recurrent(Architecture):
    """Players that write and read a sequence symbol by symbol.

    Args:
        cell: makes the generator's cell from the sizes of input and state.
        layer: makes the discriminator's recurrent layer from the same.
        hidden: size of the state.
    """

    kinds = frozenset({"sequence"})

    def __init__(
        self,
        cell: Callable[[int, int], LSTMCell | GRUCell],
        layer: Callable[[int, int], LSTM | GRU],
        hidden: int,
    ) -> None:
        self.cell = cell
        self.layer = layer
        self.hidden = hidden

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> laws of the symbols (B, length, vocabulary)."""
        length, vocabulary = spec.shape
        cell = self.cell(noise_dim + vocabulary, self.hidden)
        return _Writer(cell, nn.Linear(self.hidden, vocabulary), length)

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build sequences (B, length, vocabulary) -> scores (B,) or embeddings (B, size)."""
        _, vocabulary = spec.shape
        return FeatureCritic(_Reader(self.layer(vocabulary, self.hidden)), self.hidden, output)


class _Writer(nn.Module):
    """Reads the noise and its own last output at every step; the first one reads zeros."""

    def __init__(self, cell: LSTMCell | GRUCell, head: nn.Linear, length: int) -> None:
        super().__init__()
        self.cell = cell
        self.head = head
        self.length = length

    def forward(self, noise: Tensor) -> Tensor:
        state, symbol = None, noise.new_zeros(len(noise), self.head.out_features)
        symbols = []
        for _ in range(self.length):
            state = self.cell(torch.cat([noise, symbol], dim=1), state)
            symbol = self.head(self.cell.output(state)).softmax(dim=1)
            symbols.append(symbol)
        return torch.stack(symbols, dim=1)


class _Reader(nn.Module):
    """Returns the last output, (B, hidden)."""

    def __init__(self, layer: LSTM | GRU) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        last: Tensor = self.layer(x)[:, -1]
        return last


def lstm(hidden: Size = 32) -> Recurrent:
    """Long short-term memories: the generator reads noise and its own output at every step.

    Its softmax goes to the discriminator as it is (Gulrajani et al. 2017, arXiv:1704.00028);
    generated samples are the likeliest symbols.

    Args:
        hidden: size of the state of each player, 1 to 65536.

    Source: Press et al. 2017, arXiv:1706.01399
    """
    return Recurrent(LSTMCell, LSTM, hidden)


def gru(hidden: Size = 32) -> Recurrent:
    """Gated recurrent units: the generator reads noise and its own output at every step.

    Its softmax goes to the discriminator as it is (Gulrajani et al. 2017, arXiv:1704.00028);
    generated samples are the likeliest symbols.

    Args:
        hidden: size of the state of each player, 1 to 65536.

    Source: Press et al. 2017, arXiv:1706.01399; Cho et al. 2014, arXiv:1406.1078
    """
    return Recurrent(GRUCell, GRU, hidden)
