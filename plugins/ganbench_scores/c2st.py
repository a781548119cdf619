"""The classifier two-sample test."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from ganbench.api import MetricContext, NonNegativeInt, Score
from ganbench.metrics import c2st
from ganbench.metrics.classifier_tests import LEARNERS
from ganbench_scores.spaces import SpaceMetric


class C2ST(SpaceMetric):
    """Held-out accuracy of classifiers that tell real from generated; 1/2 is perfect.

    Args:
        retrain: permutations after which all learners are trained again, for p-values from all
            rows; 0 permutes held-out labels only.
        features: where rows are compared: "raw", "standardised", "pca(dim=16)", "classifier",
            "ngrams(order=2)" or "inception(weights='/path/to/file')".

    Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545
    """

    better = MappingProxyType(dict.fromkeys((*LEARNERS, "max", "auc"), "lower"))
    headline = "max"
    default = True
    version = 3

    def __init__(self, retrain: NonNegativeInt = 0, features: str = "standardised") -> None:
        super().__init__(features)
        self.retrain = retrain

    def compare(self, x: np.ndarray, y: np.ndarray, context: MetricContext) -> Sequence[Score]:
        """Return one accuracy for each learner, "max", and "auc", the largest area of theirs."""
        retrain = self.retrain if context.tests else 0
        scores = c2st(x, y, rng=context.rng, retrain=retrain)
        area = max(float(str(score.details["auc"])) for score in scores)
        best = scores[-1]
        return [*scores, Score(area, None, None, None, best.n_real, best.n_fake, "auc", {})]
