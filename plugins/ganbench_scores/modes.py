"""Modes of a known mixture."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from ganbench.api import (
    Dataset,
    Fraction,
    Metric,
    MetricContext,
    MetricError,
    PositiveFloat,
    Score,
)
from ganbench.metrics import mode_coverage


class ModeCoverage(Metric):
    """Modes of a known mixture that are covered, and how good and balanced the rows are.

    Args:
        radius: standard deviations within which a row is of high quality, above 0.
        share: of the expected rows that a mode needs to be covered.

    Source: Srivastava et al. 2017, arXiv:1705.07761
    """

    better = MappingProxyType({"covered": "higher", "quality": "higher", "kl": "lower"})
    headline = "covered"
    running = True
    default = True

    def __init__(self, radius: PositiveFloat = 3.0, share: Fraction = 0.2) -> None:
        self.radius = radius
        self.share = share

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a dataset with modes."""
        if dataset.modes is None:
            return "It counts the modes of a Gaussian mixture, and this dataset has none."
        return None

    def __call__(
        self,
        real: np.ndarray,  # noqa: ARG002
        fake: np.ndarray,
        context: MetricContext,
    ) -> Sequence[Score]:
        """Return "covered", "quality" and "kl"."""
        modes = context.dataset.modes
        if modes is None:
            raise MetricError("This dataset has no modes to be covered.")
        return mode_coverage(
            fake,
            modes.centers,
            modes.std,
            weights=modes.weights,
            radius=self.radius,
            share=self.share,
        )
