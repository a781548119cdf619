"""Tables as tensors: encoding, its exact inverse, and the division into train and test."""

import copy
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ganbench.api import Dataset, DataSpec, NonNegativeInt, PositiveInt, Split
from ganbench_tabular.codecs import Categories, Codec, Scaled
from ganbench_tabular.conditions import CategoryConditions
from ganbench_tabular.modes import ModeSpecific
from ganbench_tabular.scales import Encoder, Quantile, Standard
from ganbench_tabular.schema import categorical_columns, checked
from ganbench_tabular.values import Floats, as_numbers

MAX_LEVELS = 32
MAX_CATEGORIES = 256


class TableDataset(Dataset):
    """A table: subclass it and give a DataFrame; encoding and its inverse are done here.

    Categorical columns are one-hot: those named, and all of text, booleans or pandas categories.
    Missing is a category. Numeric columns, also dates and times, are encoded as `encoder` says.
    Whole numbers, times and columns of few values keep to the values that occur, other numbers to
    their range. A numeric column with gaps has one more choice, present or missing, and the code
    of a missing number is that of the mean ("standard", "modes") or the median ("quantile").

    `to_frame` gives every row of the table back exactly, with its dtypes and its kind of missing
    value. Categories, values that may occur and ranges are taken from the whole table, as a
    schema, so a projected row may hold a value of the test half only; means, deviations,
    quantiles and modes are learned from the training half.

    Args:
        frame: the rows, at least four.
        categorical: names of the columns to treat as categories.
        split_seed: which half of the shuffled rows is for training.
        max_levels: up to how many distinct values a numeric column counts as discrete.
        encoder: of numeric columns; "standard" (mean 0, deviation 1), "quantile" (normal
            quantiles of the ranks) or "modes" (see `ModeSpecific`). The table is judged in the
            standard encoding.
        numeric: names of the columns of booleans to treat as numbers.
        max_categories: most categories that a column may have.

    Attributes:
        frame: the rows.
        positions: of the rows of each split in the frame. Rows of different positions may be
            equal.
        target: name of the column that scores of utility predict, None where there is none.

    Raises:
        SpecError: if the frame is no table that can be learned.
    """

    target: str | None = None

    def __init__(
        self,
        frame: pd.DataFrame,
        categorical: Sequence[str] = (),
        split_seed: NonNegativeInt = 0,
        max_levels: PositiveInt = MAX_LEVELS,
        encoder: Encoder = "standard",
        numeric: Sequence[str] = (),
        max_categories: PositiveInt = MAX_CATEGORIES,
    ) -> None:
        self.frame = checked(frame.rename(columns=str))
        names = categorical_columns(self.frame, categorical, numeric, max_categories)
        order = np.random.default_rng(split_seed).permutation(len(frame))
        half = len(frame) // 2
        self.positions: dict[Split, np.ndarray] = {
            "train": np.sort(order[:half]),
            "test": np.sort(order[half:]),
        }
        self._judged = self
        self._encode_by(encoder, names, max_levels)
        if encoder != "standard":
            self._judged = copy.copy(self)
            self._judged._judged = self._judged
            self._judged._encode_by("standard", names, max_levels)

    @property
    def judged(self) -> "TableDataset":
        """The same table in the standard encoding."""
        return self._judged

    def rows(self, split: Split) -> Tensor:
        """Return the encoded rows (n, width) of one half."""
        return self._rows[split]

    def encode(self, frame: pd.DataFrame) -> Tensor:
        """Turn rows into the tensor (n, width) that players see."""
        blocks = [codec.encode(frame[codec.column.name]) for codec in self._codecs]
        return torch.cat(blocks, dim=1)

    def to_frame(self, x: Tensor) -> pd.DataFrame:
        """Turn encoded rows (n, width) back into the original columns, values and dtypes."""
        blocks = zip(self._codecs, self._blocks(x.detach().cpu()), strict=True)
        return pd.DataFrame({codec.column.name: codec.decode(block) for codec, block in blocks})

    def project(self, x: Tensor) -> Tensor:
        """Keep to the table's own categories, levels and ranges, in rows of `judged`."""
        if self.judged is not self:
            return self.judged.encode(self.to_frame(x)).to(x)
        blocks = zip(self._codecs, self._blocks(x), strict=True)
        return torch.cat([codec.project(block) for codec, block in blocks], dim=1)

    def _blocks(self, x: Tensor) -> tuple[Tensor, ...]:
        return torch.split(x, [codec.column.width for codec in self._codecs], dim=1)

    def _encode_by(self, encoder: Encoder, categorical: set[str], max_levels: int) -> None:
        train = self.frame.iloc[self.positions["train"]]
        self._codecs: list[Codec] = [
            Categories(column)
            if name in categorical
            else _codec(column, train[name], max_levels, encoder)
            for name, column in self.frame.items()
        ]
        columns = tuple(codec.column for codec in self._codecs)
        self.spec = DataSpec("table", (sum(column.width for column in columns),), columns)
        self._rows = {
            split: self.encode(self.frame.iloc[where]) for split, where in self.positions.items()
        }
        self.conditions = CategoryConditions.of(self.spec, self._rows["train"])


def _codec(column: pd.Series, train: pd.Series, max_levels: int, encoder: Encoder) -> Codec:
    known = _present(train) if train.notna().any() else _present(column)
    if encoder == "modes":
        return ModeSpecific(column, max_levels, known)
    return Scaled(column, max_levels, (Standard if encoder == "standard" else Quantile)(known))


def _present(column: pd.Series) -> Floats:
    numbers = as_numbers(column)
    return numbers[~np.isnan(numbers)]
