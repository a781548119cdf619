"""Any table from a file."""

import hashlib

import pandas as pd
from pandas.api import types

from ganbench.api import NonNegativeInt, PositiveInt, SpecError, user_path
from ganbench_tabular.files import read_table
from ganbench_tabular.scales import Encoder
from ganbench_tabular.schema import check_names, checked
from ganbench_tabular.tables import MAX_CATEGORIES, MAX_LEVELS, TableDataset

Names = str | tuple[str, ...] | None


class Table(TableDataset):
    """Any table in a CSV, TSV or parquet file.

    Columns of text, of booleans, of pandas categories and of whole numbers with two values are
    categories; all other numbers, dates and times are numeric. `categorical` and `numeric` say
    otherwise for single columns, such as whole numbers that stand for classes. Missing values
    are learned like others. The index of a parquet file is left out.

    Args:
        path: of the file, which ends in .csv, .tsv or .parquet; a CSV file is UTF-8 with a header.
        target: name of the column that scores of utility predict; none by default.
        categorical: a name, or ("several", "names"), of columns to treat as categories; in a
            CSV file, codes such as 007 stay text there.
        numeric: a name, or ("several", "names"), of columns to treat as numbers.
        max_levels: up to how many distinct values a number counts as discrete, 1 or more.
        max_categories: most categories that a column may have, 1 or more.
        split_seed: which half of the shuffled rows is for training, 0 or more.
        encoder: of numeric columns, "standard", "quantile" or "modes" (CTGAN's).

    Source: the file; encoders after Xu et al. 2019, arXiv:1907.00503

    Kind: table
    Size: as the file
    Licence: the file's own
    """

    def __init__(
        self,
        path: str,
        target: str | None = None,
        categorical: Names = None,
        numeric: Names = None,
        max_levels: PositiveInt = MAX_LEVELS,
        max_categories: PositiveInt = MAX_CATEGORIES,
        split_seed: NonNegativeInt = 0,
        encoder: Encoder = "standard",
    ) -> None:
        file = user_path(path)
        frame = read_table(file, _names(categorical)).rename(columns=str)
        self._content = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        self.target = target
        as_numbers = _names(numeric)
        try:
            if target is not None:
                check_names([target], checked(frame), "target")
            super().__init__(
                frame,
                (*_names(categorical), *_flags(frame, as_numbers)),
                split_seed,
                max_levels,
                encoder,
                as_numbers,
                max_categories,
            )
        except SpecError as error:
            raise SpecError(f"{file}: {error}") from None

    def fingerprint(self) -> str:
        """Cover the bytes of the file, wherever it lies, and the rows that come of them."""
        return f"{self._content}-{super().fingerprint()}"


def _names(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())


def _flags(frame: pd.DataFrame, numeric: tuple[str, ...]) -> list[str]:
    """Name the columns of whole numbers with two values that are not said to be numeric."""
    return [
        str(name)
        for name, column in frame.items()
        if name not in numeric and types.is_integer_dtype(column.dtype) and column.nunique() == 2
    ]
