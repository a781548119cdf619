"""What a worker does with a task: train, score, publish. No failure passes silently."""

import dataclasses
import functools
import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from ganbench import environment
from ganbench.cells import Cell, digest, restore_cells
from ganbench.errors import StoreError
from ganbench.evaluation import Evaluator, build_metrics
from ganbench.execution.tasks import Task
from ganbench.grid import Evaluation
from ganbench.plugins import Built, Registry, load_plugins
from ganbench.store import Json, RunFiles, Store
from ganbench.training.checkpoint import Checkpoint
from ganbench.training.fitting import fit
from ganbench.training.loop import Progress, train

log = logging.getLogger(__name__)

Report = Callable[[Json], None]
"""Takes progress events; see `_event`."""

Point = tuple[int, int, str, float]
"""Of a learning curve: step, seed, quantity, value."""


def perform(task: Task, folder: Path, report: Report) -> list[Json]:
    """Do a task and publish what comes of it.

    Args:
        task: what to do.
        folder: the results folder.
        report: is told of progress.

    Returns:
        The records of the runs that were published.

    Raises:
        StoreError: if the results folder cannot be written.
    """
    environment.make_deterministic()
    job = {"train": _train, "score": _score, "floor": _floor}[task.kind]
    return job(task, Store(folder), report)


def _floor(task: Task, store: Store, report: Report) -> list[Json]:
    """Measure the real-vs-real scores of one metric on one dataset."""
    _, evaluator, metrics = _prepare(task)
    for metric in metrics:
        store.write_floor(evaluator.score_id(metric), evaluator.floor(metric))
    report({"title": task.title})
    return []


def _score(task: Task, store: Store, report: Report) -> list[Json]:
    """Add scores to runs that are already trained."""
    _, evaluator, metrics = _prepare(task)
    records = []
    for run_id in task.runs.values():
        before = store.scores(run_id)
        files = _scored(store.files(run_id), evaluator, metrics)
        if before is not None:
            added = [] if files.scores is None else [files.scores]
            kept = before[~before["metric"].isin([metric.label for metric in metrics])]
            scores = pd.concat([kept, *added], ignore_index=True)
            run = {**files.run, "eval_seconds": float(scores["seconds"].sum())}
            files = dataclasses.replace(files, run=run, scores=scores)
        store.publish(files)
        records.append(files.run)
        report({"title": task.title})
    return records


def _train(task: Task, store: Store, report: Report) -> list[Json]:
    """Train a block of seeds, score and publish each of them."""
    started = time.time()
    checkpoint = _checkpoint(task, store)
    try:
        cell, evaluator, metrics = _prepare(task)
        for progress in _progress(cell, task, checkpoint):
            if progress.step:
                progress.history += _running_scores(progress, evaluator, metrics)
            report(_event(task, progress))
        runs = _outcomes(task, progress, started)
        runs = [_scored(files, evaluator, metrics) for files in runs]
    except StoreError:
        raise
    except Exception as error:
        runs = [RunFiles(failure(task, seed, "failed", error), log=_trace()) for seed in task.runs]
    for files in runs:
        store.publish(files)
    if checkpoint is not None:
        checkpoint.discard()
    return [files.run for files in runs]


def _progress(cell: Cell, task: Task, checkpoint: Checkpoint | None) -> Iterator[Progress[Any]]:
    """Train the block, pausing now and then, or fit its baseline."""
    seeds = list(task.runs)
    if cell.is_baseline:
        yield fit(cell, seeds)
    else:
        yield from train(cell, seeds, torch.device(task.device), checkpoint)


def _checkpoint(task: Task, store: Store) -> Checkpoint | None:
    """Return where this very block saves its training, if it is to."""
    if task.checkpoint_every is None:
        return None
    key = digest(list(task.runs.items()))
    return Checkpoint(store.checkpoint(key), key, task.checkpoint_every)


def failure(task: Task, seed: int, status: str, reason: object) -> Json:
    """Make the record of a run that ended without scores."""
    text = f"{type(reason).__name__}: {reason}" if isinstance(reason, Exception) else str(reason)
    return {**record(task, seed), "status": status, "reason": text}


def record(task: Task, seed: int) -> Json:
    """Make the record of a run, before anything is known of how it went."""
    return {
        "run_id": task.runs[seed],
        "seed": seed,
        **task.cell,
        "device": environment.device_class(torch.device(task.device)),
        "status": "ok",
        "reason": "",
        "engine": "",
        "train_seconds": None,
        "eval_seconds": None,
    }


