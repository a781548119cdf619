"""The command evaluate: add scores to stored runs."""

from typing import TYPE_CHECKING, Any

import click

from ganbench.cli.common import (
    open_store,
    plugin_option,
    print_json,
    print_table,
    results_argument,
)
from ganbench.cli.execution import (
    carry_out,
    conclude,
    log_to_stderr,
    output_options,
    say,
    worker_options,
)
from ganbench.escaping import echo

if TYPE_CHECKING:
    from ganbench.execution.tasks import Plan


@click.command()
@results_argument
@click.option(
    "-m",
    "--metric",
    "metrics",
    multiple=True,
    metavar="EXPRESSION",
    help="Score. Repeatable; if left out, those that were asked for before.",
)
@plugin_option
@worker_options
@output_options
@click.pass_context
def evaluate(ctx: click.Context, /, results: str, **options: Any) -> None:
    """Add scores to the stored runs of RESULTS, without training; print the table.

    Scores that are stored already are kept as they are. Runs that failed have no samples to
    score and are passed over.
    """
    from ganbench.execution.driver import Summary
    from ganbench.execution.experiment import record_scores
    from ganbench.execution.request import make_whole
    from ganbench.execution.scoring import misfits, plan_scores
    from ganbench.execution.trackers import build_trackers
    from ganbench.plugins import load_for_use

    log_to_stderr(options["verbose"])
    registry, store = load_for_use(), open_store(results)
    trackers = build_trackers(options["trackers"], registry)
    damaged = 0
    if not options["dry_run"]:
        store.create()
        remedy = "The `ganbench run` that made it makes it anew."
        damaged = make_whole(store, remedy, lambda text: say(options, text))
    plan, left_out = plan_scores(store, options["metrics"], registry)
    plan.trackers = trackers
    for sentence in [*left_out, *(misfits(plan) if options["metrics"] else [])]:
        say(options, f"Left out: {sentence}")
    if options["dry_run"]:
        _show_tasks(plan, options["as_json"])
        return
    record_scores(store, plan)
    summary = Summary()
    if plan.tasks:
        say(options, f"{plan.name}: {_amount(plan)}")
        summary = carry_out(plan, store, registry, options)
    else:
        say(options, f"All scores of {len(plan.run_ids)} runs are there in {store.folder}.")
    ctx.exit(conclude(plan, store, registry, options, summary) or int(bool(left_out or damaged)))


def _show_tasks(plan: "Plan", as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "kind": task.kind,
                    "title": task.title,
                    "runs": list(task.runs.values()),
                    "metrics": task.metrics,
                }
                for task in plan.tasks
            ]
        )
        return
    print_table(
        ("task", "runs", "scores"),
        [(task.title, str(len(task.runs) or ""), ", ".join(task.metrics)) for task in plan.tasks],
    )
    echo(_amount(plan))


def _amount(plan: "Plan") -> str:
    runs = {run_id for task in plan.tasks for run_id in task.runs.values()}
    floors = sum(task.kind == "floor" for task in plan.tasks)
    return f"{len(runs)} runs to score and {floors} floors to measure in {len(plan.tasks)} tasks."
