"""Whether real and generated rows lie within each other's neighbourhoods."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from ganbench.api import MetricContext, PositiveInt, Score
from ganbench.metrics import prdc
from ganbench_scores.spaces import SpaceMetric


class PRDC(SpaceMetric):
    """Precision, recall, density and coverage of balls that reach to the k-th neighbour.

    Args:
        k: which neighbour of the own sample sets the radius, above 0.
        features: where rows are compared: "raw", "standardised", "pca(dim=16)", "classifier",
            "ngrams(order=2)" or "inception(weights='/path/to/file')".

    Source: Naeem et al. 2020, arXiv:2002.09797
    """

    better = MappingProxyType(
        dict.fromkeys(("precision", "recall", "density", "coverage"), "higher")
    )
    headline = "coverage"

    def __init__(self, k: PositiveInt = 5, features: str = "standardised") -> None:
        super().__init__(features)
        self.k = k

    def compare(
        self,
        x: np.ndarray,
        y: np.ndarray,
        context: MetricContext,  # noqa: ARG002
    ) -> Sequence[Score]:
        """Return "precision", "recall", "density" and "coverage"."""
        return prdc(x, y, k=self.k)
