"""Tables as tensors: encoding, its exact inverse, and the division into train and test."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ganbench.api import Column, Dataset, DataSpec, Split


class TableDataset(Dataset):
    """A table: subclass it and give a DataFrame; encoding and its inverse are done here.

    Numeric columns are standardised by the training split, categorical ones are one-hot. A
    numeric column with at most `max_levels` distinct values keeps to those values.

    Args:
        frame: the rows, without missing values.
        categorical: names of the columns to treat as categories.
        split_seed: which half of the shuffled rows is for training.
        max_levels: up to how many distinct values a numeric column counts as discrete.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        categorical: Sequence[str] = (),
        split_seed: int = 0,
        max_levels: int = 32,
    ) -> None:
        self.frame = frame
        order = np.random.default_rng(split_seed).permutation(len(frame))
        half = len(frame) // 2
        self._positions: dict[Split, np.ndarray] = {
            "train": np.sort(order[:half]),
            "test": np.sort(order[half:]),
        }
        train = frame.iloc[self._positions["train"]]
        columns, self._scales = [], {}
        for name in frame.columns:
            levels = tuple(sorted(frame[name].unique().tolist()))
            if name in categorical:
                columns.append(Column(str(name), "categorical", levels))
                continue
            self._scales[str(name)] = (float(train[name].mean()), float(train[name].std()) or 1.0)
            few = levels if len(levels) <= max_levels else ()
            columns.append(Column(str(name), "numeric", few))
        width = sum(column.width for column in columns)
        self.spec = DataSpec("table", (width,), tuple(columns))
        self._rows = {
            split: self.encode(frame.iloc[positions])
            for split, positions in self._positions.items()
        }

    def rows(self, split: Split) -> Tensor:
        """Return the encoded rows (n, width) of one half."""
        return self._rows[split]

    def encode(self, frame: pd.DataFrame) -> Tensor:
        """Turn rows into the tensor (n, width) that players see."""
        blocks = []
        for column in self.spec.columns:
            values = frame[column.name].to_numpy()
            if column.kind == "categorical":
                blocks.append(values[:, None] == np.asarray(column.levels)[None, :])
            else:
                mean, std = self._scales[column.name]
                blocks.append(((values - mean) / std)[:, None])
        return torch.from_numpy(np.concatenate(blocks, axis=1).astype(np.float32))

    def to_frame(self, x: Tensor) -> pd.DataFrame:
        """Turn encoded rows (n, width) back into the original columns, values and dtypes."""
        out: dict[str, np.ndarray] = {}
        start = 0
        for column in self.spec.columns:
            block = x[:, start : start + column.width].double().cpu().numpy()
            start += column.width
            if column.kind == "categorical":
                out[column.name] = np.asarray(column.levels)[block.argmax(axis=1)]
                continue
            mean, std = self._scales[column.name]
            values = block[:, 0] * std + mean
            if column.levels:
                values = _nearest(values, np.asarray(column.levels, dtype=float))
            out[column.name] = values
        frame = pd.DataFrame(out)
        for name, dtype in self.frame.dtypes.items():
            if frame[name].dtype != dtype:
                whole = np.issubdtype(np.dtype(str(dtype)), np.integer)
                frame[name] = (frame[name].round() if whole else frame[name]).astype(dtype)
        return frame

    def project(self, x: Tensor) -> Tensor:
        """Keep to the table's own categories, levels and dtypes."""
        return self.encode(self.to_frame(x)).to(x.device)


def _nearest(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Round each value to the nearest of the sorted levels."""
    middles = (levels[1:] + levels[:-1]) / 2
    return levels[np.searchsorted(middles, np.nan_to_num(values))]
