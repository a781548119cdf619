"""Scores by kernels: the maximum mean discrepancy and its kin."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from ganbench.api import MetricContext, PositiveInt, Score
from ganbench.metrics import energy_distance, kid, mmd2, mmd_test
from ganbench.metrics.kernels import resolve
from ganbench_scores.spaces import SpaceMetric


class MMD(SpaceMetric):
    """Squared maximum mean discrepancy, unbiased, by default averaged over Gaussian kernels.

    Args:
        kernel: expression with rbf, multi_rbf, rq, poly, linear, laplace, hamming, delta or
            distance; "median" bandwidths are taken from the training split.
        permutations: of the test, above 0.
        features: where rows are compared: "raw", "standardised", "pca(dim=16)", "classifier",
            "ngrams(order=2)" or "inception(weights='/path/to/file')".

    Source: Gretton et al. 2012, JMLR 13
    """

    running = True
    default = True
    version = 2

    def __init__(
        self,
        kernel: str = "multi_rbf",
        permutations: PositiveInt = 499,
        features: str = "standardised",
    ) -> None:
        super().__init__(features)
        self.kernel = kernel
        self.permutations = permutations
        self.headline = resolve(kernel, np.eye(2)).name
        self.symmetric = frozenset({self.headline})
        self.better = {self.headline: "lower"}

    def compare(self, x: np.ndarray, y: np.ndarray, context: MetricContext) -> Sequence[Score]:
        """Return one value, with interval and p-value where tests are wanted."""
        reference = self.features.fitted(context)(context.reference)
        if not context.tests:
            return [mmd2(x, y, self.kernel, reference=reference)]
        score = mmd_test(
            x,
            y,
            self.kernel,
            rng=context.rng,
            permutations=self.permutations,
            reference=reference,
        )
        return [score]


class KID(SpaceMetric):
    """Kernel distance of features: squared MMD with a cubic kernel, unbiased, over all pairs.

    Args:
        features: where rows are compared: "raw", "standardised", "pca(dim=16)", "classifier",
            "ngrams(order=2)" or "inception(weights='/path/to/file')".

    Source: Binkowski et al. 2018, arXiv:1801.01401
    """

    better = MappingProxyType({"kid": "lower"})
    headline = "kid"
    symmetric = frozenset({"kid"})

    def compare(
        self,
        x: np.ndarray,
        y: np.ndarray,
        context: MetricContext,  # noqa: ARG002
    ) -> Sequence[Score]:
        """Return "kid"."""
        return [kid(x, y)]


class Energy(SpaceMetric):
    """Energy distance, unbiased: squared MMD with the kernel -|a - b|, without a bandwidth.

    Args:
        features: where rows are compared: "raw", "standardised", "pca(dim=16)", "classifier",
            "ngrams(order=2)" or "inception(weights='/path/to/file')".

    Source: Szekely & Rizzo 2013, Journal of Statistical Planning and Inference 143(8)
    """

    better = MappingProxyType({"energy": "lower"})
    headline = "energy"
    symmetric = frozenset({"energy"})

    def compare(
        self,
        x: np.ndarray,
        y: np.ndarray,
        context: MetricContext,  # noqa: ARG002
    ) -> Sequence[Score]:
        """Return "energy"."""
        return [energy_distance(x, y)]
