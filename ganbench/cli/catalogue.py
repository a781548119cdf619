"""Commands about what there is: list, info, grid show and those of plugins."""

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import click

from ganbench.cli.checking import check_plugin
from ganbench.cli.common import (
    find_run,
    json_option,
    open_store,
    plugin_option,
    print_json,
    print_table,
    results_argument,
)
from ganbench.cli.scaffolding import new_plugin
from ganbench.escaping import echo

if TYPE_CHECKING:
    from ganbench.catalogue import Described

_KINDS = (
    "architectures", "losses", "regularizers", "datasets", "priors", "baselines", "metrics",
    "trackers", "grids",
)  # fmt: skip


def _singular(kind: str) -> str:
    return kind.removesuffix("es" if kind == "losses" else "s")


@click.command("list")
@click.argument("kinds", nargs=-1, type=click.Choice(_KINDS))
@click.option("--markdown", is_flag=True, help="Write the whole catalogue as Markdown.")
@plugin_option
@json_option
def list_components(kinds: tuple[str, ...], markdown: bool, as_json: bool) -> None:
    """List components: name, summary, source and owner.

    KINDS restricts the list to some of architectures, losses, regularizers, datasets, priors,
    baselines, metrics, trackers and grids. `ganbench list datasets` tells kind, size and licence,
    too.
    """
    from ganbench import catalogue
    from ganbench.plugins import load_plugins

    registry = load_plugins()
    if markdown:
        echo(catalogue.markdown(registry).removesuffix("\n"))
        return
    rows = [
        {
            "kind": _singular(kind),
            "name": name,
            "summary": entry.summary,
            "data": entry.said("Kind"),
            "size": entry.said("Size"),
            "licence": entry.said("Licence"),
            "source": entry.source,
            "owner": entry.owner,
            "plugin": entry.plugin,
        }
        for kind in kinds or _KINDS
        for name in registry.names(_singular(kind))
        for entry in registry.entries[_singular(kind)][name]
    ]
    if as_json:
        print_json(rows)
        return
    header = ["kind", "name", "summary", "source", "owner"]
    if kinds == ("datasets",):
        header = ["name", "data", "size", "summary", "licence", "source"]
    print_table(header, [[row[column] for column in header] for row in rows])
    disabled = [plugin.name for plugin in registry.plugins if plugin.status != "loaded"]
    if disabled:
        names = ", ".join(disabled)
        echo(f"Disabled plugins: {names}. `ganbench plugin list` says why.", err=True)


@click.command()
@click.argument("name")
@plugin_option
@json_option
def info(name: str, as_json: bool) -> None:
    """Describe the component NAME: formula, parameters, what fits it, source and recipe."""
    from ganbench.catalogue import describe
    from ganbench.plugins import KINDS, load_for_use

    registry = load_for_use()
    found = [kind for kind in KINDS if name in registry.entries[kind]]
    if not found:
        names = [each for kind in KINDS for each in registry.names(kind)]
        raise registry.unknown("component", name, names)
    described = [describe(registry.find(kind, name), registry) for kind in found]
    if as_json:
        print_json([_record(each) for each in described])
        return
    for each in described:
        _print_described(each)


def _record(described: "Described") -> dict[str, object]:
    entry = described.entry
    return {
        "kind": entry.kind,
        "name": entry.name,
        "description": described.text,
        "source": entry.source,
        "parameters": [
            {
                "name": parameter.name,
                "accepts": parameter.accepts,
                "default": None if parameter.required else parameter.default,
                "required": parameter.required,
                "meaning": described.meanings.get(parameter.name, ""),
            }
            for parameter in entry.parameters
        ],
        "facts": dict(described.facts),
        "plugin": entry.plugin,
        "owner": entry.owner,
    }


def _print_described(described: "Described") -> None:
    entry = described.entry
    echo(f"{entry.kind} {entry.name}\n\n{described.text}\n")
    echo("Parameters:" if entry.parameters else "Parameters: none")
    for parameter in entry.parameters:
        echo(f"  {parameter}")
        if meaning := described.meanings.get(parameter.name):
            echo(fill(meaning, 95, initial_indent="      ", subsequent_indent="      "))
    echo()
    for name, fact in described.facts.items():
        echo(fill(f"{name.capitalize()}: {fact}.", 95, subsequent_indent="  "))
    if entry.source:
        echo(fill(f"Source: {entry.source}", 95, subsequent_indent="  "))
    echo(f"From the plugin '{entry.plugin}' of {entry.owner}.")


@click.group()
def grid() -> None:
    """Look at grids."""


@grid.command("show")
@click.argument("grid")
@plugin_option
@json_option
def show_grid(grid: str, as_json: bool) -> None:
    """Show the cells of GRID, a name or a TOML file, with their recipes."""
    from ganbench.cells import plan
    from ganbench.grid import load_grid
    from ganbench.plugins import load_for_use

    registry = load_for_use()
    loaded = load_grid(grid, registry)
    cells = plan(loaded, registry)
    if as_json:
        rows = [
            {**cell.labels, "recipe": cell.recipe.model_dump(), "incompatible": cell.misfit}
            for cell in cells
        ]
        print_json({"grid": loaded.model_dump(), "cells": rows})
        return
    print_table(
        ("cell", "steps", "critic steps", "batch", "rates G, D", ""),
        [
            (
                cell.title,
                str(cell.recipe.generator_steps),
                str(cell.recipe.critic_steps),
                str(cell.recipe.batch_size),
                f"{cell.recipe.generator_rate:g}, {cell.recipe.critic_rate:g}",
                f"incompatible: {cell.misfit}" if cell.misfit else "",
            )
            for cell in cells
        ],
    )
    fit = sum(cell.misfit is None for cell in cells)
    seeds = loaded.seed_list
    echo(f"{fit} cells x {len(seeds)} seeds = {fit * len(seeds)} runs.")


@click.group()
def plugin() -> None:
    """Look at plugins, and begin one."""


@plugin.command("list")
@plugin_option
@json_option
def list_plugins(as_json: bool) -> None:
    """List the installed plugins, what they provide, and why any is disabled."""
    from ganbench.plugins import load_plugins

    plugins = load_plugins().plugins
    if as_json:
        print_json([vars(plugin) for plugin in plugins])
        return
    print_table(
        ("plugin", "owner", "status", "provides, or why it is disabled"),
        [
            (plugin.name, plugin.owner, plugin.status, plugin.reason or ", ".join(plugin.provides))
            for plugin in plugins
        ],
    )


@plugin.command()
@results_argument
@click.option("--run", help="Only what this run used: its id or the beginning of it.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File, such as requirements.txt; stdout if left out.",
)
def freeze(results: str, run: str | None, out: Path | None) -> None:
    """Pin the plugins that RESULTS used, as requirements for pip.

    What pip cannot install is a comment: sources of the machine that made the results, and
    plugins in single files, with their sha256. Read what a stranger's results ask you to install.
    """
    from ganbench.errors import StoreError
    from ganbench.report.requirements import frozen

    store = open_store(results)
    lines = frozen(store, None if run is None else [find_run(run, results)[1]])
    if out is None:
        echo("\n".join(lines))
        return
    try:
        out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"Cannot write '{out}': {error.strerror or error}.") from None


plugin.add_command(check_plugin)
plugin.add_command(new_plugin)
