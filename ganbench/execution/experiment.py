"""experiment.json: everything that was ever asked of a results folder, and how to ask again."""

import shlex
import sys
from typing import Any

from ganbench import environment
from ganbench.execution.tasks import Plan
from ganbench.grid import Grid
from ganbench.plugins import Registry
from ganbench.store import Json, Store


def record_experiment(store: Store, plan: Plan, grid: Grid, registry: Registry) -> None:
    """Add a plan to what the folder was asked for; cells and commands accumulate."""
    with store.locked():
        _record(store, plan, grid, registry)


def _record(store: Store, plan: Plan, grid: Grid, registry: Registry) -> None:
    before: Json = store.experiment() if store.exists else {}
    cells: dict[str, Any] = dict(before.get("cells", {}))
    for planned in plan.cells:
        new = plan.record(planned)
        known = cells.get(planned.key, {"runs": {}, "scores": {}})
        merged = {name: {**known[name], **new[name]} for name in ("runs", "scores")}
        cells[planned.key] = {**new, **merged}
    store.write_experiment(
        {
            "name": grid.name,
            "grid": grid.model_dump(),
            "commands": _commands(before),
            "environment": environment.describe(plan.device, registry),
            "cells": cells,
        }
    )


def record_scores(store: Store, plan: Plan) -> None:
    """Add the scores of a plan to what its cells were asked for; nothing else changes."""
    with store.locked():
        before = store.experiment()
        cells: dict[str, Any] = dict(before["cells"])
        for planned in plan.cells:
            known = cells[planned.key]
            scores = {**known["scores"], **planned.score_ids(plan.metrics)}
            cells[planned.key] = {**known, "scores": scores}
        store.write_experiment({**before, "commands": _commands(before), "cells": cells})


def _commands(before: Json) -> list[str]:
    return list(dict.fromkeys([*before.get("commands", []), command_line()]))


def command_line() -> str:
    """Write the command that is running, as it can be pasted."""
    return shlex.join(["ganbench", *sys.argv[1:]])
