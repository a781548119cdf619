"""Whether real and generated rows lie within each other's neighbourhoods."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np

from ganbench.api import Dataset, MetricContext, PositiveInt, Score
from ganbench.metrics import prdc
from ganbench_scores.spaces import Features, in_space


class PRDC:
    """Precision, recall, density and coverage of balls that reach to the k-th neighbour.

    Args:
        k: which neighbour of the own sample sets the radius, above 0.
        features: where rows are compared: "standardised", "raw", "pca", "classifier" or
            "inception", with their parameters.

    Source: Naeem et al. 2020, arXiv:2002.09797
    """

    better: Mapping[str, Literal["lower", "higher"]] = MappingProxyType(
        dict.fromkeys(("precision", "recall", "density", "coverage"), "higher")
    )
    headline = "coverage"
    running = False
    default = False
    version = 1

    def __init__(self, k: PositiveInt = 5, features: str = "standardised") -> None:
        self.k = k
        self.features = Features(features)

    def misfit(self, dataset: Dataset) -> str | None:
        """It fits where its features do."""
        return self.features.misfit(dataset)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "precision", "recall", "density" and "coverage"."""
        space = self.features.fitted(context)
        return in_space(space, *prdc(space(real), space(fake), k=self.k))