def _outcomes(task: Task, progress: Progress[Any], started: float) -> list[RunFiles]:
    """Collect what each seed has come to."""
    ensemble, engine = progress.ensemble, progress.engine
    samples = ensemble.generate(task.evaluation["samples"], "evaluation")
    outcomes = []
    for slot, (seed, run_id) in enumerate(task.runs.items()):
        if not torch.isfinite(samples[slot]).all():
            progress.diverged.setdefault(seed, progress.step)
        diverged = progress.diverged.get(seed)
        reason = "" if diverged is None else f"no longer finite (seen at step {diverged})"
        run = {
            **record(task, seed),
            "status": "ok" if diverged is None else "diverged",
            "reason": reason,
            "engine": engine.rung if engine else "",
            "engine_width": engine.width if engine else None,
            "engine_reason": engine.reason if engine else "",
            "steps": progress.step,
            "samples": task.evaluation["samples"],
            "train_seconds": progress.seconds / len(task.runs),
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started)),
            "environment": dict(_environment(task.device)),
        }
        points = [point for point in progress.history if point[1] == seed]
        history = pd.DataFrame(points, columns=["step", "seed", "quantity", "value"])
        line = f"{task.title}, seed {seed}, run {run_id}: {run['status']} {reason}".rstrip()
        if progress.resumed:
            line += f"\nWent on from a checkpoint at step {progress.resumed}."
        outcomes.append(
            RunFiles(
                run,
                history.drop(columns="seed"),
                samples[slot] if diverged is None else None,
                ensemble.generator(slot),
                log=f"{line}\n",
            )
        )
    return outcomes


def _scored(files: RunFiles, evaluator: Evaluator, metrics: list[Built]) -> RunFiles:
    """Score a run's samples; a score that fails is the reason, and is tried again next time."""
    if files.samples is None:
        return files
    started, text = time.perf_counter(), files.log
    fake = files.samples[: len(evaluator.real)]
    scores, problems = [evaluator.score(fake, [])], []
    for metric in metrics:
        try:
            scores.append(evaluator.score(fake, [metric]))
        except Exception as error:
            problems.append(f"{metric.label} failed: {type(error).__name__}: {error}")
            text += _trace()
    seconds = time.perf_counter() - started
    run = {**files.run, "eval_seconds": seconds, "reason": "; ".join(problems)}
    frame = pd.concat([part for part in scores if len(part)] or scores, ignore_index=True)
    return dataclasses.replace(files, run=run, scores=frame, log=text)


def _running_scores(
    progress: Progress[Any], evaluator: Evaluator, metrics: list[Built]
) -> list[Point]:
    """Score all healthy seeds in the cheap way at a pause; what fails is left out."""
    samples = progress.ensemble.generate(len(evaluator.real_running), "running")
    points: list[Point] = []
    for seed, fake in zip(progress.ensemble.seeds, samples, strict=True):
        if not torch.isfinite(fake).all():
            progress.diverged.setdefault(seed, progress.step)
        if seed in progress.diverged:
            continue
        try:
            values = evaluator.running(fake, metrics)
        except Exception:
            log.warning("A running score failed and is left out.", exc_info=True)
            continue
        points += [(progress.step, seed, name, value) for name, value in values.items()]
    return points


def _event(task: Task, progress: Progress[Any]) -> Json:
    """Tell where a block is: title, step, total, and the latest values of each run."""
    values: dict[str, dict[str, float]] = {run_id: {} for run_id in task.runs.values()}
    for _, seed, quantity, value in progress.history:
        values[task.runs[seed]][quantity] = value
    return {
        "title": task.title,
        "step": progress.step,
        "total": progress.ensemble.cell.recipe.steps,
        "values": values,
    }


def _trace() -> str:
    return traceback.format_exc()


@functools.cache
def _registry() -> Registry:
    return load_plugins()


@functools.cache
def _environment(device: str) -> Json:
    return environment.describe(torch.device(device), _registry())


def _prepare(task: Task) -> tuple[Cell, Evaluator, list[Built]]:
    """Build the cell, and the evaluator of its dataset, which this worker keeps."""
    (cell,) = restore_cells([task.cell], _registry())
    evaluator = _evaluator(cell.dataset.label, cell.fingerprint, json.dumps(task.evaluation))
    return cell, evaluator, build_metrics(task.metrics, _registry()) if task.metrics else []


@functools.lru_cache(maxsize=8)
def _evaluator(dataset: str, fingerprint: str, settings: str) -> Evaluator:
    from ganbench.components import parse_single

    built = _registry().build("dataset", parse_single(dataset))
    return Evaluator(built, fingerprint, Evaluation(**json.loads(settings)))
