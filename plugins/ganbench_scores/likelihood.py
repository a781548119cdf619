"""How likely generated rows are under the known law of the data."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from ganbench.api import Dataset, Metric, MetricContext, Score
from ganbench.metrics import nll
from ganbench_scores.density import log_density


class NLL(Metric):
    """Mean negative log-density of generated rows under the real law, which must be known.

    One-sided: a single likely row, repeated, scores well. Read it beside a score of coverage.

    Source: Theis et al. 2016, arXiv:1511.01844
    """

    better = MappingProxyType({"nll": "neither", "outside": "lower"})
    headline = "nll"

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a known density."""
        if dataset.log_prob is None:
            return "It needs the exact density of the data, and this dataset has none."
        return None

    def __call__(
        self,
        real: np.ndarray,  # noqa: ARG002
        fake: np.ndarray,
        context: MetricContext,
    ) -> Sequence[Score]:
        """Return "nll" and "outside"."""
        return nll(fake, lambda rows: log_density(context.dataset, rows))
