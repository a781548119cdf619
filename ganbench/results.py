"""A results folder, loaded for reading."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch

from ganbench.api import Dataset
from ganbench.components import parse_single
from ganbench.errors import SpecError
from ganbench.escaping import plain
from ganbench.plugins import Registry
from ganbench.restoring import restored
from ganbench.store import Json, Store
from ganbench.store.index import Index, load_index
from ganbench.training.sampling import Stored

COSTS = (
    "joules", "generator_parameters", "critic_parameters", "generator_passes", "critic_passes",
)  # fmt: skip
"""Of a run, beside its seconds; empty where nobody counted."""
MACHINE = ("torch", "hardware")
"""What trained a run: the build of torch, and the GPU or CPU; empty where nobody said."""
_SCORE = [
    "metric", "estimator", "value", "low", "high", "p_value", "n_real", "n_fake", "better",
    "headline",
]  # fmt: skip


def _unstored(run_id: str) -> Stored:
    raise SpecError(f"The players of the run {run_id} are not in these results.")


@dataclass(frozen=True, eq=False)
class Results:
    """Everything that a results folder holds, loaded for reading; equal only to itself.

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
        damaged: run id -> what is wrong with its files; such a run counts as not there.
        stored: run id -> its players; raises `GanbenchError` where they cannot be rebuilt.
    """

    name: str
    experiment: Mapping[str, Any]
    frame: pd.DataFrame
    history: Callable[[str], pd.DataFrame]
    samples: Callable[[str], torch.Tensor]
    dataset: Callable[[str], Dataset]
    reason: Callable[[str], str]
    damaged: Mapping[str, str] = field(default_factory=dict)
    stored: Callable[[str], Stored] = _unstored


def load_results(store: Store, registry: Registry) -> Results:
    """Load everything that a results folder holds.

    Raises:
        StoreError: if it holds nothing, or something that cannot be read.
    """
    experiment, index = store.experiment(), load_index(store)
    cells = _distinct(list(experiment["cells"].values()))
    planned = _planned(cells, index)
    return Results(
        experiment["name"],
        experiment,
        _with_scores(planned, cells, index, _floors(store)),
        lambda run_id: _required(store.history(run_id)),
        store.samples,
        lambda label: registry.build("dataset", parse_single(label)).value.judged,
        store.log,
        index.damaged,
        functools.partial(restored, store, registry),
    )


def _distinct(cells: list[Json]) -> list[Json]:
    """Tell cells with the same components apart: name beside the loss what else differs."""
    alike: dict[tuple[str, ...], list[Json]] = {}
    for cell in cells:
        alike.setdefault(tuple(cell["labels"].values()), []).append(_settings(cell))
    varying = {labels: _varying(same) for labels, same in alike.items()}
    named, shown = [], functools.cache(plain)
    for cell in cells:
        names = varying[tuple(cell["labels"].values())]
        settings = _settings(cell) if names else {}
        differing = [f"{name}={settings[name]}" for name in names]
        suffix = f" [{', '.join(differing)}]" if differing else ""
        labels = {**cell["labels"], "loss": cell["labels"]["loss"] + suffix}
        named.append({**cell, "labels": {part: shown(label) for part, label in labels.items()}})
    return named


def _varying(settings: list[Json]) -> list[str]:
    """Name the settings that are not the same for all."""
    first, *others = settings
    return [name for name, value in first.items() if any(each[name] != value for each in others)]


def _settings(cell: Json) -> dict[str, Any]:
    return {**cell["recipe"], "device": cell["device"], "origin": cell["origin"]}


def _required(frame: pd.DataFrame | None) -> pd.DataFrame:
    return pd.DataFrame(columns=["step", "quantity", "value"]) if frame is None else frame


def _planned(cells: list[Json], index: Index) -> pd.DataFrame:
    """Describe every planned run by the columns that do not depend on scores."""
    rows = [
        (run_id, *cell["labels"].values(), int(seed), *_absent(cell, run_id, index), place)
        for place, cell in enumerate(cells)
        for seed, run_id in cell["runs"].items()
    ]
    labels = list(cells[0]["labels"]) if cells else []
    absent = ["status", "reason", "generator_steps", "block"]
    frame = pd.DataFrame(rows, columns=["run_id", *labels, "seed", *absent, "cell"])
    known = index.runs.reindex(frame["run_id"])
    there = known["status"].notna().to_numpy()
    for name in ("status", "reason"):
        frame[name] = known[name].where(there, frame[name].to_numpy()).to_numpy()
    steps = known["steps"].to_numpy(dtype=float, na_value=np.nan)
    planned = frame["generator_steps"].to_numpy(dtype=float)
    frame["generator_steps"] = np.where(np.isnan(steps), planned, steps).astype(int)
    for name in ("train_seconds", "eval_seconds", *COSTS):
        frame[name] = known[name].to_numpy()
    for name in ("device", "engine", *MACHINE):
        frame[name] = known[name].where(known[name].notna(), "").to_numpy()
    for name in ("reason", "device", "engine", *MACHINE):  # also from folders of others
        frame[name] = frame[name].map({text: plain(str(text)) for text in frame[name].unique()})
    frame["attempts"] = known["attempts"].fillna(0).to_numpy().astype(int)
    return frame


def _absent(cell: Json, run_id: str, index: Index) -> tuple[str, str, int, int]:
    """Say what is known of a run that is not there."""
    recipe = cell["recipe"]
    if cell["misfit"] is not None:
        status, reason = "incompatible", str(cell["misfit"])
    elif run_id in index.damaged:
        status, reason = "damaged", index.damaged[run_id]
    else:
        status, reason = "missing", ""
    return status, reason, recipe["generator_steps"], recipe["block"]


def _with_scores(
    planned: pd.DataFrame, cells: list[Json], index: Index, floors: pd.DataFrame
) -> pd.DataFrame:
    """Add to every planned run its scores that were made in the way that was asked for last."""
    asked = pd.DataFrame(
        [
            (place, score_id)
            for place, cell in enumerate(cells)
            for score_id in cell["scores"].values()
        ],
        columns=["cell", "score_id"],
    )
    wanted = planned.loc[planned["status"].eq("ok"), ["run_id", "cell"]].merge(asked, on="cell")
    scores = wanted.merge(index.scores, on=["run_id", "score_id"])
    scores = scores.drop_duplicates(["run_id", "cell", "score_id", "estimator"])
    scores = scores.merge(floors, on=["score_id", "estimator"], how="left")
    kept = ["run_id", "cell", *_SCORE, "floor", "floor_p95"]
    frame = planned.merge(scores[kept], on=["run_id", "cell"], how="left")
    for name in (*_SCORE, "floor", "floor_p95"):
        if frame[name].dtype == object:
            frame[name] = frame[name].where(frame[name].notna(), None)
    return frame.drop(columns="cell")


def _floors(store: Store) -> pd.DataFrame:
    rows = [
        (floor_id, estimator, floor["mean"], floor["p95"])
        for floor_id, record in store.floors().items()
        for estimator, floor in record["floors"].items()
    ]
    return pd.DataFrame(rows, columns=["score_id", "estimator", "floor", "floor_p95"])
