"""The command that writes a plugin to start from."""

from pathlib import Path

import click

from ganbench.cli.common import json_option, print_json
from ganbench.escaping import echo

KINDS = ("loss", "regularizer", "architecture", "dataset", "prior", "metric", "tracker")


@click.command("new")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(KINDS), help="What it provides.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=".",
    metavar="DIR",
    help="Where to put its folder.  [default: here]",
)
@json_option
def new_plugin(name: str, kind: str, output: Path, as_json: bool) -> None:
    """Write the package NAME, a plugin with one component that works, to start from.

    The component has the name of the package. Nothing is overwritten.
    """
    from ganbench.plugins import load_plugins
    from ganbench.scaffold import Package, check_name

    check_name(name, kind, load_plugins())
    package = Package(name, kind, output / name)
    files = package.write()
    if as_json:
        print_json({"folder": package.folder, "plugin": package.source, "files": files})
        return
    echo(f"Written: {package.folder}, a package with the {kind} '{name}'.\n")
    echo(package.next_steps().rstrip("\n"))
