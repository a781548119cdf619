"""The estimators of `ganbench.metrics` for tables, on their original columns."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import torch

from ganbench.api import Dataset, Metric, MetricContext, MetricError, Score
from ganbench.metrics import association_gap, column_fidelity, tstr

if TYPE_CHECKING:
    import pandas as pd


def _frame(rows: np.ndarray, dataset: Dataset) -> "pd.DataFrame":
    frame = dataset.to_frame(torch.tensor(rows).reshape(-1, *dataset.spec.shape))
    if frame is None:
        raise MetricError("This dataset does not turn samples back into a table.")
    categories = [column.name for column in dataset.spec.columns if column.kind == "categorical"]
    return frame.astype(dict.fromkeys(categories, "category"))


class Fidelity(Metric):
    """Distances between the columns of real and generated tables, and between their pairs.

    Source: Patki et al. 2016, doi:10.1109/DSAA.2016.49
    """

    better = MappingProxyType(
        dict.fromkeys(
            ("columns", "ks", "tv", "range", "correlation", "contingency", "mixed"), "lower"
        )
    )
    headline = "columns"
    symmetric = frozenset({"ks", "tv", "columns", "correlation", "mixed"})

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a table."""
        if dataset.spec.kind != "table":
            return "It compares columns, and these data are no table."
        return None

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "columns" and "range", and of the others those that the columns allow for."""
        first, second = (_frame(rows, context.dataset) for rows in (real, fake))
        return [*column_fidelity(first, second), *association_gap(first, second)]


class Utility(Metric):
    """How well boosted trees that learn from generated rows predict one column of real ones.

    Args:
        target: name of the column; that of the dataset by default.

    Source: Esteban et al. 2017, arXiv:1706.02633
    """

    better = MappingProxyType({"tstr": "higher", "gap": "higher"})
    headline = "gap"
    uses_train = True

    def __init__(self, target: str = "") -> None:
        self.target = target

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a table with a column to predict."""
        if dataset.spec.kind != "table":
            return "It predicts a column, and these data are no table."
        names = [column.name for column in dataset.spec.columns]
        target = self._target(dataset)
        if target is None:
            return "It needs a column to predict, and this dataset names none: set `target`."
        if target not in names:
            return f"It should predict the column '{target}', but there are only: {names}."
        return None

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "tstr" and "gap"."""
        train, test, generated = (
            _frame(rows, context.dataset) for rows in (context.reference, real, fake)
        )
        target = self._target(context.dataset) or ""
        return tstr(train, test, generated, target, rng=context.rng)

    def _target(self, dataset: Dataset) -> str | None:
        return self.target or getattr(dataset, "target", None)
