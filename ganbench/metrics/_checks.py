"""Turn what users pass into float64 samples, or say in one sentence what is wrong with it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ganbench.errors import MetricError

Floats = NDArray[np.float64]
SampleLike = ArrayLike | Tensor

LARGEST = 1e100


def as_sample(values: SampleLike, name: str, least: int = 2) -> Floats:
    """Return `values` as a finite float64 array (n, d) with at least `least` rows.

    Raises:
        MetricError: naming the argument and what is wrong with it.
    """
    if isinstance(values, Tensor):
        values = values.detach().cpu().double().numpy()
    try:
        sample: Floats = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MetricError(f"`{name}` must hold numbers only.") from error
    if sample.ndim != 2 or sample.shape[1] == 0:
        raise MetricError(f"`{name}` must have the shape (n, d), not {sample.shape}.")
    if len(sample) < least:
        raise MetricError(f"`{name}` has {len(sample)} rows, but at least {least} are needed.")
    if not np.isfinite(sample).all():
        bad = int((~np.isfinite(sample)).any(axis=1).sum())
        raise MetricError(f"`{name}` has NaN or infinite values in {bad} of its rows.")
    if np.abs(sample).max() > LARGEST:
        raise MetricError(f"`{name}` has values beyond {LARGEST:g}, whose squares overflow.")
    return sample


def two_samples(x: SampleLike, y: SampleLike, least: int = 2) -> tuple[Floats, Floats]:
    """Check `x` and `y` one by one, and that they have equally many columns.

    Raises:
        MetricError: naming the argument and what is wrong with it.
    """
    first, second = as_sample(x, "x", least), as_sample(y, "y", least)
    if first.shape[1] != second.shape[1]:
        raise MetricError(
            f"`y` has {second.shape[1]} columns, but `x` has {first.shape[1]} of them."
        )
    return first, second


def as_positive(values: Sequence[float] | Floats, name: str) -> Floats:
    """Return `values` as a non-empty vector of positive finite numbers.

    Raises:
        MetricError: naming the argument.
    """
    vector: Floats = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or len(vector) == 0 or not np.all((vector > 0) & np.isfinite(vector)):
        raise MetricError(f"`{name}` must be a non-empty list of positive finite numbers.")
    return vector
