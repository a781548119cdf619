"""Scores as plugins: what a metric is given and what it says of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ganbench.data import Dataset
from ganbench.metrics.score import Score


@dataclass(frozen=True)
class MetricContext:
    """What a metric may use besides the two samples.

    Attributes:
        dataset: the dataset, for its density, modes and spec.
        reference: features (n, d) of the training split. Scales and bandwidths are fitted on it,
            so that they are the same for every variant.
        rng: the metric's own stream, the same for every variant.
        tests: whether p-values and intervals are wanted; floors and running scores need none.
    """

    dataset: Dataset
    reference: np.ndarray
    rng: np.random.Generator
    tests: bool = True


class Metric:
    """Scores of a generated sample against a real one: subclass it.

    Attributes:
        better: which way is better, for each estimator that the metric reports; "neither" where
            a value in between is perfect, so that tables mark no best one.
        headline: the estimator that tables show.
        running: whether it is cheap enough to be followed during training.
        default: whether it is scored where a grid names no metric.
        uses_train: whether it compares with rows of the training split. Its floor then comes
            from test rows alone, since training rows would not be new to it.
        symmetric: the estimators that stay the same when both samples change places.
        version: raised whenever its values change.
    """

    better: Mapping[str, Literal["lower", "higher", "neither"]]
    headline: str
    running: bool = False
    default: bool = False
    uses_train: bool = False
    symmetric: frozenset[str] = frozenset()
    version: int = 1

    def misfit(self, dataset: Dataset) -> str | None:  # noqa: ARG002
        """Say why it does not apply to this dataset, None if it does."""
        return None

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Score `fake` against `real`, both float64 features (n, d) of projected samples."""
        raise NotImplementedError
