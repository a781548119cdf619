"""What a worker does with a task: train, score, publish. No failure passes silently."""

import dataclasses
import functools
import gc
import json
import logging
import os
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import torch

from ganbench import environment, isolation
from ganbench.cells import Cell, restore_cells
from ganbench.errors import Interrupted, InvalidOutputError, StoreError
from ganbench.escaping import said
from ganbench.evaluation import Evaluator, build_metrics
from ganbench.execution.tasks import Task
from ganbench.grid import Evaluation
from ganbench.plugins import Built, Named, Registry, load_plugins, named_plugins
from ganbench.store import Json, RunFiles, Store
from ganbench.training.checkpoint import Checkpoint
from ganbench.training.fitting import fit
from ganbench.training.loop import Progress, train
from ganbench.training.trial import check_data, check_samples

log = logging.getLogger(__name__)

Report = Callable[[Json], None]
"""Takes progress events; see `_event`."""

Stopping = Callable[[], bool]
"""Tells whether to save and stop; asked often."""

Point = tuple[int, int, str, float]
"""Of a learning curve: step, seed, quantity, value."""

_SIZES = ("generator_parameters", "critic_parameters", "generator_passes", "critic_passes")
_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "bad_alloc")


def perform(
    task: Task,
    store: Store,
    report: Report,
    stopping: Stopping = lambda: False,
    printed: Callable[[], str] = lambda: "",
) -> list[Json]:
    """Do a task and publish what comes of it.

    Args:
        task: what to do.
        store: the results folder.
        report: is told of progress.
        stopping: whether to save and stop.
        printed: returns what plugins have printed, for the logs.

    Returns:
        The records of the runs that were published.

    Raises:
        StoreError: if the results folder cannot be written.
        Interrupted: if it was stopped while it measured a floor or added scores.
    """
    _registry()  # what plugins do to this process when they are imported is put back by that
    isolation.make_deterministic()
    with isolation.unchanged():
        if task.kind == "train":
            return _train(task, store, report, stopping, printed)
        job = {"score": _score, "floor": _floor}[task.kind]
        return job(task, store, report, stopping)


def _floor(task: Task, store: Store, report: Report, stopping: Stopping) -> list[Json]:
    """Measure the real-vs-real scores of one metric on one dataset."""
    _, evaluator, metrics = _prepare(task)
    for metric in metrics:
        _go_on(stopping)
        store.write_floor(evaluator.score_id(metric), evaluator.floor(metric))
    report({"title": task.title})
    return []


def _score(task: Task, store: Store, report: Report, stopping: Stopping) -> list[Json]:
    """Add scores to runs that are already trained."""
    _, evaluator, metrics = _prepare(task)
    records = []
    for run_id in task.runs.values():
        stored = store.files(run_id)
        before = stored.scores
        files = _scored(dataclasses.replace(stored, log=""), evaluator, metrics, stopping)
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


def _train(
    task: Task, store: Store, report: Report, stopping: Stopping, printed: Callable[[], str]
) -> list[Json]:
    """Train a block of seeds, score and publish each of them."""
    attempt, checkpoint = _Attempt(task), _checkpoint(task, store)
    try:
        runs = _trained(task, checkpoint, report, stopping)
    except StoreError:
        raise
    except (Exception, SystemExit) as error:
        polite = isinstance(error, Interrupted)
        text = f"interrupted: {error}\n" if polite else _trace()
        ended = (failure(task, seed, status_of(error), error) for seed in task.runs)
        runs = [RunFiles(run, log=text) for run in ended]
    text = printed()
    told = f"Printed:\n{text.rstrip()}\n" if text.strip() else ""
    for files in runs:
        store.publish(dataclasses.replace(files, log=files.log + told), attempt.ended(files.run))
    if checkpoint is not None and all(files.run["status"] in ("ok", "diverged") for files in runs):
        checkpoint.discard()
    gc.collect()  # what a failure holds on to, its traceback knows
    return [files.run for files in runs]


def _trained(
    task: Task, checkpoint: Checkpoint | None, report: Report, stopping: Stopping
) -> list[RunFiles]:
    started = time.time()
    cell, evaluator, metrics = _prepare(task)
    check_data(cell)
    for progress in _progress(cell, task, checkpoint, stopping):
        if progress.step > progress.resumed:
            progress.history += _running_scores(progress, evaluator, metrics)
        report(_event(task, progress))
    try:
        runs = _outcomes(task, progress, started)
        return [_scored(files, evaluator, metrics, stopping) for files in runs]
    except Interrupted:
        if checkpoint is not None and not cell.is_baseline:
            checkpoint.save(progress)
        raise


class _Attempt:
    """When and where an attempt at a task began."""

    def __init__(self, task: Task) -> None:
        self.task, self.started = task, time.time()
        self.clock = time.perf_counter()

    def ended(self, run: Json) -> Json:
        """Describe the attempt, now that it has ended as this record says."""
        return attempt_of(
            run, self.started, time.perf_counter() - self.clock, socket.gethostname(), os.getpid()
        )


