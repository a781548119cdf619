"""The plan that adds scores to stored runs: what they lack, and nothing to train."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ganbench.cells import Cell, restore_cells
from ganbench.errors import SpecError
from ganbench.evaluation import Evaluator, build_metrics
from ganbench.execution.tasks import Plan, Planned, find_tasks
from ganbench.grid import Evaluation
from ganbench.plugins import Registry
from ganbench.store import Json, Store
from ganbench.store.index import load_index


def plan_scores(
    store: Store, expressions: Sequence[str], registry: Registry
) -> tuple[Plan, list[str]]:
    """Compare the stored runs of a folder with the metrics that they should have.

    Args:
        store: the results folder.
        expressions: of the metrics; none for those that the folder was asked for before, or the
            default ones where it was asked for none.
        registry: where components come from.

    Returns:
        The plan, whose cells hold only runs that can be scored, and a sentence for each cell of
        which stored runs are left out.

    Raises:
        SpecError: if a component is not there, no run can be scored or no metric fits.
    """
    experiment, index = store.experiment(), load_index(store)
    stored = index.stored
    metrics = build_metrics(expressions or _asked(experiment), registry)
    plan, left_out = Plan(experiment["name"], [], metrics, torch.device("cpu")), []
    evaluators = functools.cache(Evaluator)
    trained = {
        key: record for key, record in experiment["cells"].items() if _ok_runs(record, stored)
    }
    labels = [{**record["labels"], "recipe": record["recipe"]} for record in trained.values()]
    for (key, record), cell in zip(trained.items(), restore_cells(labels, registry), strict=True):
        settings = record.get("evaluation") or experiment["grid"]["evaluation"]
        evaluator = evaluators(cell.dataset, cell.fingerprint, Evaluation(**settings))
        planned, reason = _planned(cell, key, evaluator, record, stored)
        if planned.runs:
            plan.cells.append(planned)
        if reason:
            left_out.append(f"{cell.title}: {reason}")
    if not plan.cells:
        reasons = " ".join(left_out) or "none is stored that is ok."
        raise SpecError(f"'{store.folder}' has no run that can be scored: {reasons}")
    _refuse_unfit(plan)
    plan.tasks = find_tasks(plan, store, index)
    return plan, left_out


def misfits(plan: Plan) -> list[str]:
    """Say which metrics do not fit which datasets, a sentence each."""
    sentences = {
        f"{label} does not fit {planned.cell.dataset.label}: {reason}": None
        for planned in plan.cells
        for label, reason in planned.evaluator.misfits(plan.metrics).items()
    }
    return list(sentences)


def _asked(experiment: Json) -> list[str]:
    labels = (label for cell in experiment["cells"].values() for label in cell["scores"])
    return list(dict.fromkeys(labels))


def _ok_runs(record: Json, stored: Mapping[str, Json]) -> dict[int, str]:
    return {
        int(seed): run_id
        for seed, run_id in record["runs"].items()
        if run_id in stored and stored[run_id]["status"] == "ok"
    }


def _planned(
    cell: Cell, key: str, evaluator: Evaluator, record: Json, stored: Mapping[str, Any]
) -> tuple[Planned, str]:
    """Return a cell with the runs that can be scored, and why others cannot."""
    runs, reason, samples = _ok_runs(record, stored), "", evaluator.settings.samples
    if not cell.shares_data(record["origin"]):
        runs, reason = {}, "its data have changed since it was trained."
    large = {seed: run_id for seed, run_id in runs.items() if stored[run_id]["samples"] >= samples}
    if len(large) < len(runs):
        reason = (
            f"{len(runs) - len(large)} runs hold fewer than {samples} samples; "
            "`ganbench run` trains them again."
        )
    return Planned(cell, key, evaluator, large, dict.fromkeys(large, "ok")), reason


def _refuse_unfit(plan: Plan) -> None:
    if plan.metrics and not any(each.score_ids(plan.metrics) for each in plan.cells):
        raise SpecError(" ".join(misfits(plan)))
