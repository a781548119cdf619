"""The command run: train and score a grid, print the table, write the report."""

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ganbench.cli.common import plugin_option, print_json, print_table
from ganbench.cli.execution import (
    carry_out,
    conclude,
    finite,
    log_to_stderr,
    output_options,
    say,
    worker_options,
)

if TYPE_CHECKING:
    from ganbench.execution.driver import Summary
    from ganbench.execution.tasks import Plan
    from ganbench.grid import Grid
    from ganbench.plugins import Registry
    from ganbench.store import Store


class _Axes(NamedTuple):
    """What flags put in the place of a grid's own fields."""

    datasets: tuple[str, ...]
    architectures: tuple[str, ...]
    losses: tuple[str, ...]
    baselines: tuple[str, ...]
    priors: tuple[str, ...]
    metrics: tuple[str, ...]
    seeds: str | None
    trackers: tuple[str, ...]


@click.command()
@click.option("--grid", metavar="NAME|FILE.toml", help="A named grid, or a file of your own.")
@click.option(
    "-a",
    "--architecture",
    "architectures",
    multiple=True,
    metavar="EXPRESSION",
    help='Players: "name(param=value)" or "generator=A discriminator=B". Repeatable.',
)
@click.option(
    "-l",
    "--loss",
    "losses",
    multiple=True,
    metavar="EXPRESSION",
    help='Loss with regularizers: "loss+regularizer(param=value)". Repeatable.',
)
@click.option(
    "-b",
    "--baseline",
    "baselines",
    multiple=True,
    metavar="EXPRESSION",
    help="Law that is fitted without a game, to compare with, also without -a and -l. Repeatable.",
)
@click.option(
    "-d", "--dataset", "datasets", multiple=True, metavar="EXPRESSION", help="Dataset. Repeatable."
)
@click.option(
    "-p",
    "--prior",
    "priors",
    multiple=True,
    metavar="EXPRESSION",
    help='Noise: "name(param=value)". Repeatable.',
)
@click.option(
    "-m",
    "--metric",
    "metrics",
    multiple=True,
    metavar="EXPRESSION",
    help="Score. Repeatable; the default ones if left out.",
)
@click.option("--seeds", metavar="10|0-4|1,5,7", help="How many seeds, or which.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Recipe setting, such as generator_steps=500; wins over the grid. Repeatable.",
)
@click.option(
    "--evaluation",
    "scoring",
    multiple=True,
    metavar="KEY=VALUE",
    help="Setting of evaluation: samples, seed or floor_splits; wins over the grid. Repeatable.",
)
@click.option("--results", metavar="DIR", help="Results folder.  [default: results/<grid name>]")
@click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="auto|cpu|cuda[:N]|mps",
    help="Where to train.",
)
@plugin_option
@worker_options
@click.option(
    "--checkpoint-every",
    type=click.FloatRange(0),
    callback=finite,
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="Save training this often, to go on from there after a crash; 0 for never.",
)
@click.option("--retry-failed", is_flag=True, help="Run again what failed before.")
@click.option("--fresh", is_flag=True, help="Run again everything in the grid.")
@click.option(
    "-x",
    "--max-failures",
    type=click.IntRange(1),
    metavar="N",
    help="Save and stop after N failed runs.",
)
@output_options
@click.pass_context
def run(ctx: click.Context, /, **options: Any) -> None:
    """Train and score every cell of a grid, print the table and write the report.

    The grid comes from --grid, from flags (-l and -d, with -a for other players), or from a grid
    whose axes flags replace. What is stored already is not run again.
    """
    from ganbench.execution.request import Request
    from ganbench.plugins import load_for_use

    log_to_stderr(options["verbose"])
    registry = load_for_use()
    request = Request(
        _grid(options, registry),
        options["results"],
        options["device"],
        "all" if options["fresh"] else "failures" if options["retry_failed"] else "nothing",
        options["checkpoint_every"],
        idle_rules=any(options[name] for name in _Axes._fields[:5]),
    )
    if options["dry_run"]:
        _show_plan(request.dry(registry), options["as_json"])
        return
    plan, store = request.begin(registry, lambda text: say(options, text)), request.store
    summary = _execute(plan, store, registry, options)
    ctx.exit(conclude(plan, store, registry, options, summary))


def _grid(options: dict[str, Any], registry: "Registry") -> "Grid":
    """Load the grid and put the flags in."""
    from ganbench.errors import SpecError
    from ganbench.grid import FLAGS_GRID, load_grid, make_grid, parse_settings, replaced

    axes = _Axes(*(options[name] for name in _Axes._fields))
    if options["grid"] is None and not (axes.datasets and (axes.losses or axes.baselines)):
        names = ", ".join(registry.names("grid")) or "none"
        raise SpecError(
            "Say what to run: --grid NAME, or -d with -l and perhaps -a, or with -b. "
            f"Grids: {names}. `ganbench list` shows all components."
        )
    if options["grid"] is None and FLAGS_GRID not in registry.entries["grid"] and not axes.priors:
        names = ", ".join(registry.names("prior")) or "none"
        raise SpecError(f"Say from which noise with -p. Available: {names}.")
    base = options["grid"] or (FLAGS_GRID if FLAGS_GRID in registry.entries["grid"] else None)
    fields: dict[str, Any] = {"name": FLAGS_GRID}
    if base:
        fields = load_grid(base, registry).model_dump()
    if options["grid"] is None and not axes.losses:
        fields["architectures"] = []
    flags: dict[str, Any] = {name: list(value) for name, value in axes._asdict().items() if value}
    flags |= {"seeds": axes.seeds} if axes.seeds else {}
    scoring = parse_settings(options["scoring"], "--evaluation")
    flags |= {"evaluation": {**fields.get("evaluation", {}), **scoring}}
    settings = parse_settings(options["settings"])
    return make_grid(replaced({**fields, **flags}, settings), origin="The flags")


def _show_plan(plan: "Plan", as_json: bool) -> None:
    if as_json:
        rows = [{**plan.record(each), "status": dict(each.status)} for each in plan.cells]
        print_json(rows)
        return
    print_table(
        ("cell", "cached", "to run", "failed before", "incompatible"),
        [
            (
                each.cell.title,
                str(each.count("ok")),
                str(each.count("missing")),
                str(len(each.status) - each.count("ok", "missing", "incompatible")),
                each.cell.misfit or "",
            )
            for each in plan.cells
        ],
    )
    missing = sum(each.count("missing") for each in plan.cells)
    click.echo(f"{missing} runs to do in {len(plan.tasks)} tasks on {plan.device}.")


def _execute(
    plan: "Plan", store: "Store", registry: "Registry", options: dict[str, Any]
) -> "Summary":
    from ganbench.execution.driver import Summary

    if not plan.tasks:
        ok = sum(each.count("ok") for each in plan.cells)
        failed = len(plan.run_ids) - ok
        more = f", {failed} failed (--retry-failed runs them again)" if failed else ""
        what = f"All {ok} runs are cached" if not failed else f"Nothing to do: {ok} runs cached"
        say(options, f"{what}{more} in {store.folder}.")
        return Summary()
    if not plan.metrics:
        say(options, "No score is registered, so runs are trained and not scored.")
    cached = sum(each.count("ok") for each in plan.cells)
    say(
        options,
        f"{plan.name}: {len(plan.run_ids)} runs, {cached} cached; "
        f"{len(plan.tasks)} tasks on {plan.device}.",
    )
    return carry_out(plan, store, registry, options)
