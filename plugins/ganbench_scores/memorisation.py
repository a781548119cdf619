"""Whether generated rows repeat those of the training split."""

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np

from ganbench.api import Dataset, MetricContext, MetricError, Score
from ganbench.metrics import authenticity, memorisation
from ganbench_scores.columns import scaled


class Authenticity:
    """Share of generated rows farther from their nearest training row than its own neighbours.

    `details` hold the share of the real test rows, which is what a perfect generator reaches.

    Source: Alaa et al. 2022, arXiv:2102.08921
    """

    better: Mapping[str, Literal["lower", "higher"]] = MappingProxyType({"authenticity": "higher"})
    headline = "authenticity"
    running = False
    default = False
    version = 1

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a finite training set."""
        return _infinite(dataset)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "authenticity"."""
        train, test, y = scaled(context, _train(context.dataset), real, fake)
        score, held_out = authenticity(train, y), authenticity(train, test)
        return [dataclasses.replace(score, details={**score.details, "held_out": held_out.value})]


class Memorisation:
    """Distances to the nearest training row, generated rows against real test rows.

    Source: Meehan et al. 2020, arXiv:2004.05675
    """

    better: Mapping[str, Literal["lower", "higher"]] = MappingProxyType(
        {"ct": "higher", "nearest": "higher", "copies": "lower"}
    )
    headline = "ct"
    running = False
    default = False
    version = 1

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a finite training set."""
        return _infinite(dataset)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "ct", "nearest" and "copies"."""
        return memorisation(*scaled(context, _train(context.dataset), real, fake))


def _infinite(dataset: Dataset) -> str | None:
    if dataset.rows("train") is None:
        return "Its training rows are drawn without end: there is nothing finite to memorise."
    return None


def _train(dataset: Dataset) -> np.ndarray:
    rows = dataset.rows("train")
    if rows is None:
        raise MetricError("This dataset has no finite training set.")
    return rows.flatten(1).double().cpu().numpy()
