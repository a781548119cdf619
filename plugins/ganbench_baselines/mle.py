"""An autoregressive network, trained by maximum likelihood."""

from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from ganbench.api import Baseline, Dataset, DataSpec, Size, training_rows
from ganbench_baselines.encoding import Rows
from ganbench_baselines.learning import LearningRate, Steps, train

Temperature = Annotated[float, Field(ge=0.01, le=100)]


class _Network(nn.Module):
    """Reads a symbol and a state, writes the logits of the next one; symbol V is the start."""

    def __init__(self, vocabulary: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary + 1, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, symbols: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        outputs, state = self.gru(self.embedding(symbols), state)
        return self.head(outputs), state

    def log_prob(self, symbols: Tensor) -> Tensor:
        """Return the log-probability of each symbol given those before it, (n, L)."""
        vocabulary = self.head.out_features
        start = symbols.new_full((len(symbols), 1), vocabulary)
        logits, _ = self(torch.cat([start, symbols[:, :-1]], dim=1), None)
        return -functional.cross_entropy(logits.transpose(1, 2), symbols, reduction="none")


@dataclass
class FittedWriter:
    """A trained network that writes symbol by symbol."""

    network: _Network
    temperature: float
    spec: DataSpec

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the log-probabilities (n,) of one-hot sequences at temperature 1."""
        with torch.no_grad():
            return self.network.log_prob(x.argmax(dim=2)).sum(dim=1)

    def __call__(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n sequences."""
        length, vocabulary = self.spec.shape
        last, state, symbols = torch.full((n, 1), vocabulary), None, []
        with torch.no_grad():
            for _ in range(length):
                logits, state = self.network(last, state)
                law = (logits[:, 0].double() / self.temperature).softmax(dim=1)
                last = torch.multinomial(law, 1, generator=rng)
                symbols.append(last)
        return functional.one_hot(torch.cat(symbols, dim=1), vocabulary).to(torch.float32)


class MaximumLikelihood(Baseline):
    """An autoregressive GRU, trained by teacher forcing: what text GANs have to beat.

    It minimises the mean of -log p(w_t | w_1, ..., w_{t-1}) and stops early on a tenth of the
    training sequences.

    Args:
        hidden: size of the state and of the embedding of symbols, 1 to 65536.
        temperature: of the drawn symbols, 0.01 to 100: below 1 likely ones become likelier.
        steps: the most gradient steps, 1 to 1000000.
        learning_rate: of Adam, above 0 to 1.
        rows: training sequences of an infinite law, 2 to 1000000.

    Source: Caccia et al. 2020, arXiv:1811.02549
    """

    kinds = frozenset({"sequence"})

    def __init__(
        self,
        hidden: Size = 64,
        temperature: Temperature = 1.0,
        steps: Steps = 3000,
        learning_rate: LearningRate = 0.005,
        rows: Rows = 10_000,
    ) -> None:
        self.hidden = hidden
        self.temperature = temperature
        self.steps = steps
        self.learning_rate = learning_rate
        self.rows = rows

    def fit(self, dataset: Dataset, rng: torch.Generator) -> FittedWriter:
        """Train the network."""
        symbols = training_rows(dataset, self.rows, rng).argmax(dim=2)
        network = _Network(dataset.spec.shape[1], self.hidden)

        def loss(batch: Tensor) -> Tensor:
            return -network.log_prob(batch).mean()

        train(network, loss, symbols, rng, self.steps, self.learning_rate)
        return FittedWriter(network, self.temperature, dataset.spec)
