"""A sequence player with a plain LSTM cell.

Sequences are one-hots (B, length, vocabulary). `ganbench.api.LSTMCell` is torch's cell, written so
that it can be vectorised over seeds; `nn.LSTM` cannot, and would be trained and drawn from seed by
seed. Here symbols are their probabilities, which have a gradient; scores read the likeliest ones.

    ganbench run --plugin docs/plugins/sequence_player.py -a cells -l "wgan+gp" -d "markov(vocabulary=4, length=5)"
"""

import torch
from torch import Tensor, nn

from ganbench.api import (
    SCORE,
    Architecture,
    DataSpec,
    FeatureCritic,
    LSTMCell,
    Output,
    Size,
    hookimpl,
)


class Cells(Architecture):
    """Cells: one LSTM cell writes a sequence from left to right, and another one reads it.

    The writer begins with a state that is a linear map of the noise, and reads its own last
    output; the reader's last state is scored.

    Args:
        hidden: size of the state, 1 to 65536.

    Source: Hochreiter & Schmidhuber 1997, Neural Computation 9(8)
    """

    kinds = frozenset({"sequence"})

    def __init__(self, hidden: Size = 32) -> None:
        self.hidden = hidden

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> laws of symbols (B, length, vocabulary)."""
        return Writer(noise_dim, self.hidden, *spec.shape)

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build sequences (B, length, vocabulary) -> scores (B,) or embeddings (B, size)."""
        return FeatureCritic(Reader(spec.shape[1], self.hidden), self.hidden, output)


class Writer(nn.Module):
    """Map noise (B, noise_dim) to laws of symbols (B, length, vocabulary)."""

    def __init__(self, noise_dim: int, hidden: int, length: int, vocabulary: int) -> None:
        super().__init__()
        self.length = length
        self.start = nn.Linear(noise_dim, hidden)
        self.cell = LSTMCell(vocabulary, hidden)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, noise: Tensor) -> Tensor:
        h = self.start(noise).tanh()
        c, symbols = h, [self.head(h).softmax(dim=1)]
        while len(symbols) < self.length:
            h, c = self.cell(symbols[-1], (h, c))
            symbols.append(self.head(h).softmax(dim=1))
        return torch.stack(symbols, dim=1)


class Reader(nn.Module):
    """Map sequences (B, length, vocabulary) to the state after the last symbol, (B, hidden)."""

    def __init__(self, vocabulary: int, hidden: int) -> None:
        super().__init__()
        self.cell = LSTMCell(vocabulary, hidden)

    def forward(self, x: Tensor) -> Tensor:
        state: tuple[Tensor, Tensor] = self.cell(x[:, 0])
        for symbol in x[:, 1:].unbind(dim=1):
            state = self.cell(symbol, state)
        return state[0]


@hookimpl
def ganbench_architectures() -> dict[str, object]:
    return {"cells": Cells}
