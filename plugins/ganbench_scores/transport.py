"""What it costs to move the generated sample onto the real one."""

import importlib.util
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np

from ganbench.api import Dataset, MetricContext, PositiveInt, Score
from ganbench.metrics import sliced_wasserstein, wasserstein2
from ganbench_scores.spaces import Features, in_space


class SlicedWasserstein:
    """Squared Wasserstein distance of one-dimensional projections, averaged over directions.

    Args:
        projections: number of directions, above 0.
        features: where rows are compared: "standardised", "raw", "pca", "classifier" or
            "inception", with their parameters.

    Source: Bonneel et al. 2015, Journal of Mathematical Imaging and Vision 51
    """

    better: Mapping[str, Literal["lower", "higher"]] = MappingProxyType({"sw2": "lower"})
    headline = "sw2"
    running = False
    default = False
    version = 1

    def __init__(
        self, projections: PositiveInt = 256, features: str = "standardised"
    ) -> None:
        self.projections = projections
        self.features = Features(features)

    def misfit(self, dataset: Dataset) -> str | None:
        """It fits where its features do."""
        return self.features.misfit(dataset)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "sw2"."""
        space = self.features.fitted(context)
        score = sliced_wasserstein(
            space(real), space(fake), projections=self.projections, rng=context.rng
        )
        return in_space(space, score)


class Wasserstein2:
    """Squared 2-Wasserstein distance, exact; above one column it needs POT.

    Args:
        rows: of each sample that are used, the first ones, above 1; work grows with their cube.
        features: where rows are compared: "standardised", "raw", "pca", "classifier" or
            "inception", with their parameters.

    Source: Peyré & Cuturi 2019, arXiv:1803.00567
    """

    better: Mapping[str, Literal["lower", "higher"]] = MappingProxyType({"w2": "lower"})
    headline = "w2"
    running = False
    default = False
    version = 1

    def __init__(self, rows: PositiveInt = 2000, features: str = "standardised") -> None:
        self.rows = rows
        self.features = Features(features)

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs an installed solver, but for a single column."""
        if reason := self.features.misfit(dataset):
            return reason
        if dataset.spec.size > 1 and importlib.util.find_spec("ot") is None:
            return 'Above one column it needs POT: pip install "ganbench[ot]".'
        return None

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "w2"."""
        space = self.features.fitted(context)
        return in_space(space, wasserstein2(space(real[: self.rows]), space(fake[: self.rows])))
