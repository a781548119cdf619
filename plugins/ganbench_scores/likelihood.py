"""How likely generated rows are under the known law of the data."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from ganbench.api import Dataset, Metric, MetricContext, Score
from ganbench.metrics import distinct_rows, nll
from ganbench_scores.density import log_density


class NLL(Metric):
    """Mean negative log-density of generated rows under the real law, which must be known.

    One-sided: a single likely row, repeated, scores well. So of sequences the share of distinct
    ones is told as well; read it beside a score of coverage for other data. Rows that are
    impossible count in "outside" alone, and 744.4 nats stand for a sample of nothing else.

    Source: Theis et al. 2016, arXiv:1511.01844; Caccia et al. 2020, arXiv:1811.02549 (distinct)
    """

    better = MappingProxyType({"nll": "neither", "outside": "lower", "distinct": "neither"})
    headline = "nll"

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a known density."""
        if dataset.log_prob is None:
            return "It needs the exact density of the data, and this dataset has none."
        return None

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "nll", "outside" and, of sequences, "distinct" with that of real ones."""
        dataset = context.dataset
        scores = nll(fake, lambda rows: log_density(dataset, rows))
        if dataset.spec.kind != "sequence":
            return scores
        distinct = distinct_rows(fake)
        return [*scores, replace(distinct, details={"real": distinct_rows(real).value})]
