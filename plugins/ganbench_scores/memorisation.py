"""Whether generated rows repeat those of the training split."""

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np

from ganbench.api import Dataset, MetricContext, MetricError, Score
from ganbench.metrics import authenticity, memorisation
from ganbench_scores.spaces import Features, in_space


class Authenticity:
    """Share of generated rows farther from their nearest training row than its own neighbours.

    `details` hold the share of the real test rows, which is what a perfect generator reaches.

    Args:
        features: where rows are compared: "standardised", "raw", "pca", "classifier" or
            "inception", with their parameters.

    Source: Alaa et al. 2022, arXiv:2102.08921
    """

    better: Mapping[str, Literal["lower", "higher"]] = MappingProxyType({"authenticity": "higher"})
    headline = "authenticity"
    running = False
    default = False
    version = 1

    def __init__(self, features: str = "standardised") -> None:
        self.features = Features(features)

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a finite training set."""
        return self.features.misfit(dataset) or _infinite(dataset)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "authenticity"."""
        space = self.features.fitted(context)
        train = space(_train(context.dataset))
        score, held_out = authenticity(train, space(fake)), authenticity(train, space(real))
        details = {**score.details, "held_out": held_out.value}
        return in_space(space, dataclasses.replace(score, details=details))


class Memorisation:
    """Distances to the nearest training row, generated rows against real test rows.

    Args:
        features: where rows are compared: "standardised", "raw", "pca", "classifier" or
            "inception", with their parameters.

    Source: Meehan et al. 2020, arXiv:2004.05675
    """

    better: Mapping[str, Literal["lower", "higher"]] = MappingProxyType(
        {"ct": "higher", "nearest": "higher", "copies": "lower"}
    )
    headline = "ct"
    running = False
    default = False
    version = 1

    def __init__(self, features: str = "standardised") -> None:
        self.features = Features(features)

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a finite training set."""
        return self.features.misfit(dataset) or _infinite(dataset)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "ct", "nearest" and "copies"."""
        space = self.features.fitted(context)
        train = space(_train(context.dataset))
        return in_space(space, *memorisation(train, space(real), space(fake)))


def _infinite(dataset: Dataset) -> str | None:
    if dataset.rows("train") is None:
        return "Its training rows are drawn without end: there is nothing finite to memorise."
    return None


def _train(dataset: Dataset) -> np.ndarray:
    rows = dataset.rows("train")
    if rows is None:
        raise MetricError("This dataset has no finite training set.")
    return rows.flatten(1).double().cpu().numpy()
