"""What it costs to move the generated sample onto the real one."""

import importlib.util
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from ganbench.api import Dataset, MetricContext, PositiveInt, Score
from ganbench.metrics import sliced_wasserstein, wasserstein2
from ganbench_scores.spaces import SpaceMetric


class SlicedWasserstein(SpaceMetric):
    """Squared Wasserstein distance of one-dimensional projections, averaged over directions.

    Args:
        projections: number of directions, above 0.
        features: where rows are compared: "raw", "standardised", "pca(dim=16)", "classifier",
            "ngrams(order=2)" or "inception(weights='/path/to/file')".

    Source: Bonneel et al. 2015, Journal of Mathematical Imaging and Vision 51
    """

    better = MappingProxyType({"sw2": "lower"})
    headline = "sw2"
    symmetric = frozenset({"sw2"})

    def __init__(self, projections: PositiveInt = 256, features: str = "standardised") -> None:
        super().__init__(features)
        self.projections = projections

    def compare(self, x: np.ndarray, y: np.ndarray, context: MetricContext) -> Sequence[Score]:
        """Return "sw2"."""
        return [sliced_wasserstein(x, y, projections=self.projections, rng=context.rng)]


class Wasserstein2(SpaceMetric):
    """Squared 2-Wasserstein distance, exact; above one column it needs POT.

    Args:
        rows: of each sample that are used, the first ones, above 1; work grows with their cube.
        features: where rows are compared: "raw", "standardised", "pca(dim=16)", "classifier",
            "ngrams(order=2)" or "inception(weights='/path/to/file')".

    Source: Peyré & Cuturi 2019, arXiv:1803.00567
    """

    better = MappingProxyType({"w2": "lower"})
    headline = "w2"
    symmetric = frozenset({"w2"})

    def __init__(self, rows: PositiveInt = 2000, features: str = "standardised") -> None:
        super().__init__(features)
        self.rows = rows

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs an installed solver, but for a single column."""
        misfit = super().misfit(dataset)
        if misfit is None and dataset.spec.size > 1 and importlib.util.find_spec("ot") is None:
            return 'Above one column it needs POT: pip install "ganbench[ot]".'
        return misfit

    def compare(
        self,
        x: np.ndarray,
        y: np.ndarray,
        context: MetricContext,  # noqa: ARG002
    ) -> Sequence[Score]:
        """Return "w2"."""
        return [wasserstein2(x[: self.rows], y[: self.rows])]
