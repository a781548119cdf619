"""The parameter `features` of metrics: where samples are compared."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ganbench.api import Dataset, Metric, MetricContext, Score
from ganbench.metrics.features import FeatureSpace, Layout, feature_space, parse_space


class Features:
    """The feature space that an expression names.

    Raises:
        SpecError: if it names none.
    """

    def __init__(self, expression: str) -> None:
        self.expression, self._space = parse_space(expression)

    def misfit(self, dataset: Dataset) -> str | None:
        """Say why a dataset's rows have no such space, None if they have."""
        labels = dataset.labels("train") if self._space.needs_labels else None
        return self._space.misfit(Layout(dataset.spec.shape, _bounds(dataset), labels))

    def fitted(self, context: MetricContext) -> FeatureSpace:
        """Fit the space on the training split, once for each reference.

        What learns from labels learns from all labelled rows, anything else from the reference.
        """
        return _fitted(
            self.expression,
            _Same(context.dataset),
            _Same(None if self._space.needs_labels else context.reference),
        )


class _Same:
    """Equal only if it holds the very same object."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


@functools.lru_cache(maxsize=16)
def _fitted(expression: str, dataset: _Same, reference: _Same) -> FeatureSpace:
    data: Dataset = dataset.value
    labelled, rows = reference.value is None, reference.value
    if labelled and (train := data.rows("train")) is not None:
        rows = train.flatten(1)
    return feature_space(
        expression,
        rows,
        shape=data.spec.shape,
        bounds=_bounds(data),
        labels=data.labels("train") if labelled else None,
    )


def _bounds(dataset: Dataset) -> tuple[float, float] | None:
    low, high = dataset.spec.low, dataset.spec.high
    return None if low is None or high is None else (low, high)


class SpaceMetric(Metric):
    """A metric that compares rows in the feature space of its parameter `features`."""

    def __init__(self, features: str = "standardised") -> None:
        self.features = Features(features)

    def misfit(self, dataset: Dataset) -> str | None:
        """It fits where its features do."""
        return self.features.misfit(dataset)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Map both samples, compare them, and note where."""
        space = self.features.fitted(context)
        scores = self.compare(space(real), space(fake), context)
        return [
            dataclasses.replace(score, details={**score.details, "features": space.summary})
            for score in scores
        ]

    def compare(self, x: np.ndarray, y: np.ndarray, context: MetricContext) -> Sequence[Score]:
        """Score `y` (m, k) against `x` (n, k), both mapped by `self.features`."""
        raise NotImplementedError
