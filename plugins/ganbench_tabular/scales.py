"""Increasing maps of a column's numbers to codes around 0, and back."""

from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from ganbench_tabular.codes import FURTHEST
from ganbench_tabular.values import Floats

Encoder = Literal["standard", "quantile", "modes"]

_QUANTILES = 1000


class Scale(Protocol):
    """An increasing map of numbers (n,) to codes (n,), and its inverse."""

    def forward(self, numbers: Floats) -> Floats:
        """Turn numbers into codes."""
        ...

    def inverse(self, codes: Floats) -> Floats:
        """Turn codes back into numbers."""
        ...


class Standard:
    """Subtract the mean and divide by the standard deviation of `known` (1 where it is 0)."""

    def __init__(self, known: Floats) -> None:
        series = pd.Series(known)
        self.mean = float(series.mean())
        self.std = (float(series.std()) if len(series) > 1 else 0.0) or 1.0

    def forward(self, numbers: Floats) -> Floats:
        """Standardise numbers (n,)."""
        with np.errstate(over="ignore"):
            codes: Floats = (numbers - self.mean) / self.std
        return np.clip(codes, -FURTHEST, FURTHEST)

    def inverse(self, codes: Floats) -> Floats:
        """Turn codes (n,) back into numbers."""
        return codes * self.std + self.mean


class Quantile:
    """The normal quantile of the share of `known` that is smaller."""

    def __init__(self, known: Floats) -> None:
        from sklearn.preprocessing import QuantileTransformer  # slow to import

        count = min(_QUANTILES, len(known))
        self._map: Any = QuantileTransformer(
            n_quantiles=count, output_distribution="normal", subsample=None, random_state=0
        ).fit(known[:, None])

    def forward(self, numbers: Floats) -> Floats:
        """Map numbers (n,) to normal quantiles."""
        codes: Floats = self._map.transform(numbers[:, None])[:, 0]
        return codes

    def inverse(self, codes: Floats) -> Floats:
        """Turn codes (n,) back into numbers."""
        numbers: Floats = self._map.inverse_transform(codes[:, None])[:, 0]
        return numbers
