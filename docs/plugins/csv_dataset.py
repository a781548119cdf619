"""A CSV dataset.

A finite dataset has `rows` for each split; sampling, floors and a fingerprint of the rows come with
the base class. The split is decided here, once, by a seed that is a parameter. (Whole tables, with
categories and gaps, are read by ganbench's own `table(path='mine.csv')`.)

    ganbench run --plugin docs/plugins/csv_dataset.py -a mlp -l "ns+r1(gamma=0.1)" -d "columns(path='docs/plugins/iris.csv')"
"""

import csv
import io

import numpy as np
import torch
from torch import Tensor

from ganbench.api import (
    Dataset,
    DataSpec,
    NonNegativeInt,
    SpecError,
    Split,
    hookimpl,
    read_limited,
    user_path,
)


class Columns(Dataset):
    """Columns: the numeric columns of a CSV file with a header, standardised.

    Means and deviations are those of the training half, so that nothing of the test half is told.

    Args:
        path: of the file, in UTF-8.
        split_seed: which half of the shuffled rows is for training, 0 or more.

    Source: the file
    """

    def __init__(self, path: str, split_seed: NonNegativeInt = 0) -> None:
        values = numeric_columns(path)
        order = np.random.default_rng(split_seed).permutation(len(values))
        train, test = np.array_split(values[order], 2)
        mean, deviation = train.mean(axis=0), train.std(axis=0)
        if len(values) < 4 or not deviation.all():
            raise SpecError(f"{path} needs four rows or more, and columns that are not constant.")
        self._rows = {
            split: torch.tensor((part - mean) / deviation, dtype=torch.float32)
            for split, part in (("train", train), ("test", test))
        }
        self.spec = DataSpec("vector", (values.shape[1],))

    def rows(self, split: Split) -> Tensor:
        return self._rows[split]


def numeric_columns(path: str) -> np.ndarray:
    """Read the columns (n, d) of a CSV file in which every field is a number."""
    try:
        text = read_limited(user_path(path), 2**30).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path} cannot be read: {error}.") from None
    columns = zip(*list(csv.reader(io.StringIO(text)))[1:], strict=False)
    numeric = [numbers for column in columns if (numbers := as_numbers(column))]
    if not numeric:
        raise SpecError(f"{path} has no column of numbers.")
    return np.array(numeric).T


def as_numbers(column: tuple[str, ...]) -> list[float] | None:
    try:
        return [float(field) for field in column]
    except ValueError:
        return None


@hookimpl
def ganbench_datasets() -> dict[str, object]:
    return {"columns": Columns}
