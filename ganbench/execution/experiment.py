"""experiment.json: everything that was ever asked of a results folder, and how to ask again."""

import shlex
import sys
from typing import Any

from ganbench import environment
from ganbench.cells import digest
from ganbench.execution.tasks import Plan
from ganbench.plugins import Registry
from ganbench.store import Json, Store


def record_experiment(store: Store, plan: Plan, registry: Registry) -> None:
    """Add a plan to what the folder was asked for; cells and commands accumulate."""
    before: Json = store.experiment() if store.exists else {}
    cells: dict[str, Any] = dict(before.get("cells", {}))
    device = environment.device_class(plan.device)
    for planned in plan.cells:
        new = plan.record(planned)
        key = digest(planned.cell.identity(device))
        known = cells.get(key, {"runs": {}, "scores": {}})
        merged = {name: {**known[name], **new[name]} for name in ("runs", "scores")}
        cells[key] = {**new, **merged}
    commands = [*before.get("commands", []), command_line()]
    store.write_experiment(
        {
            "name": plan.grid.name,
            "grid": plan.grid.model_dump(),
            "commands": list(dict.fromkeys(commands)),
            "environment": environment.describe(plan.device, registry),
            "cells": cells,
        }
    )


def command_line() -> str:
    """Write the command that is running, as it can be pasted."""
    return shlex.join(["ganbench", *sys.argv[1:]])
