"""A normalising flow."""

import importlib.util
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import Baseline, Dataset, DataSpec, Size
from ganbench_baselines.encoding import NUMBERS, Rows, Scale, as_samples, spread_rows
from ganbench_baselines.learning import LearningRate, Steps, train

Transforms = Annotated[int, Field(ge=1, le=32)]


@dataclass
class FittedFlow:
    """A trained flow.

    Attributes:
        flow: an invertible map between standardised samples and normal noise.
        scale: from samples to standardised ones.
        spec: of the samples.
    """

    flow: Any
    scale: Scale
    spec: DataSpec

    def __call__(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n samples: noise through the inverse map."""
        noise = torch.randn(n, len(self.scale.mean), generator=rng)
        with torch.no_grad():
            values = self.flow().transform.inv(noise)
        return as_samples(self.scale.invert(values), self.spec)

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the log-density of samples (n, *shape) -> (n,) where every column varies."""
        points = self.scale.apply(x.flatten(1).double())
        with torch.no_grad():
            logs: Tensor = self.flow().log_prob(points.to(torch.float32))
        return logs - self.scale.std.log().sum()


class NormalizingFlow(Baseline):
    """A neural spline flow of coupling layers, trained by maximum likelihood.

    log p(x) = log N(f(x); 0, 1) + log |det df/dx|, where f is a chain of monotone rational
    quadratic splines with eight bins, each half of the columns moved by what the other half says.
    Discrete columns, one-hots among them, are spread over the gaps between their values. Needs
    zuko: pip install "ganbench[flow]".

    Args:
        transforms: coupling layers in the chain, 1 to 32.
        width: units in each of the two hidden layers of a coupling layer, 1 to 65536.
        steps: the most gradient steps, 1 to 1000000; it stops early on a tenth of the rows.
        learning_rate: of Adam, above 0 to 1.
        rows: training rows of an infinite law, 2 to 1000000.

    Source: Durkan et al. 2019, arXiv:1906.04032
    """

    kinds = NUMBERS

    def __init__(
        self,
        transforms: Transforms = 3,
        width: Size = 64,
        steps: Steps = 1000,
        learning_rate: LearningRate = 0.005,
        rows: Rows = 10_000,
    ) -> None:
        self.transforms = transforms
        self.width = width
        self.steps = steps
        self.learning_rate = learning_rate
        self.rows = rows

    def misfit(self, dataset: Dataset) -> str | None:  # noqa: ARG002
        """It needs an installed library."""
        if importlib.util.find_spec("zuko") is None:
            return 'It needs zuko: pip install "ganbench[flow]".'
        return None

    def fit(self, dataset: Dataset, rng: torch.Generator) -> FittedFlow:
        """Train the flow."""
        from zuko.flows import NSF  # an optional dependency

        rows = spread_rows(dataset, self.rows, rng)
        scale = Scale(rows)
        points = scale.apply(rows).to(torch.float32)
        flow = NSF(
            points.shape[1],
            transforms=self.transforms,
            passes=2,
            hidden_features=(self.width, self.width),
        )

        def loss(batch: Tensor) -> Tensor:
            value: Tensor = -flow().log_prob(batch).mean()
            return value

        train(flow, loss, points, rng, self.steps, self.learning_rate)
        return FittedFlow(flow, scale, dataset.spec)
