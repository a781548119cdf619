"""The command line. Nothing heavy is imported before a command runs."""

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ganbench.errors import GanbenchError, SpecError
from ganbench.escaping import plain

_STOPPED = "Stopped. What was published is kept."
_COMMANDS = {
    "run": "ganbench.cli.run:run",
    "evaluate": "ganbench.cli.evaluate:evaluate",
    "status": "ganbench.cli.status:status",
    "show": "ganbench.cli.results:show",
    "sample": "ganbench.cli.sample:sample",
    "table": "ganbench.cli.table:table",
    "cost": "ganbench.cli.cost:cost",
    "report": "ganbench.cli.results:report",
    "compare": "ganbench.cli.compare:compare",
    "figure": "ganbench.cli.figure:figure",
    "list": "ganbench.cli.catalogue:list_components",
    "info": "ganbench.cli.catalogue:info",
    "store": "ganbench.cli.store:store",
    "fetch": "ganbench.cli.fetch:fetch",
    "grid": "ganbench.cli.catalogue:grid",
    "plugin": "ganbench.cli.catalogue:plugin",
    "doctor": "ganbench.cli.doctor:doctor",
}


_LONGEST = 4000
"""Characters of a sentence; of a longer one, what it quotes in the middle is left out."""


class _Sentence(click.ClickException):
    """An expected error, shown as one sentence that steers no terminal."""

    def __init__(self, error: GanbenchError) -> None:
        sentence = plain(" ".join(str(error).split()))
        if len(sentence) > _LONGEST:
            sentence = f"{sentence[: _LONGEST // 2]} … {sentence[-_LONGEST // 2 :]}"
        super().__init__(sentence)
        vars(self)["exit_code"] = error.exit_code


@contextmanager
def _usage_as_sentence() -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        raise _Sentence(SpecError(error.format_message())) from None


class _Commands(click.Group):
    """Imports a command's module when the command is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order of their use."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for a misspelt one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from ganbench.components import unknown

            raise _Sentence(unknown("command", args[0], _COMMANDS)) from None

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Begin; somebody may have thought better of it already."""
        try:
            return super().make_context(*args, **extra)
        except KeyboardInterrupt:
            click.echo(_STOPPED, err=True)
            raise click.exceptions.Exit(130) from None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; turn a usage error into one sentence."""
        if any("\0" in argument for argument in args):
            raise _Sentence(SpecError("An argument holds a NUL character, which no path can."))
        with _usage_as_sentence():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; turn expected errors into one sentence and an exit code."""
        try:
            with _usage_as_sentence():
                return super().invoke(ctx)
        except GanbenchError as error:
            logging.getLogger(__name__).debug("Traceback of the error:", exc_info=True)
            raise _Sentence(error) from error
        except KeyboardInterrupt:
            click.echo(_STOPPED, err=True)
            ctx.exit(130)


def _write_reference(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked:
        from ganbench.cli.reference import markdown

        click.echo(markdown(ctx.command), nl=False)
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ganbench")
@click.option(
    "--markdown",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_write_reference,
    help="Write the reference of all commands as Markdown.",
)
def main() -> None:
    """Benchmark GANs: which one, with which loss, on which data, from which noise, how surely?

    `ganbench list grids` names the grids that are there to run. Exit codes: 0 all
    ok, 1 some runs failed, 2 usage or grid error, 3 plugin, device or resource not available,
    4 results folder damaged or not writable, 130 interrupted.
    """
