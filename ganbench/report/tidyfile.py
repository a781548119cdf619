"""The tidy table of a results folder as one file."""

import json
import os
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from ganbench.errors import SpecError, StoreError
from ganbench.report.tables import TIDY_COLUMNS, tidy
from ganbench.results import Results
from ganbench.store.parquet import read_parquet


def write_tidy(results: Results, path: Path) -> int:
    """Write one row for each run and score to a parquet file, with what was asked for beside it.

    Args:
        results: what is stored.
        path: of the file; it appears only when it is whole.

    Returns:
        The number of rows.

    Raises:
        OSError: if it cannot be written.
    """
    frame = tidy(results.frame)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    told = {key: results.experiment[key] for key in ("name", "grid", "commands", "environment")}
    table = table.replace_schema_metadata({"ganbench": json.dumps(told)})
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        pq.write_table(table, draft, compression="zstd")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return len(frame)


def read_tidy(path: Path) -> Results:
    """Read back what `write_tidy` wrote: scores, grid, commands and environment, and no networks.

    Args:
        path: of the file.

    Returns:
        Results whose frame has the published columns; what else a results folder holds, such as
        samples, raises `SpecError`.

    Raises:
        StoreError: if it is not such a file.
    """
    try:
        table = read_parquet(path.read_bytes())
        told = json.loads((table.schema.metadata or {})[b"ganbench"])
        frame = table.to_pandas(use_threads=False)[list(TIDY_COLUMNS)]
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise StoreError(
            f"'{path}' is no table of results; `ganbench store export RESULTS -o {path.name}` "
            "writes one."
        ) from error

    def absent(name: Any) -> NoReturn:
        raise SpecError(f"'{path}' holds scores alone, and nothing else of {name}.")

    return Results(told["name"], told, frame, absent, absent, absent, absent, stored=absent)
