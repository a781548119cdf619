"""The command doctor: is this installation fit to run?"""

import os

import click

from ganbench.cli.common import json_option, print_json, print_table
from ganbench.escaping import echo
from ganbench.naming import ROOT


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check the installation: versions, devices, plugins and whether results can be written.

    Exits with 3 if anything is amiss.
    """
    from ganbench import environment
    from ganbench.errors import GanbenchError
    from ganbench.plugins import load_plugins

    registry = load_plugins()
    facts = environment.describe(environment.find_device("auto"), registry)
    problems = [
        f"Plugin '{plugin.name}' of {plugin.owner} is disabled: {plugin.reason}"
        for plugin in registry.plugins
        if plugin.status != "loaded"
    ]
    for kind, entries in registry.entries.items():
        for name in entries:
            try:
                registry.find(kind, name)
            except GanbenchError as error:
                problems.append(str(error))
    home = next(path for path in (ROOT, *ROOT.resolve().parents) if path.exists())
    if not home.is_dir() or not os.access(home, os.W_OK):
        problems.append(f"'{home.resolve()}' cannot be written; give `run` another --results.")
    if as_json:
        print_json({"environment": facts, "problems": problems})
    else:
        rows = [(key, _text(value)) for key, value in facts.items()]
        print_table(("", ""), rows)
        for problem in problems:
            echo(f"Problem: {problem}")
        echo("Nothing is amiss." if not problems else "")
    if problems:
        ctx.exit(3)


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return str(value)
