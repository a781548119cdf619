"""The cells of an experiment as one table: small on disk, and what cells share is read once."""

import functools
import io
import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ganbench.store.parquet import read_parquet

_FIELDS = (
    "labels", "recipe", "device", "origin", "misfit", "warnings", "runs", "evaluation", "scores",
)  # fmt: skip


def write(cells: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Write key -> record as a parquet file, every field as JSON."""
    columns = {name: _column([cell.get(name) for cell in cells.values()]) for name in _FIELDS}
    buffer = io.BytesIO()
    pq.write_table(pa.table({"key": list(cells), **columns}), buffer, compression="zstd")
    return buffer.getvalue()


def _column(values: list[Any]) -> pa.Array:
    """Write values as JSON, each object once."""
    known: dict[int, str] = {}
    for value in values:
        if id(value) not in known:
            known[id(value)] = json.dumps(value)
    return pa.array([known[id(value)] for value in values])


def read(data: bytes) -> dict[str, dict[str, Any]]:
    """Read what `write` wrote; cells share equal values, which nobody may change."""
    columns = read_parquet(data).to_pydict()
    value = functools.cache(json.loads)
    rows = zip(*(columns[name] for name in _FIELDS), strict=True)
    return {
        key: {name: value(text) for name, text in zip(_FIELDS, row, strict=True)}
        for key, row in zip(columns["key"], rows, strict=True)
    }
