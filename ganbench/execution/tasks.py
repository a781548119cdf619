"""What there is to do: blocks of runs to train, runs to score, floors to measure."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch

from ganbench.cells import Cell, digest
from ganbench.environment import device_class
from ganbench.evaluation import Evaluator
from ganbench.grid import Grid
from ganbench.plugins import Built
from ganbench.store import FAILURES, Json, Store
from ganbench.store.index import Index, load_index

_SCORING_COST = 500
"""What scoring one run costs, in steps of a player."""

Redo = Literal["nothing", "failures", "all"]
"""Which finished runs to run again."""


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work for one worker; holds only plain data, so that it travels.

    Attributes:
        kind: "train" a block of seeds and score them, "score" stored samples, or measure the
            "floor" of one metric.
        title: for people.
        cell: component expressions and the recipe; for a floor only the dataset.
        runs: seed -> run id.
        metrics: expressions of the metrics to score.
        evaluation: settings of the evaluation.
        device: name of the torch device.
        checkpoint_every: seconds of training between two checkpoints, None for none.
        fresh: whether to begin anew where a checkpoint is.
        score_ids: of the metrics.
        tried: run id -> attempts that were known when this was planned, of runs that were tried.
    """

    kind: Literal["train", "score", "floor"]
    title: str
    cell: Json
    runs: Mapping[int, str]
    metrics: tuple[str, ...]
    evaluation: Json
    device: str
    checkpoint_every: float | None = None
    fresh: bool = False
    score_ids: tuple[str, ...] = ()
    tried: Mapping[str, int] = field(default_factory=dict)

    @property
    def leases(self) -> tuple[str, ...]:
        """What no two drivers may be at work on at once: its runs, or its floor."""
        return tuple(self.runs.values()) or self.score_ids

    @property
    def block(self) -> str:
        """Names this very block of seeds, of which there may be a checkpoint."""
        return digest(list(self.runs.items()))

    @property
    def cost(self) -> float:
        """Rough size in steps of a player, to judge how much is left."""
        if self.kind == "floor":
            return float(self.evaluation["floor_splits"] * _SCORING_COST / 4)
        recipe, scoring = self.cell["recipe"], _SCORING_COST * len(self.runs)
        training = recipe["generator_steps"] * (recipe["critic_steps"] + 1)
        return float(scoring + training if self.kind == "train" else scoring)


@dataclass(frozen=True, slots=True)
class Planned:
    """A cell with the ids of its runs and what the store already holds of them.

    Attributes:
        cell: what is trained.
        key: its name in experiment.json.
        evaluator: scores its runs, and those of other cells with its data.
        runs: seed -> run id.
        status: seed -> what the stored run means.
    """

    cell: Cell
    key: str
    evaluator: Evaluator
    runs: Mapping[int, str]
    status: Mapping[int, str]

    def score_ids(self, metrics: Sequence[Built]) -> Mapping[str, str]:
        """Return the current score id of each metric that fits, by label."""
        return self.evaluator.score_ids(metrics)

    def count(self, *statuses: str) -> int:
        """Number of seeds in one of these statuses."""
        return sum(status in statuses for status in self.status.values())


@dataclass
class Plan:
    """What is asked for against a store: what is there, and the tasks that remain."""

    name: str
    cells: list[Planned]
    metrics: list[Built]
    device: torch.device
    tasks: list[Task] = field(default_factory=list)
    checkpoint_every: float | None = None
    fresh: bool = False
    trackers: list[Built] = field(default_factory=list)

    def record(self, planned: Planned) -> Json:
        """What experiment.json keeps of a cell: how it is trained, which scores are current."""
        cell = planned.cell
        return {
            "labels": cell.labels,
            "recipe": cell.recipe.settings,
            "device": device_class(self.device),
            "origin": cell.origin,
            "misfit": cell.misfit,
            "warnings": cell.warnings,
            "runs": {str(seed): run_id for seed, run_id in planned.runs.items()},
            "evaluation": planned.evaluator.record,
            "scores": planned.score_ids(self.metrics),
        }

    @property
    def run_ids(self) -> set[str]:
        """Ids of all runs of compatible cells."""
        return {
            run_id
            for planned in self.cells
            if planned.cell.misfit is None
            for run_id in planned.runs.values()
        }


