"""Recurrent players for one-hot sequences."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganbench.api import (
    GRU,
    LSTM,
    SCORE,
    DataSpec,
    FeatureCritic,
    GRUCell,
    LSTMCell,
    Output,
    PositiveFloat,
    Relaxation,
    Size,
)
from ganbench_sequences.writing import Relaxed, Writers, log_likelihood


class Recurrent(Writers):
    """Players that write and read a sequence symbol by symbol.

    Args:
        cell: makes the generator's cell from the sizes of input and state.
        layer: makes the discriminator's recurrent layer from the same.
        hidden: size of the state.
        relaxation: how symbols are made, see `Writers`.
        temperature: of the relaxation, and the one at the end of training.
    """

    def __init__(
        self,
        cell: Callable[[int, int], LSTMCell | GRUCell],
        layer: Callable[[int, int], LSTM | GRU],
        hidden: int,
        relaxation: Relaxed = "softmax",
        temperature: tuple[float, float | None] = (1.0, None),
    ) -> None:
        super().__init__(relaxation, *temperature)
        self.cell = cell
        self.layer = layer
        self.hidden = hidden

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> symbols or their laws (B, length, vocabulary)."""
        length, vocabulary = spec.shape
        cell = self.cell(noise_dim + vocabulary, self.hidden)
        head = nn.Linear(self.hidden, vocabulary)
        return _Writer(cell, head, self.relaxation(), length)

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build sequences (B, length, vocabulary) -> scores (B,) or embeddings (B, size)."""
        _, vocabulary = spec.shape
        return FeatureCritic(_Reader(self.layer(vocabulary, self.hidden)), self.hidden, output)


class _Writer(nn.Module):
    """Reads the noise and its own last output at every step; the first one reads zeros."""

    def __init__(
        self, cell: LSTMCell | GRUCell, head: nn.Linear, relaxation: Relaxation, length: int
    ) -> None:
        super().__init__()
        self.cell = cell
        self.head = head
        self.relaxation = relaxation
        self.length = length

    def forward(self, noise: Tensor) -> Tensor:
        state, symbol = None, self._start(noise)
        gumbel = self.relaxation.gumbel(symbol[:, None].expand(-1, self.length, -1))
        symbols = []
        for step in range(self.length):
            state = self.cell(torch.cat([noise, symbol], dim=1), state)
            logits = self.head(self.cell.output(state))
            symbol = self.relaxation.relax(logits, None if gumbel is None else gumbel[:, step])
            symbols.append(symbol)
        return torch.stack(symbols, dim=1)

    def log_prob(self, x: Tensor, noise: Tensor) -> Tensor:
        """Return log p(x | noise) (B,), each symbol given the ones before it."""
        state, symbol, logits = None, self._start(noise), []
        for following in x.unbind(dim=1):
            state = self.cell(torch.cat([noise, symbol], dim=1), state)
            logits.append(self.head(self.cell.output(state)))
            symbol = following
        return log_likelihood(torch.stack(logits, dim=1), x)

    def _start(self, noise: Tensor) -> Tensor:
        return noise.new_zeros(noise.shape[0], self.head.out_features)


class _Reader(nn.Module):
    """Returns the last output, (B, hidden)."""

    def __init__(self, layer: LSTM | GRU) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        last: Tensor = self.layer(x)[:, -1]
        return last


def lstm(
    hidden: Size = 32,
    relaxation: Relaxed = "softmax",
    temperature: PositiveFloat = 1.0,
    final_temperature: PositiveFloat | None = None,
) -> Recurrent:
    """Long short-term memories: the generator reads noise and its own output at every step.

    The relaxation makes symbols of the generator's laws. By default their softmax goes to the
    discriminator as it is (Gulrajani et al. 2017, arXiv:1704.00028), and generated samples are
    the likeliest symbols, as they are by "straight_through", which shows the discriminator
    one-hots and passes the gradient of the softmax. "gumbel" and "st_gumbel" are their peers under
    Gumbel noise, so that samples are draws from the laws. "reinforce" draws them without a
    gradient: the generator learns by the score function. All can begin with likelihood
    (`pretraining_steps`), which teaches them to do without the prior's noise: then only the last
    three stay diverse.

    Args:
        hidden: size of the state of each player, 1 to 65536.
        relaxation: "softmax", "gumbel", "straight_through", "st_gumbel" or "reinforce".
        temperature: of the softmax, above 0; of all relaxations but "reinforce".
        final_temperature: the temperature at the end of training, above 0, reached geometrically;
            None for a constant one.

    Source: Press et al. 2017, arXiv:1706.01399; Jang et al. 2017,
        arXiv:1611.01144, and Maddison et al. 2017, arXiv:1611.00712 (Gumbel); Kusner &
        Hernandez-Lobato 2016, arXiv:1611.04051 (in text); Williams 1992, Machine Learning 8, and
        Yu et al. 2017, arXiv:1609.05473 (reinforce)
    """
    return Recurrent(LSTMCell, LSTM, hidden, relaxation, (temperature, final_temperature))


def gru(
    hidden: Size = 32,
    relaxation: Relaxed = "softmax",
    temperature: PositiveFloat = 1.0,
    final_temperature: PositiveFloat | None = None,
) -> Recurrent:
    """Gated recurrent units: the generator reads noise and its own output at every step.

    `lstm` says what the relaxations are, and which of them stay diverse after `pretraining_steps`.

    Args:
        hidden: size of the state of each player, 1 to 65536.
        relaxation: "softmax", "gumbel", "straight_through", "st_gumbel" or "reinforce".
        temperature: of the softmax, above 0; of all relaxations but "reinforce".
        final_temperature: the temperature at the end of training, above 0, reached geometrically;
            None for a constant one.

    Source: Press et al. 2017, arXiv:1706.01399; Cho et al. 2014, arXiv:1406.1078; Jang et al.
        2017, arXiv:1611.01144, and Maddison et al. 2017, arXiv:1611.00712 (Gumbel); Kusner &
        Hernandez-Lobato 2016, arXiv:1611.04051 (in text); Williams 1992, Machine Learning 8, and
        Yu et al. 2017, arXiv:1609.05473 (reinforce)
    """
    return Recurrent(GRUCell, GRU, hidden, relaxation, (temperature, final_temperature))
