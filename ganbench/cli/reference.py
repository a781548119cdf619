"""The reference of the command line: every command, argument and option, as Markdown."""

from collections.abc import Iterator
from inspect import cleandoc

import click

_INTRODUCTION = """\
# Command reference

Written by `ganbench --markdown` from what `--help` says. What commands do, and what comes of it:
[commands.md](commands.md).
"""


def markdown(main: click.Command) -> str:
    """Write the help of every command as one page."""
    return "\n".join([_INTRODUCTION, *_sections(main, "ganbench", None)])


def _sections(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    """Write a command, or the commands of a group."""
    context = click.Context(command, parent, info_name=name)
    if not isinstance(command, click.Group):
        yield _section(command, context)
        return
    for each in command.list_commands(context):
        found = command.get_command(context, each)
        if found and not found.hidden:
            yield from _sections(found, each, context)


def _section(command: click.Command, context: click.Context) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [
        f"## {context.command_path.removeprefix('ganbench ')}",
        "",
        f"`{usage}`",
        "",
        _escaped(cleandoc(command.help or "")),
        "",
    ]
    options = [each for each in command.params if isinstance(each, click.Option)]
    records = filter(None, (option.get_help_record(context) for option in options))
    rows = [f"| `{_cell(flags)}` | {_cell(_escaped(meaning))} |" for flags, meaning in records]
    return "\n".join([*lines, "| option | meaning |", "|---|---|", *rows, ""] if rows else lines)


def _escaped(text: str) -> str:
    """Keep what looks like an HTML tag as text."""
    return text.replace("<", "\\<")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
