"""A results folder, loaded for reading."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch

from ganbench.api import Dataset
from ganbench.components import parse_single
from ganbench.escaping import plain
from ganbench.plugins import Registry
from ganbench.store import Json, Store

_NO_SCORE = {
    "metric": None, "estimator": None, "value": None, "low": None, "high": None, "p_value": None,
    "n_real": None, "n_fake": None, "better": None, "headline": None,
}  # fmt: skip


@dataclass(frozen=True)
class Results:
    """Everything that a results folder holds, loaded for reading.

    Attributes:
        name: of the grid.
        experiment: "grid" (resolved), "commands" (list of str), "environment" (nested str).
        frame: tidy, one row per run and score and one with empty metric for a run without
            scores: the columns of `ganbench.report.tables.TIDY_COLUMNS`, `better` ("lower",
            "higher" or "neither") and `headline` (whether tables show this estimator).
        history: run id -> long frame with the columns step, quantity and value.
        samples: run id -> stored, projected samples (n, *shape).
        dataset: label -> the dataset in whose rows samples are stored; raises `GanbenchError`
            where its plugin is not installed.
        reason: run id -> why the run failed, in full.
    """

    name: str
    experiment: Mapping[str, Any]
    frame: pd.DataFrame
    history: Callable[[str], pd.DataFrame]
    samples: Callable[[str], torch.Tensor]
    dataset: Callable[[str], Dataset]
    reason: Callable[[str], str]


def load_results(store: Store, registry: Registry) -> Results:
    """Load everything that a results folder holds.

    Raises:
        StoreError: if it holds nothing, or something that cannot be read.
    """
    experiment = store.experiment()
    stored = store.runs()
    floors = store.floors()
    rows: list[dict[str, Any]] = []
    for cell in _distinct(list(experiment["cells"].values())):
        for seed, run_id in cell["runs"].items():
            run = _run(cell, int(seed), run_id, stored.get(run_id))
            scores = store.scores(run_id) if run["status"] == "ok" else None
            rows += _rows(run, _current(scores, cell["scores"]), floors)
    return Results(
        experiment["name"],
        experiment,
        pd.DataFrame(rows),
        lambda run_id: _required(store.history(run_id)),
        store.samples,
        lambda label: registry.build("dataset", parse_single(label)).value.judged,
        store.log,
    )


def _distinct(cells: list[Json]) -> list[Json]:
    """Tell cells with the same components apart: name beside the loss what else differs."""
    alike: dict[tuple[str, ...], list[Json]] = {}
    for cell in cells:
        alike.setdefault(tuple(cell["labels"].values()), []).append(cell)
    named = []
    for cell in cells:
        rivals = [_settings(each) for each in alike[tuple(cell["labels"].values())]]
        differing = [
            f"{name}={value}"
            for name, value in _settings(cell).items()
            if any(rival[name] != value for rival in rivals)
        ]
        suffix = f" [{', '.join(differing)}]" if differing else ""
        labels = {**cell["labels"], "loss": cell["labels"]["loss"] + suffix}
        named.append({**cell, "labels": {part: plain(label) for part, label in labels.items()}})
    return named


def _settings(cell: Json) -> dict[str, Any]:
    return {**cell["recipe"], "device": cell["device"], "origin": cell["origin"]}


def _current(scores: pd.DataFrame | None, score_ids: Json) -> pd.DataFrame | None:
    """Keep the scores that were made in the way that was asked for last."""
    if scores is None or scores.empty:
        return None
    return scores[scores["score_id"] == scores["metric"].map(score_ids)]


def _required(frame: pd.DataFrame | None) -> pd.DataFrame:
    return pd.DataFrame(columns=["step", "quantity", "value"]) if frame is None else frame


def _run(cell: Json, seed: int, run_id: str, run: Json | None) -> dict[str, Any]:
    """Describe one planned run by the columns that do not depend on scores."""
    status, reason = (
        ("missing", "") if cell["misfit"] is None else ("incompatible", cell["misfit"])
    )
    found = run or {}
    return {
        "run_id": run_id,
        **cell["labels"],
        "seed": seed,
        "status": found.get("status", status),
        "reason": plain(str(found.get("reason", reason))),
        "generator_steps": found.get("steps", cell["recipe"]["generator_steps"]),
        "train_seconds": found.get("train_seconds"),
        "eval_seconds": found.get("eval_seconds"),
        "device": plain(str(found.get("device", ""))),
        "engine": plain(str(found.get("engine", ""))),
        "block": cell["recipe"]["block"],
    }


def _rows(
    run: dict[str, Any], scores: pd.DataFrame | None, floors: dict[str, Json]
) -> list[dict[str, Any]]:
    if scores is None or scores.empty:
        return [{**run, **_NO_SCORE, "floor": None, "floor_p95": None}]
    rows = []
    for score in scores.to_dict("records"):
        known = floors.get(score["score_id"], {}).get("floors", {})
        floor = known.get(score["estimator"], {"mean": None, "p95": None})
        kept = {name: score[name] for name in _NO_SCORE}
        rows.append({**run, **kept, "floor": floor["mean"], "floor_p95": floor["p95"]})
    return rows