def make_plan(
    grid: Grid,
    cells: Sequence[Cell],
    metrics: list[Built],
    device: torch.device,
    store: Store,
    redo: Redo = "nothing",
    checkpoint_every: float | None = None,
) -> Plan:
    """Compare a grid with what is stored and list what remains to do."""
    index, seeds = load_index(store), grid.seed_list
    stored, kind = index.stored, device_class(device)
    evaluators = functools.cache(Evaluator)
    alike: dict[tuple[str, ...], Mapping[int, str]] = {}
    plan = Plan(grid.name, [], metrics, device, [], checkpoint_every, redo == "all")
    for cell in cells:
        identity = cell.identity(kind)
        runs = {seed: identity.run_id(seed) for seed in seeds}
        words = tuple(
            ["incompatible"] * len(runs)
            if cell.misfit
            else [_status(stored.get(run_id), grid, redo) for run_id in runs.values()]
        )
        status = alike.setdefault(words, dict(zip(seeds, words, strict=True)))
        evaluator = evaluators(cell.dataset, cell.fingerprint, grid.evaluation)
        plan.cells.append(Planned(cell, identity.key, evaluator, runs, status))
    plan.tasks = find_tasks(plan, store, index)
    return plan


def _status(run: Json | None, grid: Grid, redo: Redo) -> str:
    """Return what a run's status means for this grid; too few samples mean it is not there."""
    if run is None or redo == "all" or run["status"] == "interrupted":
        return "missing"
    if redo == "failures" and run["status"] in FAILURES:
        return "missing"
    if run["status"] == "ok" and run["samples"] < grid.evaluation.samples:
        return "missing"
    return str(run["status"])


def find_tasks(plan: Plan, store: Store, index: Index) -> list[Task]:
    """List what its cells lack, scores first and the largest first, as good for many workers."""
    return sorted(_tasks(plan, store, index), key=lambda task: (task.kind == "train", -task.cost))


def _tasks(plan: Plan, store: Store, index: Index) -> Iterator[Task]:
    floors: dict[str, Task] = {}
    known = {path.stem for path in store.floor_files()}
    labels = functools.cache(lambda evaluator: tuple(evaluator.score_ids(plan.metrics)))
    for planned in plan.cells:
        cell = planned.cell
        if cell.misfit:
            continue
        for label, floor_id in planned.score_ids(plan.metrics).items():
            if floor_id not in known and floor_id not in floors:
                title = f"floor of {label} on {cell.dataset.label}"
                floors[floor_id] = _task(plan, "floor", planned, {}, (label,), title)
        missing = [seed for seed, status in planned.status.items() if status == "missing"]
        for start in range(0, len(missing), cell.recipe.block):
            seeds = missing[start : start + cell.recipe.block]
            whole = len(seeds) == len(planned.runs)
            runs = planned.runs if whole else {seed: planned.runs[seed] for seed in seeds}
            part = f", seeds {seeds[0]} to {seeds[-1]}" if len(seeds) < len(missing) else ""
            title = f"{cell.title}{part}"
            fitting = labels(planned.evaluator)
            yield _task(plan, "train", planned, runs, fitting, title, index)
        yield from _score_tasks(plan, planned, index)
    yield from floors.values()


def _score_tasks(plan: Plan, planned: Planned, index: Index) -> Iterator[Task]:
    """Score trained runs that lack some of the metrics, without training them again."""
    lacking: dict[tuple[str, ...], dict[int, str]] = {}
    current = planned.score_ids(plan.metrics)
    for seed, run_id in planned.runs.items():
        if planned.status[seed] == "ok":
            have = index.score_ids.get(run_id, set())
            lack = tuple(label for label, score_id in current.items() if score_id not in have)
            if lack:
                lacking.setdefault(lack, {})[seed] = run_id
    for labels, runs in lacking.items():
        yield _task(plan, "score", planned, runs, labels)


def _task(
    plan: Plan,
    kind: Literal["train", "score", "floor"],
    planned: Planned,
    runs: Mapping[int, str],
    metrics: tuple[str, ...],
    title: str = "",
    index: Index | None = None,
) -> Task:
    cell, ids = planned.cell, planned.score_ids(plan.metrics)
    tried = index.tried(runs.values()) if index is not None else {}
    return Task(
        kind,
        title or cell.title,
        {**cell.labels, "recipe": cell.recipe.settings},
        runs,
        metrics,
        planned.evaluator.record,
        str(plan.device),
        plan.checkpoint_every,
        plan.fresh,
        tuple(ids[label] for label in metrics),
        tried,
    )
