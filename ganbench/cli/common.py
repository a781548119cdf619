"""What several commands share: naming a results folder, printing JSON and tables."""

import json
import math
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ganbench.errors import SpecError
from ganbench.escaping import echo, plain
from ganbench.naming import ROOT, existing_folder, existing_folders

if TYPE_CHECKING:
    from rich.console import Console

    from ganbench.report.formats import Format
    from ganbench.results import Results
    from ganbench.store import Store

_UNLIMITED = 100_000

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def plugin_option(command: Command) -> Command:
    """Add --plugin, which loads plugins from files."""
    return click.option(
        "--plugin",
        multiple=True,
        metavar="FILE.py",
        is_eager=True,
        expose_value=False,
        callback=_load_files,
        help="Load a plugin from a file, without installing it. Repeatable; "
        "$GANBENCH_PLUGIN_FILES names files for all commands.",
    )(command)


def _load_files(ctx: click.Context, _option: click.Parameter, paths: tuple[str, ...]) -> None:
    if paths:
        from ganbench.plugins import plugin_files

        ctx.with_resource(plugin_files(paths))


def results_argument(command: Command) -> Command:
    """Add the argument RESULTS: a folder, or the name of one below ./results."""
    return click.argument("results", metavar="RESULTS")(command)


def open_store(results: str) -> "Store":
    """Open the results folder of this path or name.

    Raises:
        SpecError: if there is none; lists those that are there.
    """
    from ganbench.store import Store

    return Store(existing_folder(results))


def open_results(results: str) -> "Results":
    """Load a results folder, or scores alone from a table that `ganbench store export` wrote.

    Args:
        results: path or name of a results folder, path of a table, or a folder with a table
            `scores.parquet`, as those of results/reference are.

    Raises:
        SpecError: if there is none; lists the folders that are there.
        StoreError: if it cannot be read.
    """
    from ganbench.plugins import load_plugins
    from ganbench.report.tidyfile import read_tidy
    from ganbench.results import load_results

    path = Path(results)
    table = path if path.suffix == ".parquet" else path / "scores.parquet"
    if os.path.isfile(table):  # Path.is_file raises where a name is too long
        return read_tidy(table)
    return load_results(open_store(results), load_plugins())


def run_argument(command: Command) -> Command:
    """Add the argument RUN and --results, for `find_run`."""
    option = click.option("--results", help="Results folder; all below ./results if left out.")
    return click.argument("run")(option(command))


def find_run(run: str, results: str | None) -> tuple["Store", str]:
    """Find the run of this id, beginning of an id or path.

    Raises:
        SpecError: if there is none, or several.
    """
    from ganbench.store import Store

    path = Path(run)
    if path.parent.name == "runs" and (path / "run.json").is_file():
        return Store(path.parent.parent), path.name
    folders = [existing_folder(results)] if results else existing_folders()
    found = [
        (folder, path.name)
        for folder in folders
        for path in (folder / "runs").glob("*")
        if path.name.startswith(run) and not path.name.startswith(".")
    ]
    if len({name for _, name in found}) != 1:
        many = f"{len(found)} runs begin with" if found else "No run begins with"
        where = ", ".join(map(str, folders)) or f"./{ROOT}"
        raise SpecError(
            f"{many} '{run}' in {where}. Give a whole id, as `ganbench table RESULTS --tidy` "
            "lists them, or --results."
        )
    folder, run_id = found[0]
    return Store(folder), run_id


def print_json(data: Any) -> None:
    """Print JSON on stdout; what is not finite becomes null."""
    echo(json.dumps(_finite(data), indent=2, default=str))


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and data - data != 0 else data


def shown(value: Any) -> str:
    """Write a value of a table; nothing for what is not there."""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return "" if value is None else str(value)


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], fold: bool = True) -> None:
    """Print rows under a header, folded to the width of the terminal or in whole lines."""
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in header:
        table.add_column(Text(title), overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    console = stdout_console()
    if not fold:
        unlimited = console.options.update(max_width=_UNLIMITED)
        console.width = max(console.width, Measurement.get(console, unlimited, table).maximum)
    console.print(table)


def stdout_console() -> "Console":
    """Return a console for data; it is wide where it is not a terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 120
    return console


def print_summary(results: "Results", format: "Format") -> None:
    """Print the table of all cells on stdout: format table, csv, md, latex or json."""
    from ganbench.report.formats import render
    from ganbench.report.tables import summary

    rendered = render(summary(results.frame), format)
    if isinstance(rendered, str):
        echo(rendered.rstrip("\n"))
    else:
        stdout_console().print(rendered)
