"""Commands about results: status, show, table, report."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganbench.cli.common import (
    echo,
    find_run,
    json_option,
    open_store,
    print_json,
    print_summary,
    print_table,
    results_argument,
    run_argument,
    write_page,
)
from ganbench.escaping import defused

if TYPE_CHECKING:
    import pandas as pd

    from ganbench.report.formats import Format
    from ganbench.store import Store

_STATUSES = (
    "ok", "missing", "damaged", "interrupted", "diverged", "failed", "killed", "oom", "timeout",
    "invalid-output", "incompatible",
)  # fmt: skip
_MOST_CELLS = 300
"""Rows of the table of statuses; of more cells, those that are not all ok come first."""


@click.command()
@results_argument
@click.option("--attempts", is_flag=True, help="One row for each attempt at a run.")
@json_option
def status(results: str, attempts: bool, as_json: bool) -> None:
    """Show how many runs of each cell are ok, missing, failed and so on, and who is at work."""
    from ganbench.cells import pair_label
    from ganbench.plugins import load_plugins
    from ganbench.results import load_results
    from ganbench.store.leases import Leases

    store = open_store(results)
    frame = load_results(store, load_plugins()).frame
    if attempts:
        _print_attempts(store, frame, as_json)
        return
    runs = frame.drop_duplicates("run_id")
    counts: dict[tuple[str, ...], dict[str, int]] = {}
    names = ("dataset", "generator", "discriminator", "loss", "prior", "status")
    for dataset, *players, loss, prior, word in zip(*(runs[name] for name in names), strict=True):
        row = counts.setdefault((dataset, pair_label(*players), loss, prior), {})
        row[word] = row.get(word, 0) + 1
    shown = [name for name in _STATUSES if any(name in row for row in counts.values())]
    labels = ("dataset", "architecture", "loss", "prior")
    if as_json:
        rows = [{**dict(zip(labels, cell, strict=True)), **row} for cell, row in counts.items()]
        print_json(rows)
        return
    # Of many cells, those that ask for attention come first.
    many = len(counts) > _MOST_CELLS
    cells = sorted(counts, key=lambda cell: set(counts[cell]) == {"ok"}) if many else list(counts)
    print_table(
        [*labels, *shown],
        [
            [*cell, *(str(counts[cell].get(name, 0)) for name in shown)]
            for cell in cells[:_MOST_CELLS]
        ],
    )
    if many:
        echo(f"{len(counts) - _MOST_CELLS:,} more cells are left out; --json prints all.")
    totals = runs["status"].value_counts()
    echo(", ".join(f"{totals[name]} {name}" for name in shown) + ".")
    for driver in Leases(store).others():
        echo(f"At work: {driver}.")


def _print_attempts(store: "Store", frame: "pd.DataFrame", as_json: bool) -> None:
    """Print one row for each attempt at a run that is there."""
    runs = frame.drop_duplicates("run_id")
    tried = runs[runs["attempts"] > 0]
    rows: list[dict[str, Any]] = [
        {"run_id": run["run_id"], "dataset": run["dataset"], "loss": run["loss"],
         "seed": run["seed"], "attempt": number, **attempt}
        for run in tried.to_dict("records")
        for number, attempt in enumerate(store.run(run["run_id"])["attempts"], 1)
    ]  # fmt: skip
    if as_json:
        print_json(rows)
        return
    header = ("run_id", "dataset", "loss", "seed", "attempt", "status", "started", "seconds",
              "host", "reason")  # fmt: skip
    print_table(header, [[_number(row[name]) for name in header] for row in rows], fold=False)


@click.command()
@run_argument
@json_option
def show(run: str, results: str | None, as_json: bool) -> None:
    """Tell the story of RUN: cell, recipe, engine, scores, environment, and why it failed.

    RUN is an id or its beginning, or the path of a run's folder.
    """
    store, run_id = find_run(run, results)
    record, scores = store.run(run_id), store.scores(run_id)
    rows: list[Any] = [] if scores is None else scores.to_dict("records")
    if as_json:
        print_json({**record, "scores": rows, "log": store.log(run_id)})
        return
    for key, value in record.items():
        if key != "attempts":
            echo(f"{key}: {_flat(value)}")
    for number, attempt in enumerate(record.get("attempts", ()), 1):
        echo(f"attempt {number}: {_attempt(attempt)}")
    if rows:
        columns = ("metric", "estimator", "value", "low", "high", "p_value", "n_real", "n_fake")
        cells = [[_number(row[column]) for column in columns] for row in rows]
        print_table(columns, cells, fold=False)
        for row in rows:
            if row["details"] != "{}":
                echo(f"details of {row['metric']} {row['estimator']}: {row['details']}")
    echo(f"\nLog:\n{store.log(run_id)}")


def _attempt(attempt: dict[str, Any]) -> str:
    reason = f" ({attempt['reason']})" if attempt["reason"] else ""
    where = f" on {attempt['host']}, process {attempt['pid']}" if attempt["pid"] else ""
    return (
        f"{attempt['status']}{reason}, began {attempt['started']}, took "
        f"{attempt['seconds']:.4g} seconds{where}"
    )


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_flat(item)}" for key, item in value.items())
    return str(value)


def _number(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return "" if value is None else str(value)


@click.command()
@results_argument
@click.option(
    "--format",
    type=click.Choice(["table", "csv", "md", "latex", "json"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
@click.option("--tidy", is_flag=True, help="One row for each run and score instead of cells.")
@json_option
def table(results: str, format: "Format", tidy: bool, as_json: bool) -> None:
    """Print the scores: mean and 95% interval over seeds, or with --tidy every single one."""
    from ganbench.plugins import load_plugins
    from ganbench.results import load_results

    loaded = load_results(open_store(results), load_plugins())
    format = "json" if as_json else format
    if tidy:
        _print_tidy(loaded.frame, format)
    else:
        print_summary(loaded, format)


def _print_tidy(frame: "pd.DataFrame", format: "Format") -> None:
    from ganbench.report import tables

    data = tables.tidy(frame)
    if format == "csv":
        echo(data.map(defused).to_csv(index=False).rstrip("\n"))
    elif format == "json":
        print_json(data.astype(object).where(data.notna(), None).to_dict("records"))
    elif format == "latex":
        echo(data.to_latex(index=False, escape=True))
    else:
        rows = [[_number(value) for value in row] for row in data.itertuples(index=False)]
        if format == "md":
            lines = [list(data.columns), ["---"] * len(data.columns), *rows]
            for line in lines:
                echo("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |")
        else:
            short = ["run_id", "dataset", "generator", "loss", "seed", "status", "metric",
                     "estimator", "value", "low", "high", "p_value", "floor"]  # fmt: skip
            places = [list(data.columns).index(name) for name in short]
            print_table(short, [[row[place] for place in places] for row in rows], fold=False)


@click.command()
@results_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder.  [default: RESULTS/report]",
)
@json_option
def report(results: str, out: Path | None, as_json: bool) -> None:
    """Write one self-contained HTML page, and its figures as PNG and SVG."""
    from ganbench.plugins import load_plugins
    from ganbench.results import load_results

    registry, store = load_plugins(), open_store(results)
    loaded = load_results(store, registry)
    page = write_page(loaded, registry, store, out)
    if as_json:
        print_json({"page": str(page)})
    else:
        echo(page)
