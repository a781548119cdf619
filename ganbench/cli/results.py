"""Commands about results: show and report."""

from pathlib import Path
from typing import Any

import click

from ganbench.cli.common import (
    echo,
    find_run,
    json_option,
    open_store,
    plugin_option,
    print_json,
    print_table,
    results_argument,
    run_argument,
    shown,
    write_for_paper,
    write_page,
)


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
        cells = [[shown(row[column]) for column in columns] for row in rows]
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
    type=click.FloatRange(1, 30),
    default=6.75,
    show_default=True,
    help="With --paper: inches that figures are laid out for, such as 3.25 for a column.",
)
@plugin_option
@json_option
def report(results: str, out: Path | None, paper: bool, width: float, as_json: bool) -> None:
    """Write one self-contained HTML page, and its figures as PNG and SVG."""
    from ganbench.plugins import load_plugins
    from ganbench.results import load_results

    registry, store = load_plugins(), open_store(results)
    loaded = load_results(store, registry)
    if paper:
        paths = write_for_paper(loaded, registry, store, out, width)
        print_json([str(path) for path in paths]) if as_json else echo("\n".join(map(str, paths)))
        return
    page = write_page(loaded, registry, store, out)
    if as_json:
        print_json({"page": str(page)})
    else:
        echo(page)
