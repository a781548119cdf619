"""Commands that keep results folders: store verify, merge, gc, export."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganbench.cli.common import (
    find_run,
    json_option,
    open_store,
    plugin_option,
    print_json,
    results_argument,
)
from ganbench.errors import SpecError
from ganbench.escaping import echo

if TYPE_CHECKING:
    from ganbench.store import Store


@click.group()
def store() -> None:
    """Keep results folders: check, merge, clean and export them."""


@store.command()
@results_argument
@click.option("--quarantine", is_flag=True, help="Move what is damaged out of the way.")
@json_option
@click.pass_context
def verify(ctx: click.Context, results: str, quarantine: bool, as_json: bool) -> None:
    """Read every stored file and check its size, sha256 and schema; exit 4 if one is damaged.

    What is moved to RESULTS/quarantine is made anew by the command that made it.
    """
    from ganbench.store import Store
    from ganbench.store.upkeep import put_away
    from ganbench.store.upkeep import verify as find_faults

    folder = open_store(results).folder
    found = Store(folder)
    faults = list(find_faults(found))
    chosen = faults if quarantine else []
    away = {fault.path: put_away(found, fault) for fault in chosen}
    moved = {path: str(place) for path, place in away.items() if place is not None}
    if as_json:
        print_json(
            [
                {"path": str(path), "reason": reason, "moved": moved.get(path)}
                for path, reason in ((fault.path, fault.reason) for fault in faults)
            ]
        )
    else:
        for fault in faults:
            where = f" Moved to '{moved[fault.path]}'." if fault.path in moved else ""
            echo(f"Damaged: {fault}.{where}")
        remedy = "" if quarantine or not faults else " --quarantine moves them out of the way."
        echo(f"{len(found.ids())} runs, {len(faults)} damaged.{remedy}")
    ctx.exit(4 if faults and not quarantine else 0)


@store.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.argument("sources", nargs=-1, required=True)
def merge(target: Path, sources: tuple[str, ...]) -> None:
    """Add the runs of SOURCES to the results folder TARGET, which is made if it is not there.

    SOURCES are results folders, or bundles that `store export` wrote. Every file is checked. What
    TARGET has and is ok stays; sources are only read.
    """
    from ganbench.store import Store
    from ganbench.store.bundle import unpacked
    from ganbench.store.leases import Leases
    from ganbench.store.upkeep import merge as add

    with ExitStack() as stack:
        opened = [
            stack.enter_context(unpacked(Path(source)))
            if os.path.isfile(source)
            else open_store(source)
            for source in sources
        ]
        into = Store(target)
        into.create()
        stack.enter_context(Leases(into).held())
        for source, each in zip(sources, opened, strict=True):
            merged = add(into, each)
            for note in merged.notes:
                echo(note, err=True)
            echo(f"{source}: {merged.added} runs added, {merged.known} known before.")


@store.command()
@results_argument
@click.option("--unasked", is_flag=True, help="Also runs that no recorded command asks for.")
@click.option("--quarantined", is_flag=True, help="Also what was found damaged.")
@click.option("--dry-run", is_flag=True, help="Only list it.")
@json_option
def gc(results: str, unasked: bool, quarantined: bool, dry_run: bool, as_json: bool) -> None:
    """Remove what nobody needs: drafts of killed commands, checkpoints of runs that are done."""
    from ganbench.store.upkeep import litter, sweep

    found_in = open_store(results)
    found_in.create()  # what a crash has left aside is put back first
    found = list(litter(found_in, unasked, quarantined))
    if not dry_run:
        sweep(found_in, found)
    if as_json:
        print_json(
            [{"path": str(each.path), "reason": each.reason, "bytes": each.size} for each in found]
        )
        return
    for each in found:
        echo(f"{each.size:>12,} bytes  {each.path}: {each.reason}")
    total = sum(each.size for each in found)
    echo(f"{len(found)} things, {total:,} bytes{' would be' if dry_run else ''} removed.")


@store.command()
@results_argument
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File.  [default: RESULTS.parquet, or RUN.pt2 with --generator]",
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all results to this archive instead, such as mine.tar.gz, for store merge.",
)
@click.option(
    "--without",
    type=click.Choice(("generators", "critics")),
    multiple=True,
    help="With --bundle: leave these networks out. Repeatable.",
)
@click.option(
    "--generator",
    metavar="RUN",
    help="Write the generator of this run instead, for torch without ganbench.",
)
@plugin_option
def export(
    results: str,
    out: Path | None,
    bundle: Path | None,
    without: tuple[str, ...],
    generator: str | None,
) -> None:
    """Write everything tidy, one row for each run and score, to one parquet file.

    Its metadata hold the grid, the commands and the environment as JSON, under "ganbench".
    --bundle writes the results themselves to an archive with checksums, --generator a program for
    torch.export.load, and beside it a JSON file that tells its noise and what its samples mean.
    """
    if bundle and (out or generator):
        raise SpecError("--bundle names its file itself: leave --out and --generator out.")
    if without and not bundle:
        raise SpecError("--without is for --bundle: the table holds no networks anyway.")
    if bundle:
        _export_bundle(open_store(results), bundle, without)
    elif generator:
        _export_generator(*find_run(generator, results), out)
    else:
        _export_table(open_store(results), out)


def _export_bundle(found: "Store", path: Path, without: tuple[str, ...]) -> None:
    from ganbench.store.bundle import pack

    count = pack(found, path, [name.removesuffix("s") for name in without])
    echo(f"{count} runs: {path}", err=True)


def _export_generator(found: "Store", run_id: str, out: Path | None) -> None:
    from ganbench.plugins import load_for_use
    from ganbench.report.programs import write_generator
    from ganbench.restoring import restored

    path = out or Path(f"{run_id}.pt2")
    stored = restored(found, load_for_use(), run_id)
    told = write_generator(stored, run_id, path)
    echo(f"{stored.cell.title}, seed {stored.seed}: {path}, {told}", err=True)


def _export_table(found: "Store", out: Path | None) -> None:
    from ganbench.errors import StoreError
    from ganbench.plugins import load_for_use
    from ganbench.report.tidyfile import write_tidy
    from ganbench.results import load_results

    path = out or Path(f"{found.folder.name}.parquet")
    loaded = load_results(found, load_for_use())
    try:
        rows = write_tidy(loaded, path)
    except OSError as error:
        raise StoreError(f"Cannot write '{path}': {error.strerror or error}.") from None
    echo(f"{rows} rows: {path}", err=True)
