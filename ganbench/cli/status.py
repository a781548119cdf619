"""The command status: how far a results folder is, and who is at work."""

from typing import TYPE_CHECKING, Any

import click

from ganbench.cli.common import (
    json_option,
    open_store,
    print_json,
    print_table,
    results_argument,
    shown,
)
from ganbench.errors import SpecError
from ganbench.escaping import echo

if TYPE_CHECKING:
    import pandas as pd

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
@click.option("--watch", is_flag=True, help="Stay, and show what is being trained, with curves.")
@json_option
def status(results: str, attempts: bool, watch: bool, as_json: bool) -> None:
    """Show how many runs of each cell are ok, missing, failed and so on, and who is at work."""
    if watch:
        if attempts or as_json:
            other = "--attempts" if attempts else "--json"
            raise SpecError(f"--watch shows what changes and {other} what is; leave one out.")
        from ganbench.cli.watching import follow

        follow(open_store(results))
        return
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
    words = [name for name in _STATUSES if any(name in row for row in counts.values())]
    labels = ("dataset", "architecture", "loss", "prior")
    if as_json:
        rows = [{**dict(zip(labels, cell, strict=True)), **row} for cell, row in counts.items()]
        print_json(rows)
        return
    # Of many cells, those that ask for attention come first.
    many = len(counts) > _MOST_CELLS
    cells = sorted(counts, key=lambda cell: set(counts[cell]) == {"ok"}) if many else list(counts)
    print_table(
        [*labels, *words],
        [
            [*cell, *(str(counts[cell].get(name, 0)) for name in words)]
            for cell in cells[:_MOST_CELLS]
        ],
    )
    if many:
        echo(f"{len(counts) - _MOST_CELLS:,} more cells are left out; --json prints all.")
    totals = runs["status"].value_counts()
    echo(", ".join(f"{totals[name]} {name}" for name in words) + ".")
    for driver in Leases(store).others().values():
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
    print_table(header, [[shown(row[name]) for name in header] for row in rows], fold=False)
