"""Draws, and a grid with a known order."""

import numpy as np
import pytest

from tests.comparison.frames import tidy


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def grid(rng):
    """Three losses on seven datasets, ten seeds: `good` halves the distance of `base`."""
    factors = {"base": 1.0, "good": 0.5, "same": 1.0}
    return tidy(
        {
            (f"data{d}", "mlp", loss): factor * np.exp(0.1 * rng.standard_normal(10) + d)
            for d in range(7)
            for loss, factor in factors.items()
        }
    )
