"""Whether generated rows repeat those of the training split."""

import dataclasses
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from ganbench.api import Dataset, MetricContext, MetricError, Score
from ganbench.metrics import authenticity, memorisation
from ganbench_scores.spaces import SpaceMetric


class Authenticity(SpaceMetric):
    """Share of generated rows farther from their nearest training row than its own neighbours.

    `details` hold the share of the real test rows, which is what a perfect generator reaches.

    Args:
        features: where rows are compared: "raw", "standardised", "pca(dim=16)", "classifier",
            "ngrams(order=2)" or "inception(weights='/path/to/file')".

    Source: Alaa et al. 2022, arXiv:2102.08921
    """

    better = MappingProxyType({"authenticity": "neither"})
    headline = "authenticity"
    uses_train = True

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a finite training set."""
        return _infinite(dataset) or super().misfit(dataset)

    def compare(self, x: np.ndarray, y: np.ndarray, context: MetricContext) -> Sequence[Score]:
        """Return "authenticity"."""
        train = self.features.fitted(context)(_train(context.dataset))
        score, held_out = authenticity(train, y), authenticity(train, x)
        return [dataclasses.replace(score, details={**score.details, "held_out": held_out.value})]


class Memorisation(SpaceMetric):
    """Distances to the nearest training row, generated rows against real test rows.

    Args:
        features: where rows are compared: "raw", "standardised", "pca(dim=16)", "classifier",
            "ngrams(order=2)" or "inception(weights='/path/to/file')".

    Source: Meehan et al. 2020, arXiv:2004.05675
    """

    better = MappingProxyType({"ct": "neither", "nearest": "neither", "copies": "lower"})
    headline = "ct"
    uses_train = True

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a finite training set."""
        return _infinite(dataset) or super().misfit(dataset)

    def compare(self, x: np.ndarray, y: np.ndarray, context: MetricContext) -> Sequence[Score]:
        """Return "ct", "nearest" and "copies"."""
        train = self.features.fitted(context)(_train(context.dataset))
        return memorisation(train, x, y)


def _infinite(dataset: Dataset) -> str | None:
    if dataset.rows("train") is None:
        return "Its training rows are drawn without end: there is nothing finite to memorise."
    return None


def _train(dataset: Dataset) -> np.ndarray:
    rows = dataset.rows("train")
    if rows is None:
        raise MetricError("This dataset has no finite training set.")
    return rows.flatten(1).double().cpu().numpy()
