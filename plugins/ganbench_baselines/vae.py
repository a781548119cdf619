"""A variational autoencoder."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganbench.api import Baseline, Dataset, DataSpec, Size
from ganbench_baselines.encoding import NUMBERS, Rows, Scale, as_samples, blocks, spread_rows
from ganbench_baselines.learning import LearningRate, Steps, train


class _Network(nn.Module):
    """Encoder and decoder of rows: standardised numbers first, then the one-hots in `widths`."""

    categories: Tensor

    def __init__(self, numbers: int, widths: list[int], latent: int, width: int) -> None:
        super().__init__()
        size = numbers + sum(widths)
        self.numbers = numbers
        self.latent = latent
        self.encoder = _layers(size, width, 2 * latent)
        self.decoder = _layers(latent, width, size)
        # Below the spread of the data: beside much noise, codes would not pay and stay unused.
        self.log_std = nn.Parameter(torch.full((numbers,), -1.0))
        self.register_buffer("categories", _padded_places(widths))

    def loss(self, rows: Tensor) -> Tensor:
        """Return the mean of minus the evidence lower bound, from one draw of the code."""
        mean, log_std = self.encoder(rows).chunk(2, dim=1)
        code = mean + log_std.exp() * torch.randn_like(mean)
        divergence = (mean.square() + (2 * log_std).exp() - 1).sum(dim=1) / 2 - log_std.sum(dim=1)
        bound: Tensor = self._log_likelihood(self.decoder(code), rows) - divergence
        return -bound.mean()

    def split(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Divide rows or outputs (n, size) into numbers and categories."""
        return values[:, : self.numbers], values[:, self.numbers :]

    def _log_likelihood(self, outputs: Tensor, rows: Tensor) -> Tensor:
        (means, logits), (numbers, hots) = self.split(outputs), self.split(rows)
        errors = (numbers - means) * (-self.log_std).exp()
        densities = -errors.square() / 2 - self.log_std - math.log(2 * math.pi) / 2
        padded = functional.pad(logits, (0, 1), value=-torch.inf)
        norms = padded[:, self.categories].logsumexp(dim=2)
        return densities.sum(dim=1) + (hots * logits).sum(dim=1) - norms.sum(dim=1)


def _padded_places(widths: list[int]) -> Tensor:
    """Return where the values of each category are, (categories, most), filled up with -1."""
    ends = torch.tensor(widths, dtype=torch.int64).cumsum(dim=0)[:, None]
    starts = ends - torch.tensor(widths, dtype=torch.int64)[:, None]
    places = starts + torch.arange(max(widths, default=1))
    return places.where(places < ends, -1)


def _layers(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.SiLU(),
        nn.Linear(width, width),
        nn.SiLU(),
        nn.Linear(width, outputs),
    )


@dataclass
class _Layout:
    """Where numbers and one-hots are in a flat sample."""

    scale: Scale
    categorical: Tensor

    def encode(self, spread: Tensor, spec: DataSpec) -> Tensor:
        """Turn rows (n, size) into what the network reads."""
        exact = as_samples(spread, spec).flatten(1)
        numbers = self.scale.apply(spread[:, ~self.categorical])
        return torch.cat([numbers.to(torch.float32), exact[:, self.categorical]], dim=1)

    def decode(self, numbers: Tensor, scores: Tensor) -> Tensor:
        """Turn standardised numbers and the scores of categories into rows (n, size)."""
        rows = torch.empty(len(scores), len(self.categorical), dtype=torch.float64)
        rows[:, ~self.categorical] = self.scale.invert(numbers)
        rows[:, self.categorical] = scores.double()
        return rows


@dataclass
class FittedVae:
    """A trained decoder with its output noise."""

    network: _Network
    layout: _Layout
    spec: DataSpec

    def __call__(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n samples of the model: decoded codes with output noise."""
        with torch.no_grad():
            outputs = self.network.decoder(torch.randn(n, self.network.latent, generator=rng))
            means, logits = self.network.split(outputs)
            noise = torch.randn(means.shape, generator=rng) * self.network.log_std.exp()
        # The largest of the logits, each with Gumbel noise, is a draw from their softmax.
        gumbel = -torch.empty_like(logits).exponential_(generator=rng).log()
        return as_samples(self.layout.decode(means + noise, logits + gumbel), self.spec)


class Vae(Baseline):
    """A small variational autoencoder, of two hidden layers on either side.

    It maximises E_q(z|x) log p(x|z) - KL(q(z|x) || N(0, 1)). Numbers, pixels included, are
    Gaussian given z, around the decoder's output with one learned deviation for each value;
    categories and symbols follow a softmax. Samples are draws of that whole law, so numbers come
    with their output noise, without which the fitted law would not be the one that is scored.
    Discrete numbers are spread over the gaps between their values.

    Args:
        latent: size of the code z, 1 to 65536.
        width: units in each hidden layer, 1 to 65536.
        steps: the most gradient steps, 1 to 1000000; it stops early on a tenth of the rows.
        learning_rate: of Adam, above 0 to 1.
        rows: training rows of an infinite law, 2 to 1000000.

    Source: Kingma & Welling 2014, arXiv:1312.6114; Rybkin et al. 2021, arXiv:2006.13202 (the
        learned deviation)
    """

    kinds = NUMBERS | {"sequence"}

    def __init__(
        self,
        latent: Size = 8,
        width: Size = 128,
        steps: Steps = 5000,
        learning_rate: LearningRate = 0.003,
        rows: Rows = 10_000,
    ) -> None:
        self.latent = latent
        self.width = width
        self.steps = steps
        self.learning_rate = learning_rate
        self.rows = rows

    def fit(self, dataset: Dataset, rng: torch.Generator) -> FittedVae:
        """Train encoder and decoder."""
        spec = dataset.spec
        spread = spread_rows(dataset, self.rows, rng)
        spans = [block.span for block in blocks(spec) if block.categorical]
        categorical = torch.zeros(spec.size, dtype=torch.bool)
        for span in spans:
            categorical[span] = True
        layout = _Layout(Scale(spread[:, ~categorical]), categorical)
        widths = [span.stop - span.start for span in spans]
        numbers = int(layout.scale.varies.sum())
        network = _Network(numbers, widths, self.latent, self.width)
        rows = layout.encode(spread, spec)
        train(network, network.loss, rows, rng, self.steps, self.learning_rate)
        return FittedVae(network, layout, spec)
