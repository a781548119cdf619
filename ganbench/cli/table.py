"""The command table: the scores of a results folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganbench.cli.common import (
    json_option,
    open_results,
    print_summary,
    print_table,
    results_argument,
    shown,
)
from ganbench.errors import SpecError, StoreError
from ganbench.escaping import echo

if TYPE_CHECKING:
    import pandas as pd

    from ganbench.report.formats import Format
    from ganbench.results import Results

_FORMATS: dict[str, "Format"] = {
    ".csv": "csv", ".md": "md", ".tex": "latex", ".json": "json", ".html": "html",
}  # fmt: skip
_SHORT = [
    "run_id", "dataset", "generator", "loss", "seed", "status", "metric", "estimator", "value",
    "low", "high", "p_value", "floor",
]  # fmt: skip
"""Columns of the tidy table that a terminal shows."""


@click.command()
@results_argument
@click.option(
    "--format",
    type=click.Choice(["table", *_FORMATS.values()]),
    help="How to print it.  [default: table]",
)
@click.option("--tidy", is_flag=True, help="One row for each run and score instead of cells.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Write a file instead, in the format of its ending: {', '.join(_FORMATS)}, .parquet.",
)
@json_option
def table(
    results: str, format: "Format | None", tidy: bool, out: Path | None, as_json: bool
) -> None:
    """Print the scores: mean and 95% interval over seeds, or with --tidy every single one."""
    from ganbench.report.tidytext import tidy_text

    format = "json" if as_json else format
    if out is not None:
        _check_ending(out, format)
    loaded = open_results(results)
    if out is not None:
        _write(loaded, tidy, out)
    elif not tidy:
        print_summary(loaded, format or "table")
    elif format is None or format == "table":
        _print_tidy(loaded.frame)
    else:
        echo(tidy_text(loaded.frame, format).rstrip("\n"))


def _check_ending(out: Path, format: "Format | None") -> None:
    """Refuse a file whose ending says no format, or another than was asked for."""
    ending = out.suffix.lower()
    if ending not in (*_FORMATS, ".parquet"):
        choices = ", ".join((*_FORMATS, ".parquet"))
        raise SpecError(f"'{out}' has no ending of a table. Choose one of {choices} for --out.")
    if format not in (None, _FORMATS.get(ending)):
        raise SpecError(
            f"The ending of '{out}' says another format than '{format}', which was asked for too; "
            "leave --format and --json out where a file is written."
        )


def _write(results: "Results", tidy: bool, out: Path) -> None:
    """Write a table in the format that the ending of the file's name says."""
    from ganbench.report.formats import numbers, render
    from ganbench.report.tables import summary
    from ganbench.report.tables import tidy as tidied
    from ganbench.report.tidytext import tidy_text

    ending = out.suffix.lower()
    try:
        if ending == ".parquet":
            frame = tidied(results.frame) if tidy else numbers(summary(results.frame))
            frame.to_parquet(out, index=False)
        elif tidy:
            out.write_text(tidy_text(results.frame, _FORMATS[ending]), encoding="utf-8")
        else:
            text = render(summary(results.frame), _FORMATS[ending])
            out.write_text(str(text), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"Cannot write '{out}': {error.strerror or error}.") from error
    echo(out)


def _print_tidy(frame: "pd.DataFrame") -> None:
    from ganbench.report.tables import tidy

    rows = tidy(frame)[_SHORT].itertuples(index=False)
    print_table(_SHORT, [[shown(value) for value in row] for row in rows], fold=False)
