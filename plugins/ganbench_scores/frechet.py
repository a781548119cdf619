"""The Fréchet distance between real and generated features."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np

from ganbench.api import Dataset, MetricContext, Score
from ganbench.metrics import frechet_distance
from ganbench_scores.spaces import Features, in_space


class FID:
    """Squared Fréchet distance between the means and covariances of features.

    Args:
        extrapolate: whether to add "fid_infinity", without the bias of first order (True or
            False); fifteen times the work.
        features: where rows are compared: "standardised", "raw", "pca", "classifier" or
            "inception", with their parameters.

    Source: Heusel et al. 2017, arXiv:1706.08500; Chong & Forsyth 2020, arXiv:1911.07023
    """

    better: Mapping[str, Literal["lower", "higher"]] = MappingProxyType(
        {"fid": "lower", "fid_infinity": "lower"}
    )
    headline = "fid"
    running = False
    default = False
    version = 1

    def __init__(self, extrapolate: bool = True, features: str = "raw") -> None:
        self.extrapolate = extrapolate
        self.features = Features(features)

    def misfit(self, dataset: Dataset) -> str | None:
        """It fits where its features do."""
        return self.features.misfit(dataset)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "fid" and, where wanted, "fid_infinity"."""
        space = self.features.fitted(context)
        x, y = space(real), space(fake)
        plain = frechet_distance(x, y)
        if not self.extrapolate:
            return in_space(space, plain)
        limit = frechet_distance(x, y, extrapolate=True, rng=context.rng)
        return in_space(space, plain, limit)
