"""The scale on which columns are compared."""

import numpy as np

from ganbench.api import MetricContext


def scaled(context: MetricContext, *samples: np.ndarray) -> list[np.ndarray]:
    """Standardise by the training split, so that columns count alike for every variant."""
    spread = context.reference.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    return [(sample - context.reference.mean(axis=0)) / scale for sample in samples]
