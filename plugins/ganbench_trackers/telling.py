"""What trackers tell of a run in the same words."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PARTS = ("dataset", "prior", "generator", "discriminator", "loss")
"""Of a cell."""
_BESIDE = {"value": "", "low": ".low", "high": ".high", "p_value": ".p_value"}
"""Part of a score -> what it adds to the name."""


def cell_title(run: Mapping[str, Any]) -> str:
    """Name the cell of a run; what is varied most often comes first."""
    players = dict.fromkeys((run["generator"], run["discriminator"]))
    return " · ".join([run["loss"], run["dataset"], *players, run["prior"]])


def settings(run: Mapping[str, Any]) -> dict[str, Any]:
    """List what decides the numbers of a run's cell: its parts, its recipe, the device."""
    parts = {part: run[part] for part in PARTS}
    recipe = {f"recipe.{name}": value for name, value in run["recipe"].items()}
    return {**parts, **recipe, "device": run["device"]}


def numbers(scores: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Name each score `score/metric/estimator`, its interval the same with `.low` and `.high`."""
    return {
        allowed(f"score/{score['metric']}/{score['estimator']}{ending}"): float(score[part])
        for score in scores
        for part, ending in _BESIDE.items()
        if score[part] is not None and not math.isnan(score[part])
    }


def is_score(name: str) -> bool:
    """Whether one of these names is that of a score, and not of what goes with it."""
    return name.startswith("score/") and not name.endswith((".low", ".high", ".p_value"))


def allowed(name: str) -> str:
    """Write a name in the letters that trackers take: `mmd(a=1)/x` is `mmd_a_1_/x`."""
    return re.sub(r"[^\w .:/-]", "_", name, flags=re.ASCII)


def curves(files: Path) -> list[tuple[int, str, float]]:
    """Read the learning curves of a run: step, quantity and value; none if it has none."""
    path = files / "history.parquet"
    if not path.is_file():
        return []
    import pandas as pd

    history = pd.read_parquet(path)
    columns = (history[name].tolist() for name in ("step", "quantity", "value"))
    return [(step, allowed(name), value) for step, name, value in zip(*columns, strict=True)]
