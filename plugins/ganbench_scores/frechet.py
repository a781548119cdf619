"""The Fréchet distance between real and generated features."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np

from ganbench.api import Dataset, MetricContext, Score
from ganbench.metrics import frechet_distance


class FID:
    """Squared Fréchet distance between the means and covariances of the columns as they are.

    Args:
        extrapolate: whether to add "fid_infinity", without the bias of first order (True or
            False); fifteen times the work.

    Source: Heusel et al. 2017, arXiv:1706.08500; Chong & Forsyth 2020, arXiv:1911.07023
    """

    better: Mapping[str, Literal["lower", "higher"]] = MappingProxyType(
        {"fid": "lower", "fid_infinity": "lower"}
    )
    headline = "fid"
    running = False
    default = False
    version = 1

    def __init__(self, extrapolate: bool = True) -> None:
        self.extrapolate = extrapolate

    def misfit(self, dataset: Dataset) -> str | None:  # noqa: ARG002
        """It fits every dataset."""
        return None

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "fid" and, where wanted, "fid_infinity"."""
        plain = frechet_distance(real, fake)
        if not self.extrapolate:
            return [plain]
        return [plain, frechet_distance(real, fake, extrapolate=True, rng=context.rng)]
