"""Tables from openml.org, fetched once and kept."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import pandas as pd

from ganbench.api import NonNegativeInt, PositiveInt, kept
from ganbench_tabular.scales import Encoder
from ganbench_tabular.tables import MAX_LEVELS, TableDataset

_ONE_HOT = re.compile(r"(Wilderness_Area|Soil_Type)_?(\d+)")


class Adult(TableDataset):
    """Adults of the US census of 1994: work, family, and whether they earn over $50,000.

    Gaps, in the kind and class of work and in the country of birth, are categories.

    Args:
        split_seed: which half of the shuffled rows is for training, 0 or more.
        max_levels: up to how many distinct values a number counts as discrete, 1 or more.
        encoder: of numeric columns, "standard", "quantile" or "modes" (CTGAN's).

    Source: Becker & Kohavi 1996, UCI Machine Learning Repository, doi:10.24432/C5XW20; from
        openml.org, data set 1590

    Kind: table
    Size: 48842 rows, 15 columns
    Licence: CC BY 4.0 (UCI)
    """

    target = "class"

    def __init__(
        self,
        split_seed: NonNegativeInt = 0,
        max_levels: PositiveInt = MAX_LEVELS,
        encoder: Encoder = "standard",
    ) -> None:
        frame = pd.read_parquet(kept("openml/adult.parquet", openml(1590)))
        super().__init__(frame, (), split_seed, max_levels, encoder)


class Covertype(TableDataset):
    """Forests in Colorado: terrain, soil, and which of seven types of trees cover it.

    The four columns of the wilderness area and the forty of the type of soil, of which exactly one
    is 1, are one column each, of the number of that one.

    Args:
        split_seed: which half of the shuffled rows is for training, 0 or more.
        max_levels: up to how many distinct values a number counts as discrete, 1 or more.
        encoder: of numeric columns, "standard", "quantile" or "modes" (CTGAN's).

    Source: Blackard 1998, UCI Machine Learning Repository, doi:10.24432/C50K5N; from openml.org,
        data set 1596

    Kind: table
    Size: 581012 rows, 13 columns
    Licence: CC BY 4.0 (UCI)
    """

    target = "class"

    def __init__(
        self,
        split_seed: NonNegativeInt = 0,
        max_levels: PositiveInt = MAX_LEVELS,
        encoder: Encoder = "standard",
    ) -> None:
        frame = joined(pd.read_parquet(kept("openml/covertype.parquet", openml(1596))))
        categorical = ("Wilderness_Area", "Soil_Type", "class")
        super().__init__(frame, categorical, split_seed, max_levels, encoder)


def openml(number: int) -> Callable[[Path], None]:
    """Return what writes a data set of openml.org to a parquet file."""

    def make(path: Path) -> None:
        from sklearn.datasets import fetch_openml  # slow to import

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of further tries
                answer = fetch_openml(
                    data_id=number, as_frame=True, parser="liac-arff", cache=False
                )
        except (OSError, ValueError, KeyError) as error:
            reason = getattr(error, "reason", error)
            raise URLError(f"openml.org did not give data set {number} ({reason})") from None
        frame = pd.DataFrame({name: _whole(column) for name, column in answer.frame.items()})
        frame.to_parquet(path, index=False)

    return make


def joined(frame: pd.DataFrame) -> pd.DataFrame:
    """Put columns that say which one of several it is into one, where the first of them is."""
    columns: dict[str, pd.Series] = {}
    for name, column in frame.items():
        part = _ONE_HOT.fullmatch(str(name))
        if part is None:
            columns[str(name)] = column
            continue
        number = column.astype("int64") * int(part[2])
        columns[part[1]] = columns.get(part[1], 0) + number
    return pd.DataFrame(columns)


def _whole(column: pd.Series) -> pd.Series:
    """Return a column of whole numbers as integers; ARFF does not tell them apart."""
    if not pd.api.types.is_float_dtype(column.dtype) or (column % 1 != 0).any():
        return column
    return column.astype("int64")
