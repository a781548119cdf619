"""Commands about what there is: list, info, grid show, plugin list."""

import click

from ganbench.cli.common import json_option, print_json, print_table

_KINDS = (
    "architectures", "losses", "regularizers", "datasets", "priors", "metrics", "grids",
)  # fmt: skip


def _singular(kind: str) -> str:
    return kind.removesuffix("es" if kind == "losses" else "s")


@click.command("list")
@click.argument("kinds", nargs=-1, type=click.Choice(_KINDS))
@json_option
def list_components(kinds: tuple[str, ...], as_json: bool) -> None:
    """List components: name, summary, source and owner.

    KINDS restricts the list to some of architectures, losses, regularizers, datasets, priors,
    metrics and grids.
    """
    from ganbench.plugins import load_plugins

    registry = load_plugins()
    rows = [
        {
            "kind": _singular(kind),
            "name": name,
            "summary": entry.summary,
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
    header = ("kind", "name", "summary", "source", "owner")
    print_table(header, [[row[column] for column in header] for row in rows])
    disabled = [plugin.name for plugin in registry.plugins if plugin.status != "loaded"]
    if disabled:
        names = ", ".join(disabled)
        click.echo(f"Disabled plugins: {names}. `ganbench plugin list` says why.", err=True)


@click.command()
@click.argument("name")
@json_option
def info(name: str, as_json: bool) -> None:
    """Describe the component NAME: meaning, parameters, source, recipe and owner."""
    from ganbench.components import unknown
    from ganbench.plugins import KINDS, load_plugins

    registry = load_plugins()
    found = [kind for kind in KINDS if name in registry.entries[kind]]
    if not found:
        names = [each for kind in KINDS for each in registry.names(kind)]
        raise unknown("component", name, names)
    described = []
    for kind in found:
        entry = registry.find(kind, name)
        parameters = [
            {
                "name": parameter.name,
                "accepts": parameter.accepts,
                "default": None if parameter.required else parameter.default,
                "required": parameter.required,
            }
            for parameter in entry.parameters
        ]
        described.append(
            {
                "kind": kind,
                "name": name,
                "description": entry.doc,
                "source": entry.source,
                "parameters": parameters,
                "plugin": entry.plugin,
                "owner": entry.owner,
            }
        )
    if as_json:
        print_json(described)
        return
    for each in described:
        click.echo(f"{each['kind']} {name}")
        click.echo(f"\n{each['description']}\n")
        accepted = "\n".join(
            f"  {parameter}" for parameter in registry.find(str(each["kind"]), name).parameters
        )
        click.echo(f"Parameters:\n{accepted or '  none'}\n")
        click.echo(f"From the plugin '{each['plugin']}' of {each['owner']}.")


@click.group()
def grid() -> None:
    """Look at grids."""


@grid.command("show")
@click.argument("grid")
@json_option
def show_grid(grid: str, as_json: bool) -> None:
    """Show the cells of GRID, a name or a TOML file, with their recipes."""
    from ganbench.cells import plan
    from ganbench.grid import load_grid
    from ganbench.plugins import load_plugins

    registry = load_plugins()
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
    click.echo(f"{fit} cells x {len(seeds)} seeds = {fit * len(seeds)} runs.")


@click.group()
def plugin() -> None:
    """Look at plugins."""


@plugin.command("list")
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
