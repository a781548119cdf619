"""What run and evaluate share: their options, carrying out a plan, telling what came of it."""

import logging
import math
from typing import TYPE_CHECKING, Any

import click

from ganbench.cli.common import Command, json_option, print_summary
from ganbench.escaping import echo, plain

if TYPE_CHECKING:
    from ganbench.execution.driver import Summary
    from ganbench.execution.tasks import Plan
    from ganbench.plugins import Registry
    from ganbench.store import Store


def finite(_ctx: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    """Refuse infinities and NaN."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not finite.")
    return value


_WORKERS = (
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(1, 1024),
        metavar="N",
        help="Worker processes.  [default: one for each core, or for each GPU]",
    ),
    click.option(
        "--executor",
        type=click.Choice(["local", "inline", "ray"]),
        default="local",
        show_default=True,
        help="Worker processes, this process (for debugging), or a Ray cluster.",
    ),
    click.option(
        "--address",
        metavar="auto|HOST:PORT",
        help="Ray cluster to join.  [default: a Ray of its own on this machine]",
    ),
    click.option(
        "--gpus-per-cell",
        type=click.FloatRange(0, 1, min_open=True),
        callback=finite,
        metavar="FRACTION",
        help="Part of a GPU for each task on Ray.  [default: 1 on a GPU]",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(0, min_open=True),
        callback=finite,
        metavar="SECONDS",
        help="Stop a task, such as a block of seeds, that takes longer.",
    ),
    click.option(
        "--memory",
        type=click.FloatRange(0, min_open=True),
        callback=finite,
        metavar="GIB",
        help="Stop a worker that uses more.  [default: what the machine has]",
    ),
    click.option(
        "--retries",
        type=click.IntRange(0, 100),
        metavar="N",
        default=0,
        show_default=True,
        help="Try a failed task again this often.",
    ),
    click.option(
        "--tracker",
        "trackers",
        multiple=True,
        metavar="EXPRESSION",
        help='Tell a tracker of every run: "name(param=value)". Repeatable.',
    ),
)
_OUTPUT = (
    click.option(
        "--report/--no-report",
        default=True,
        show_default=True,
        help="Write the HTML report at the end.",
    ),
    click.option("--dry-run", is_flag=True, help="Show what would be done."),
    json_option,
    click.option("-q", "--quiet", is_flag=True, help="No progress on stderr."),
    click.option("-v", "--verbose", is_flag=True, help="Log what goes on to stderr."),
)


def worker_options(command: Command) -> Command:
    """Add what says where and how tasks run, and who is told: -j, --tracker and more."""
    for option in reversed(_WORKERS):
        command = option(command)
    return command


def output_options(command: Command) -> Command:
    """Add --report, --dry-run, --json, -q and -v."""
    for option in reversed(_OUTPUT):
        command = option(command)
    return command


class _Sentences(logging.Formatter):
    """Writes a warning as people do: `Warning: …`, and other levels with their own word."""

    def format(self, record: logging.LogRecord) -> str:
        return plain(f"{record.levelname.capitalize()}: {super().format(record)}")


def log_to_stderr(verbose: bool) -> None:
    """Tell people of warnings, or of everything that goes on."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Sentences())
    level = logging.DEBUG if verbose else logging.WARNING
    logging.basicConfig(level=level, handlers=[handler])


def carry_out(
    plan: "Plan", store: "Store", registry: "Registry", options: dict[str, Any]
) -> "Summary":
    """Do the tasks of a plan under the eyes of whoever waits."""
    from ganbench.execution.driver import execute
    from ganbench.execution.request import Workers
    from ganbench.progress import watching

    names = ("executor", "jobs", "timeout", "memory", "address", "gpus_per_cell")
    executor = Workers(**{name: options[name] for name in names}).executor_for(plan)
    retries, most = options["retries"], options.get("max_failures")
    with watching(plan, options["quiet"]) as watcher:
        return execute(plan, store, registry, executor, watcher, retries, most)


def conclude(
    plan: "Plan",
    store: "Store",
    registry: "Registry",
    options: dict[str, Any],
    summary: "Summary",
) -> int:
    """Print the table, write the report and name what failed; return the exit code."""
    from ganbench.results import load_results

    results = load_results(store, registry)
    print_summary(results, "json" if options["as_json"] else "table")
    if options["report"]:
        from ganbench.report.placing import write_page

        say(options, f"Report: {write_page(results, registry, store, None)}")
    runs = results.frame[results.frame["run_id"].isin(plan.run_ids)].drop_duplicates("run_id")
    for run in runs[~runs["status"].isin(("ok", "missing", "interrupted"))].to_dict("records"):
        more = (
            "or the `ganbench run` that made it makes it anew"
            if run["status"] == "damaged"
            else f"`ganbench show {run['run_id']}` tells more"
        )
        say(
            options,
            f"{run['status']}: {run['dataset']} · {run['loss']} · seed {run['seed']}: "
            f"{run['reason']} ({more})",
        )
    for problem in summary.problems:
        say(options, f"Problem: {problem}")
    if summary.interrupted:
        say(options, "Interrupted. The same command goes on from there.")
        return 130
    if summary.enough:
        say(options, f"Stopped after {summary.failures} failed runs, as --max-failures says.")
    return 0 if (runs["status"] == "ok").all() and not summary.problems else 1


def say(options: dict[str, Any], text: str) -> None:
    """Tell people something on stderr."""
    if not options["quiet"]:
        echo(text, err=True)
