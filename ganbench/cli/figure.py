"""The command figure: write single figures of a results folder."""

from pathlib import Path

import click

from ganbench.cli.common import (
    json_option,
    open_store,
    plugin_option,
    print_json,
    results_argument,
)
from ganbench.escaping import echo


@click.command()
@results_argument
@click.option(
    "--kind", "kinds", multiple=True, help="Which; repeatable. All that fit if left out."
)
@click.option("-d", "--dataset", "datasets", multiple=True, help="Only these; repeatable.")
@click.option("--run", help="Only this run: its id, or the beginning of it.")
@click.option(
    "--format",
    type=click.Choice(["png", "svg", "pdf"]),
    default="png",
    show_default=True,
    help="Of the files; an animation is always a GIF.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder.  [default: RESULTS/figures]",
)
@plugin_option
@json_option
def figure(
    results: str,
    kinds: tuple[str, ...],
    datasets: tuple[str, ...],
    run: str | None,
    format: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Write figures of RESULTS into files, and print their paths.

    The kinds are described in docs/figures.md. A kind that does not fit says why on stderr; if
    that was asked for by name and nothing else was written, the exit code is 2.
    """
    from ganbench.errors import SpecError, StoreError
    from ganbench.naming import inside
    from ganbench.plugins import load_for_use
    from ganbench.report.figures.drawing import chosen_kinds, restricted, written
    from ganbench.results import load_results

    store = open_store(results)
    chosen = chosen_kinds(kinds)
    loaded = restricted(load_results(store, load_for_use()), datasets, run)
    folder = out or inside(store.folder, store.folder / "figures")
    outcomes = []
    try:
        for outcome in written(loaded, chosen, format, folder):
            outcomes.append(outcome)
            if not as_json and outcome.path is not None:
                echo(outcome.path)
            elif not as_json and kinds:
                echo(f"No {outcome.kind} of {outcome.of}: {outcome.caption}.", err=True)
    except OSError as error:
        raise StoreError(f"Cannot write below '{folder}': {error.strerror or error}.") from error
    if as_json:
        print_json([outcome.record for outcome in outcomes])
    if not any(outcome.path for outcome in outcomes):
        raise SpecError("No figure fits these results.")
