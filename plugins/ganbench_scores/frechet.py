"""The Fréchet distance between real and generated features."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from ganbench.api import MetricContext, Score
from ganbench.metrics import frechet_distance
from ganbench_scores.spaces import SpaceMetric


class FID(SpaceMetric):
    """Squared Fréchet distance between the means and covariances of both samples.

    Args:
        extrapolate: whether to add "fid_infinity", without the bias of first order (True or
            False); fifteen times the work.
        features: where rows are compared: "raw", "standardised", "pca(dim=16)", "classifier",
            "ngrams(order=2)" or "inception(weights='/path/to/file')".

    Source: Heusel et al. 2017, arXiv:1706.08500; Chong & Forsyth 2020, arXiv:1911.07023
    """

    better = MappingProxyType({"fid": "lower", "fid_infinity": "lower"})
    headline = "fid"
    symmetric = frozenset({"fid"})

    def __init__(self, extrapolate: bool = True, features: str = "raw") -> None:
        super().__init__(features)
        self.extrapolate = extrapolate

    def compare(self, x: np.ndarray, y: np.ndarray, context: MetricContext) -> Sequence[Score]:
        """Return "fid" and, where wanted, "fid_infinity"."""
        plain = frechet_distance(x, y)
        if not self.extrapolate:
            return [plain]
        return [plain, frechet_distance(x, y, extrapolate=True, rng=context.rng)]
