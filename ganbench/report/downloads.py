"""What a page offers to download: results for other programs, and citations."""

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ganbench.escaping import defused
from ganbench.naming import file_name
from ganbench.report.citations import Citation, bibliography
from ganbench.report.formats import render
from ganbench.report.tables import Summary, tidy
from ganbench.report.tidyfile import write_tidy
from ganbench.report.writing import write_file
from ganbench.results import Results

MOST_TIDY = 20_000
"""Rows of the tidy table that a page carries; of more, files lie beside it."""


class Download(NamedTuple):
    """A link of the page.

    Attributes:
        link: the data themselves, or the name of a file beside the page.
        name: under which it is saved.
        title: what it is.
    """

    link: str
    name: str
    title: str


def downloads(
    results: Results, table: Summary, works: Iterable[Citation], out: Path
) -> list[Download]:
    """Collect what can be downloaded; what is too large for the page is written to `out`."""
    name = file_name(results.name)
    rows = "Every run and score, one row each"
    cells = "Every cell with its means and intervals"
    versions = results.experiment.get("environment", {}).get("distributions", {})
    cited = Download(
        _data("application/x-bibtex", bibliography(works, versions.get("ganbench", "")).encode()),
        f"{name}.bib",
        "What the methods cite, as BibTeX",
    )
    tidy_file, cell_file = out / "runs-and-scores.parquet", out / "cells.json"
    if len(results.frame) <= MOST_TIDY:
        tidy_file.unlink(missing_ok=True)
        cell_file.unlink(missing_ok=True)
        return [
            Download(_data("text/csv", _csv(results.frame)), f"{name}.csv", f"{rows}, as CSV"),
            Download(_data("application/json", _json(table)), f"{name}.json", f"{cells}, as JSON"),
            cited,
        ]
    write_file(cell_file, _json(table))
    write_tidy(results, tidy_file)
    return [
        Download(tidy_file.name, f"{name}.parquet", f"{rows}, as parquet"),
        Download(cell_file.name, f"{name}.json", f"{cells}, as JSON"),
        cited,
    ]


def _csv(frame: pd.DataFrame) -> bytes:
    return tidy(frame).map(defused).to_csv(index=False).encode("utf-8", "backslashreplace")


def _json(table: Summary) -> bytes:
    return str(render(table, "json")).encode()


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