def attempt_of(
    run: Json, started: float, seconds: float, host: str = "", pid: int | None = None
) -> Json:
    """Describe one attempt at a run.

    Args:
        run: the record that it ended with.
        started: seconds since 1970.
        seconds: that it took.
        host: where it ran.
        pid: of the worker.
    """
    begun = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started))
    story = {"status": run["status"], "reason": run["reason"], "started": begun}
    return {**story, "seconds": round(seconds, 3), "host": host, "pid": pid}


def status_of(error: BaseException) -> str:
    """Name how a task ended that an error ended."""
    if isinstance(error, Interrupted):
        return "interrupted"
    if isinstance(error, InvalidOutputError):
        return "invalid-output"
    lacks = isinstance(error, RuntimeError) and any(
        words in said(error).lower() for words in _NO_MEMORY
    )
    return "oom" if lacks or isinstance(error, MemoryError) else "failed"


def _go_on(stopping: Stopping) -> None:
    if stopping():
        raise Interrupted("stopped while it was scored")


def _progress(
    cell: Cell, task: Task, checkpoint: Checkpoint | None, stopping: Stopping
) -> Iterator[Progress[Any]]:
    """Train the block, pausing now and then, or fit its baseline."""
    seeds = list(task.runs)
    if cell.is_baseline:
        _go_on(stopping)
        yield fit(cell, seeds)
    else:
        yield from train(cell, seeds, torch.device(task.device), checkpoint, stopping)


def _checkpoint(task: Task, store: Store) -> Checkpoint | None:
    """Return where this very block saves its training, if it is to."""
    if task.checkpoint_every is None:
        return None
    path, runs = store.checkpoint(task.block), list(task.runs.values())
    checkpoint = Checkpoint(path, task.block, task.checkpoint_every, runs)
    if task.fresh:
        checkpoint.discard()
    return checkpoint


def failure(task: Task, seed: int, status: str, reason: str | BaseException) -> Json:
    """Make the record of a run that ended without scores."""
    text = str(reason) if isinstance(reason, str | Interrupted) else said(reason)
    return {**record(task, seed), "status": status, "reason": text}


def begun(task: Task, seed: int) -> Json:
    """Say what is known of a run when it begins: what it is, and nothing of how it goes."""
    return {
        "run_id": task.runs[seed],
        "seed": seed,
        **task.cell,
        "device": environment.device_class(torch.device(task.device)),
    }


def record(task: Task, seed: int) -> Json:
    """Make the record of a run, before anything is known of how it went."""
    return {
        **begun(task, seed),
        "status": "ok",
        "reason": "",
        "engine": "",
        "train_seconds": None,
        "eval_seconds": None,
    }


def _outcomes(task: Task, progress: Progress[Any], started: float) -> list[RunFiles]:
    """Collect what each seed has come to."""
    ensemble, engine = progress.ensemble, progress.engine
    count = task.evaluation["samples"]
    samples = ensemble.generate(count, "evaluation")
    check_samples(ensemble.cell, samples[0], count, ensemble.cell.dataset.value.judged)
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
            "samples": count,
            "train_seconds": progress.seconds / len(task.runs),
            "joules": None if progress.joules is None else progress.joules / len(task.runs),
            **_size(progress),
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started)),
            "environment": dict(_environment(task.device, named_plugins())),
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
                ensemble.critic(slot),
                log=f"{line}\n",
            )
        )
    return outcomes


def _size(progress: Progress[Any]) -> Json:
    """Count the parameters of the players of a seed, and how often they were applied."""
    if progress.engine is None:
        return dict.fromkeys(_SIZES)
    game = progress.ensemble.game
    counts = (game.generator.size, game.critic.size, *progress.passes)
    return dict(zip(_SIZES, counts, strict=True))


def _scored(
    files: RunFiles, evaluator: Evaluator, metrics: list[Built], stopping: Stopping
) -> RunFiles:
    """Score a run's samples; a score that fails is the reason, and is tried again next time."""
    if files.samples is None:
        return files
    started, text = time.perf_counter(), files.log
    fake = files.samples[: len(evaluator.real)]
    scores, problems = [evaluator.score(fake, [])], []
    for metric in metrics:
        _go_on(stopping)
        try:
            scores.append(evaluator.score(fake, [metric]))
        except (Exception, SystemExit) as error:
            problems.append(f"{metric.label} failed: {said(error)}")
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
        except (Exception, SystemExit):
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


def _registry() -> Registry:
    return _loaded(named_plugins())


@functools.cache
def _loaded(_named: Named) -> Registry:
    return load_plugins()


@functools.cache
def _environment(device: str, named: Named) -> Json:
    return environment.describe(torch.device(device), _loaded(named))


def _prepare(task: Task) -> tuple[Cell, Evaluator, list[Built]]:
    """Build the cell, and the evaluator of its dataset, which this worker keeps."""
    (cell,) = restore_cells([task.cell], _registry())
    settings = json.dumps(task.evaluation)
    evaluator = _evaluator(cell.dataset.label, cell.fingerprint, settings, named_plugins())
    return cell, evaluator, build_metrics(task.metrics, _registry()) if task.metrics else []


@functools.lru_cache(maxsize=8)
def _evaluator(dataset: str, fingerprint: str, settings: str, named: Named) -> Evaluator:
    from ganbench.components import parse_single

    built = _loaded(named).build("dataset", parse_single(dataset))
    return Evaluator(built, fingerprint, Evaluation(**json.loads(settings)))
