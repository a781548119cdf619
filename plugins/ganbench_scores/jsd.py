"""The Jensen-Shannon divergence: a point estimate and bounds."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from ganbench.api import MetricContext, PositiveInt, Score
from ganbench.metrics import jsd_knn, jsd_known_density, jsd_lower_bound
from ganbench_scores.density import log_density
from ganbench_scores.spaces import SpaceMetric


class JSD(SpaceMetric):
    """Jensen-Shannon divergence in nats: bounds from below and a point estimate.

    Args:
        k: which neighbour sets the radius of the point estimate "knn", above 0.
        features: where rows are compared: "raw", "standardised", "pca(dim=16)", "classifier",
            "ngrams(order=2)" or "inception(weights='/path/to/file')".

    Source: Ross 2014, PLoS ONE 9(2); Nowozin et al. 2016, arXiv:1606.00709
    """

    better = MappingProxyType(dict.fromkeys(("knn", "lower_bound", "known"), "lower"))
    headline = "lower_bound"
    symmetric = frozenset({"knn"})
    default = True
    version = 2

    def __init__(self, k: PositiveInt = 5, features: str = "standardised") -> None:
        super().__init__(features)
        self.k = k

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "knn", "lower_bound" and, where the density is known, "known"."""
        scores = list(super().__call__(real, fake, context))
        if context.dataset.log_prob is not None:

            def log_prob(rows: np.ndarray) -> np.ndarray:
                return log_density(context.dataset, rows)

            scores.append(jsd_known_density(real, fake, log_prob, rng=context.rng.spawn(1)[0]))
        return scores

    def compare(self, x: np.ndarray, y: np.ndarray, context: MetricContext) -> Sequence[Score]:
        """Return "knn" and "lower_bound"."""
        # One stream each, so that values do not depend on whether intervals are wanted.
        streams = context.rng.spawn(2)
        scale = np.ones(x.shape[1])
        return [
            jsd_knn(x, y, rng=streams[0], k=self.k, scale=scale, interval=context.tests),
            jsd_lower_bound(x, y, rng=streams[1]),
        ]
