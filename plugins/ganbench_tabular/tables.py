"""Tables as tensors: encoding, its exact inverse, and the division into train and test."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from ganbench.api import Column, Dataset, DataSpec, NonNegativeInt, PositiveInt, SpecError, Split


class TableDataset(Dataset):
    """A table: subclass it and give a DataFrame; encoding and its inverse are done here.

    Numeric columns are standardised by the training split, categorical ones are one-hot. Whole
    numbers and columns of few values keep to the values that occur, other numbers to their range.

    Args:
        frame: the rows, without missing values.
        categorical: names of the columns to treat as categories.
        split_seed: which half of the shuffled rows is for training.
        max_levels: up to how many distinct values a numeric column counts as discrete.

    Attributes:
        frame: the rows.
        positions: of the rows of each split in the frame. Rows of different positions may be
            equal.
        target: name of the column that scores of utility predict, None where there is none.
    """

    target: str | None = None

    def __init__(
        self,
        frame: pd.DataFrame,
        categorical: Sequence[str] = (),
        split_seed: NonNegativeInt = 0,
        max_levels: PositiveInt = 32,
    ) -> None:
        if gaps := [str(name) for name in frame if frame[name].isna().any()]:
            raise SpecError(f"a table may not have missing values; see {', '.join(gaps)}")
        self.frame = frame.rename(columns=str)
        order = np.random.default_rng(split_seed).permutation(len(frame))
        half = len(frame) // 2
        self.positions: dict[Split, np.ndarray] = {
            "train": np.sort(order[:half]),
            "test": np.sort(order[half:]),
        }
        train = self.frame.iloc[self.positions["train"]]
        self._codecs: list[_Codec] = [
            _Categories.of(values)
            if name in categorical
            else _Numbers.of(values, train[name], max_levels)
            for name, values in self.frame.items()
        ]
        columns = tuple(codec.column for codec in self._codecs)
        self.spec = DataSpec("table", (sum(column.width for column in columns),), columns)
        self._rows = {
            split: self.encode(self.frame.iloc[where]) for split, where in self.positions.items()
        }

    def rows(self, split: Split) -> Tensor:
        """Return the encoded rows (n, width) of one half."""
        return self._rows[split]

    def encode(self, frame: pd.DataFrame) -> Tensor:
        """Turn rows into the tensor (n, width) that players see."""
        blocks = [codec.encode(frame[codec.column.name]) for codec in self._codecs]
        return torch.cat(blocks, dim=1)

    def to_frame(self, x: Tensor) -> pd.DataFrame:
        """Turn encoded rows (n, width) back into the original columns, values and dtypes."""
        blocks = self._blocks(self.project(x.detach().cpu()))
        return pd.DataFrame(
            {
                codec.column.name: codec.decode(block)
                for codec, block in zip(self._codecs, blocks, strict=True)
            }
        )

    def project(self, x: Tensor) -> Tensor:
        """Keep to the table's own categories, levels and ranges."""
        blocks = zip(self._codecs, self._blocks(x), strict=True)
        return torch.cat([codec.project(block) for codec, block in blocks], dim=1)

    def _blocks(self, x: Tensor) -> tuple[Tensor, ...]:
        return torch.split(x, [codec.column.width for codec in self._codecs], dim=1)


class _Codec(Protocol):
    """One column as a block (n, width) of the tensor, and back."""

    column: Column

    def encode(self, values: pd.Series) -> Tensor: ...

    def project(self, block: Tensor) -> Tensor: ...

    def decode(self, block: Tensor) -> pd.Series:
        """Turn a projected block on the CPU into values of the original dtype."""
        ...


@dataclass
class _Categories:
    """A one-hot block; `levels` are the categories, in their own dtype."""

    column: Column
    levels: pd.Series

    @classmethod
    def of(cls, values: pd.Series) -> "_Categories":
        levels = _distinct(values)
        return cls(Column(str(values.name), "categorical", tuple(levels.tolist())), levels)

    def encode(self, values: pd.Series) -> Tensor:
        hot = values.to_numpy()[:, None] == self.levels.to_numpy()
        return torch.from_numpy(hot).to(torch.float32)

    def project(self, block: Tensor) -> Tensor:
        return functional.one_hot(block.argmax(dim=1), block.shape[1]).to(block.dtype)

    def decode(self, block: Tensor) -> pd.Series:
        return self.levels.iloc[block.argmax(dim=1).numpy()].reset_index(drop=True)


@dataclass
class _Numbers:
    """A standardised number.

    `levels` are the values that occur, in their own dtype, and `codes` their float32 encodings. A
    code that occurs is decoded by looking it up: arithmetic would not give the value back exactly.
    Only values closer than float32 can tell apart, some 1e-7 standard deviations, are confused.
    """

    column: Column
    levels: pd.Series
    codes: Tensor
    mean: float
    std: float

    @classmethod
    def of(cls, values: pd.Series, train: pd.Series, max_levels: int) -> "_Numbers":
        levels = _distinct(values)
        discrete = len(levels) <= max_levels or pd.api.types.is_integer_dtype(values)
        column = Column(str(values.name), "numeric", tuple(levels.tolist()) if discrete else ())
        codec = cls(column, levels, torch.empty(0), float(train.mean()), float(train.std()) or 1.0)
        codec.codes = codec.encode(levels)[:, 0]
        return codec

    def encode(self, values: pd.Series) -> Tensor:
        scaled = (values.to_numpy(dtype=float) - self.mean) / self.std
        return torch.from_numpy(scaled[:, None]).to(torch.float32)

    def project(self, block: Tensor) -> Tensor:
        codes = self.codes.to(block)
        if self.column.levels:
            return codes[self._nearest(block)]
        return block.clamp(codes[0], codes[-1])

    def decode(self, block: Tensor) -> pd.Series:
        picks = self._nearest(block)
        values = self.levels.iloc[picks[:, 0].numpy()].reset_index(drop=True)
        if self.column.levels:
            return values
        unseen = (self.codes.to(block)[picks] != block)[:, 0].numpy()
        between = block[:, 0].double().numpy() * self.std + self.mean
        return pd.Series(np.where(unseen, between, values), dtype=values.dtype)

    def _nearest(self, block: Tensor) -> Tensor:
        # In double, since between neighbouring float32 codes there is no float32 middle.
        codes = self.codes.to(block.device, torch.float64)
        return torch.searchsorted((codes[1:] + codes[:-1]) / 2, block.double().contiguous())


def _distinct(values: pd.Series) -> pd.Series:
    """Return the sorted distinct values, in their own dtype."""
    return values.drop_duplicates().sort_values().reset_index(drop=True)
