"""The tidy table of a results folder as one file."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ganbench.report.tables import tidy
from ganbench.results import Results


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
