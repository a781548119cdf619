"""The command compare: which variant won, by how much, and how sure that is."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganbench.cli.common import json_option, open_results, stdout_console
from ganbench.errors import SpecError
from ganbench.escaping import echo

if TYPE_CHECKING:
    from ganbench.comparison import Comparison
    from ganbench.report.formats import Format


@click.command()
@click.argument("results", nargs=-1, required=True)
@click.option(
    "--by",
    metavar="AXIS",
    help="What differs: loss, architecture, prior or dataset.  [default: the first that does]",
)
@click.option(
    "--baseline",
    metavar="NAME",
    help="The variant to compare with.  [default: the first of the grid]",
)
@click.option(
    "-m",
    "--metric",
    metavar="NAME",
    help="One score, such as mmd or 'jsd knn'.  [default: each that tables show]",
)
@click.option(
    "--format",
    type=click.Choice(["table", "csv", "md", "latex", "json", "html"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="With two RESULTS: exit with 1 if a cell differs, or has no seed in both.",
)
@json_option
def compare(
    results: tuple[str, ...],
    by: str | None,
    baseline: str | None,
    metric: str | None,
    format: "Format",
    exit_code: bool,
    as_json: bool,
) -> None:
    """Say who won, by how much and how surely, with the statistics behind it.

    One RESULTS compares the variants of one axis, paired by task and seed. Two compare the second
    with the first, cell by cell: does it behave alike, or differ? RESULTS may also be a table that
    `ganbench store export` wrote, or a folder below results/reference.
    """
    from ganbench.report.comparisons import render_comparison

    if exit_code and len(results) < 2:
        raise SpecError("--exit-code compares two result sets: name another one.")
    compared = _comparison(results, by, baseline, metric)
    rendered = render_comparison(compared, "json" if as_json else format)
    if isinstance(rendered, str):
        echo(rendered.rstrip("\n"))
    else:
        stdout_console().print(rendered)
    if exit_code and not _alike(compared):
        click.get_current_context().exit(1)


def _alike(compared: "Comparison") -> bool:
    """Whether two result sets have the same cells, each with a common seed, and none differs."""
    cells = compared.pairwise
    apart = cells["verdict"].isin(["better", "worse"]) | cells["pairs"].eq(0)
    return not compared.unmet and not apart.any()


def _comparison(
    folders: tuple[str, ...], by: str | None, baseline: str | None, metric: str | None
) -> "Comparison":
    from ganbench.comparison import compare as compare_variants
    from ganbench.comparison import compare_results

    if len(folders) > 2:
        raise SpecError(
            f"compare takes one results folder or two, not {len(folders)}; `ganbench store merge` "
            "joins several to one."
        )
    if len(folders) == 2 and (by or baseline):
        raise SpecError(
            "Two results folders are compared cell by cell: leave --by and --baseline out."
        )
    loaded = [open_results(folder) for folder in folders]
    if len(loaded) == 1:
        return compare_variants(loaded[0].frame, by, baseline, metric)
    first, second = (Path(folder).name for folder in folders)
    names = (first, second) if first != second else (folders[0], folders[1])
    return compare_results(loaded[0], loaded[1], metric, names)
