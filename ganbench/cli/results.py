"""Commands about results: show and report."""

from pathlib import Path
from typing import Any

import click

from ganbench.cli.common import (
    find_run,
    json_option,
    open_store,
    plugin_option,
    print_json,
    print_table,
    results_argument,
    run_argument,
    shown,
)
from ganbench.escaping import echo


@click.command()
@run_argument
@click.option("--reproduce", is_flag=True, help="Print the commands that make it again.")
@json_option
def show(run: str, results: str | None, reproduce: bool, as_json: bool) -> None:
    """Tell the story of RUN: cell, recipe, engine, scores, environment, and why it failed.

    RUN is an id or its beginning, or the path of a run's folder. Where plugins were installed from
    is told by `ganbench plugin freeze`, and by --json.
    """
    store, run_id = find_run(run, results)
    if reproduce:
        from ganbench.report.reproduction import reproduction, script

        found = reproduction(store, run_id)
        print_json(found) if as_json else echo(script(found))
        return
    record, scores = store.run(run_id), store.scores(run_id)
    rows: list[Any] = [] if scores is None else scores.to_dict("records")
    if as_json:
        print_json({**record, "scores": rows, "log": store.log(run_id)})
        return
    _print_record(record)
    if rows:
        _print_scores(rows)
    echo(f"\nLog:\n{store.log(run_id)}")


def _print_record(record: dict[str, Any]) -> None:
    for key, value in record.items():
        if key == "environment":
            value = {name: item for name, item in value.items() if name != "sources"}
        if key != "attempts":
            echo(f"{key}: {_flat(value)}")
    for number, attempt in enumerate(record.get("attempts", ()), 1):
        echo(f"attempt {number}: {_attempt(attempt)}")


def _print_scores(rows: list[Any]) -> None:
    columns = ("metric", "estimator", "value", "low", "high", "p_value", "n_real", "n_fake")
    cells = [[shown(row[column]) for column in columns] for row in rows]
    print_table(columns, cells, fold=False)
    for row in rows:
        if row["details"] != "{}":
            echo(f"details of {row['metric']} {row['estimator']}: {row['details']}")


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


@click.command()
@results_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder.  [default: RESULTS/report]",
)
@click.option("--paper", is_flag=True, help="Write LaTeX tables, PDF figures and methods instead.")
@click.option(
    "--width",
    type=click.FloatRange(2.5, 30),
    metavar="INCHES",
    default=6.75,
    show_default=True,
    help="With --paper: width of a column, such as 3.25; no figure is wider.",
)
@click.option(
    "--figures",
    multiple=True,
    default=("all",),
    metavar="all|KIND",
    help="With --paper: which; repeatable. All that fit if left out.",
)
@plugin_option
@json_option
def report(
    results: str,
    out: Path | None,
    paper: bool,
    width: float,
    figures: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write one self-contained HTML page, and its figures as PNG and SVG."""
    from ganbench.plugins import load_for_use
    from ganbench.report.placing import write_for_paper, write_page
    from ganbench.results import load_results

    registry, store = load_for_use(), open_store(results)
    loaded = load_results(store, registry)
    if paper:
        paths = write_for_paper(loaded, registry, store, out, width, figures)
        print_json([str(path) for path in paths]) if as_json else echo("\n".join(map(str, paths)))
        return
    page = write_page(loaded, registry, store, out)
    if as_json:
        print_json({"page": str(page)})
    else:
        echo(page)
