"""Running a grid from Python."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ganbench.escaping import echo
from ganbench.execution.driver import execute
from ganbench.execution.request import Request, Workers
from ganbench.execution.tasks import Redo
from ganbench.grid import FLAGS_GRID, Grid, load_grid, make_grid, replaced
from ganbench.library.notebook import showing
from ganbench.library.resultset import ResultSet
from ganbench.plugins import Registry, load_for_use, plugin_files


def run(
    grid: str | Path | Mapping[str, Any] | Grid | None = None,
    *,
    results: str | Path | None = None,
    plugins: Iterable[str | Path] = (),
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    redo: Redo = "nothing",
    checkpoint_every: float = 60.0,
    retries: int = 0,
    max_failures: int | None = None,
    workers: Workers | None = None,
    progress: bool = True,
    **axes: Any,
) -> ResultSet:
    """Train and score every cell of a grid; what is stored already is not run again.

    Args:
        grid: name of a grid, path of a TOML file, its fields, or a `Grid`; None for axes alone.
        results: the results folder, as of `load`; one that is not there yet is made at this path.
            By default `results/<name of the grid>`.
        plugins: Python files of plugins that are not installed.
        settings: of the recipe, such as {"generator_steps": 500}; they win over the grid.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        redo: "nothing", "failures" or "all": which finished runs to run again.
        checkpoint_every: seconds of training between two checkpoints, 0 for none.
        retries: how often a failed task is tried again.
        max_failures: save and stop after this many failed runs.
        workers: where and how tasks run; by default in one worker process for each core or GPU.
        progress: whether to show how it goes.
        **axes: fields of the grid that are replaced: datasets, architectures, losses, baselines,
            priors, metrics, trackers (lists of expressions), seeds, evaluation, name.

    Returns:
        What the results folder holds in the end. Runs that failed are rows in it.

    Raises:
        GanbenchError: if something in the grid makes no sense or cannot be had.
        KeyboardInterrupt: at the second interrupt; the first one saves and returns.
    """

    def tell(text: str) -> None:
        if progress:
            echo(text, err=True)

    with plugin_files(plugins):
        registry = load_for_use()
        request = Request(
            _grid(grid, axes, settings or {}, registry),
            results,
            device,
            redo,
            checkpoint_every,
            idle_rules=bool(axes),
        )
        plan, store = request.begin(registry, tell), request.store
        if plan.tasks:
            executor = (workers or Workers()).executor_for(plan)
            with showing(plan, quiet=not progress) as watcher:
                summary = execute(plan, store, registry, executor, watcher, retries, max_failures)
            for problem in summary.problems:
                tell(f"Problem: {problem}")
            if summary.interrupted:
                tell("Interrupted. The same call goes on from there.")
    return ResultSet(store, registry)


def _grid(
    given: str | Path | Mapping[str, Any] | Grid | None,
    axes: Mapping[str, Any],
    settings: Mapping[str, Any],
    registry: Registry,
) -> Grid:
    """Put a grid together from what is given, as flags do."""
    if isinstance(given, Grid):
        fields: Mapping[str, Any] = given.model_dump()
    elif isinstance(given, Mapping):
        fields = given
    else:
        fields = load_grid(str(given or FLAGS_GRID), registry).model_dump()
    return make_grid(replaced({**fields, **axes}, settings), origin="The grid")
