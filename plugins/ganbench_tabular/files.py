"""Reading CSV and parquet files, with one clear sentence for each that cannot be read."""

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api import types

from ganbench.api import SpecError, read_limited
from ganbench_tabular.values import is_number

_TIME = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?"
_LONGEST = 2**31 - 1
_MOST_BYTES = 2**31
_MOST_VALUES = 2**28
_MOST_COLUMNS = 10_000
_Reader = Callable[[Path, bytes, Collection[str]], pd.DataFrame]
_SEPARATORS = {";": "semicolons", "\t": "tabs"}


def read_table(path: Path, categorical: Collection[str] = ()) -> pd.DataFrame:
    """Read a CSV or parquet file.

    A CSV file is UTF-8 with a header; what pandas takes for a missing value, such as an empty
    field or NA, is one; in a file of one column so is an empty line. Whole numbers and booleans
    stay such where values are missing, and columns of ISO 8601 dates and times become times.

    Args:
        path: of the file.
        categorical: names of columns that stay text if it would not come back from numbers, such
            as 007.

    Raises:
        SpecError: if there is no such file, or it cannot be read; naming the line if it can.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise SpecError(f"{path} must end in {', '.join(_READERS)} to be read as a table.")
    if path.is_dir():
        raise SpecError(f"{path} is a folder, not a file.")
    try:
        content = read_limited(path, _MOST_BYTES)
    except FileNotFoundError:
        raise SpecError(f"There is no file {path}.") from None
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}.") from None
    if not content:
        raise SpecError(f"{path} is empty.")
    return reader(path, content, categorical).reset_index(drop=True)


def _parquet(path: Path, content: bytes, _: Collection[str]) -> pd.DataFrame:
    from pyarrow import ArrowException  # slow to import

    try:
        _check_extent(path, content)
        return pd.read_parquet(io.BytesIO(content))
    except SpecError:
        raise
    except (ArrowException, ValueError, OSError) as error:
        first = str(error).splitlines()[0].rstrip(".")
        raise SpecError(f"{path} cannot be read as parquet: {first}.") from None


def _check_extent(path: Path, content: bytes) -> None:
    """Refuse a small file that says of itself that it becomes a huge table."""
    from pyarrow.parquet import read_metadata  # slow to import

    about = read_metadata(io.BytesIO(content))
    size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    if about.num_rows * about.num_columns > _MOST_VALUES or size > _MOST_BYTES:
        raise SpecError(
            f"{path} holds {about.num_rows} rows of {about.num_columns} columns, {size} bytes; at "
            f"most {_MOST_VALUES} values and {_MOST_BYTES} bytes are read."
        )


def _separated(separator: str) -> _Reader:
    def read(path: Path, content: bytes, categorical: Collection[str]) -> pd.DataFrame:
        text = _decoded(path, content)
        header = _check_records(path, _records(path, text, separator), separator)
        fields: Any = partial(
            pd.read_csv,
            sep=separator,
            index_col=False,
            dtype_backend="numpy_nullable",
            skip_blank_lines=len(header) > 1,
        )
        text = text.lstrip("\r\n")
        frame: pd.DataFrame = fields(io.StringIO(text))
        if named := [name for name in header if name in categorical and is_number(frame[name])]:
            written = fields(io.StringIO(text), usecols=named, dtype="string")
            for name in named:
                if not frame[name].astype("string").equals(written[name]):
                    frame[name] = written[name]
        return pd.DataFrame({name: _plain(column) for name, column in frame.items()})

    return read


_READERS: Mapping[str, _Reader] = {
    ".csv": _separated(","),
    ".tsv": _separated("\t"),
    ".parquet": _parquet,
}


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        byte = error.object[error.start]
        raise SpecError(
            f"{path} is not UTF-8: byte 0x{byte:02x} in line {line}; save it as UTF-8."
        ) from None


def _records(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each record that is not empty, and the line where it ends."""
    csv.field_size_limit(_LONGEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for fields in reader:
            if fields:
                yield reader.line_num, fields
    except csv.Error as error:
        raise SpecError(f"{path}, line {reader.line_num}: {error}.") from None


def _check_records(
    path: Path, records: Iterator[tuple[int, list[str]]], separator: str
) -> list[str]:
    """Return the header; refuse a bad one, and records of another length."""
    header = next(records, (0, []))[1]
    _check_header(path, header, separator)
    for line, fields in records:
        if len(fields) != len(header):
            count = f"{len(fields)} field{'s' * (len(fields) != 1)}"
            raise SpecError(f"{path}, line {line}: {count}, but the header has {len(header)}.")
    return header


def _check_header(path: Path, header: list[str], separator: str) -> None:
    """Refuse unnamed or repeated columns, and one that seems to be several."""
    if not header:
        raise SpecError(f"{path} has no columns.")
    if len(header) > _MOST_COLUMNS:
        raise SpecError(f"{path} has {len(header)} columns; at most {_MOST_COLUMNS} are read.")
    for place, name in enumerate(header, 1):
        if not name.strip():
            raise SpecError(
                f"{path}: column {place} has no name in the header; give it one, or leave out an "
                "index that was written with the table."
            )
        if name in header[: place - 1]:
            raise SpecError(f"{path}: more than one column is named '{name}'.")
    for mark, marks in _SEPARATORS.items():
        if len(header) == 1 and mark in header[0] and mark != separator:
            raise SpecError(
                f"{path} seems to be separated by {marks}, since its only column is named "
                f"{header[0]!r}: commas are needed, or tabs in a file that ends in .tsv."
            )


def _plain(column: pd.Series) -> pd.Series:
    """Return a column with the plain dtype, where nothing that is missing needs another."""
    dtype = column.dtype
    if isinstance(dtype, pd.StringDtype):
        return _times(column.astype("str"))
    if types.is_float_dtype(dtype):
        return column.astype("float64")
    if types.is_extension_array_dtype(dtype) and column.notna().all():
        plain: pd.Series = pd.Series(column.to_numpy(), name=column.name)
        return plain
    return column


def _times(column: pd.Series) -> pd.Series:
    """Turn text that is all ISO 8601 times into times."""
    present = column.dropna()
    if len(present) and present.str.fullmatch(_TIME).all():
        times = pd.to_datetime(column, format="ISO8601", errors="coerce")
        return times if times.notna().equals(column.notna()) else column
    return column
