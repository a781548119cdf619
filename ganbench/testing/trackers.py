"""What trackers, and plugins that observe runs by hooks, must do."""

import contextlib
import copy
import functools
import json
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import save_file

from ganbench import hookspecs
from ganbench.api import Tracker
from ganbench.escaping import ended, said
from ganbench.plugins import KINDS, Registry
from ganbench.testing.declared import can_be_built
from ganbench.testing.rules import BrokenRuleError, require, rule
from ganbench.testing.subject import Subject

_SECONDS = 1.0
_OBSERVING = tuple(
    name for name in vars(hookspecs) if name.startswith("ganbench_") and name not in KINDS.values()
)
_RUN = {
    "run_id": "0123456789abcdef", "dataset": "kit-vectors", "prior": "kit-noise",
    "generator": "kit-players", "discriminator": "kit-players", "loss": "kit-logistic",
    "seed": 0, "status": "ok", "reason": "", "device": "cpu", "engine": "traced", "block": 2,
    "steps": 20, "train_seconds": 1.5, "eval_seconds": 0.5,
    "recipe": {"generator_steps": 20, "batch_size": 8, "clip_norm": None},
}  # fmt: skip
_SCORE = {
    "metric": "mmd", "estimator": "rbf", "value": 0.25, "low": None, "high": 0.5, "p_value": 0.01,
    "floor": 0.125, "n_real": 50, "n_fake": 50, "better": "lower", "headline": True,
}  # fmt: skip
_BEGUN = (
    "run_id", "seed", "dataset", "prior", "generator", "discriminator", "loss", "recipe", "device",
)  # fmt: skip
"""What is known of a run when it begins."""
_NAN, _INFINITE = float("nan"), float("inf")

Call = tuple[str, Callable[..., Any], dict[str, Any]]


@dataclass
class _Heard:
    """What came of telling somebody of runs: event by event, what was raised, changed or slow."""

    raised: list[tuple[str, BaseException]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    strays: list[str] = field(default_factory=list)


def observers(registry: Registry, plugin: str) -> dict[str, tuple[Callable[..., Any], list[str]]]:
    """Return the observing hooks of a plugin: name -> (function, names of its arguments)."""
    return {
        name: (hook.function, list(hook.argnames))
        for name in _OBSERVING
        for hook in getattr(registry.observers, name).get_hookimpls()
        if hook.plugin_name.startswith(f"{plugin} of ")
    }


def _events(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what may happen: runs that end well, diverge or fail, with names of any characters."""
    odd = {**_RUN, "run_id": "e" * 16, "loss": "ns+r1(gamma=0.1)", "dataset": "text(path='é/ü')"}
    failed = {**_RUN, "run_id": "f" * 16, "seed": 1, "status": "failed", "reason": "Error: 'x'"}
    values = [{"critic_loss": 1.0, "generator_loss": 0.5}, {"critic_loss": _NAN, "m/e": _INFINITE}]
    scores = [_SCORE, {**_SCORE, "estimator": "odd", "value": _NAN, "p_value": None}]
    for run, steps, rows in ((_RUN, values, scores), (odd, values, scores), (failed, [], [])):
        begun = {name: run[name] for name in _BEGUN}
        if steps:
            yield "started", {"run": begun}
        for step, each in enumerate(steps, 1):
            yield "progress", {"run": begun, "step": step, "values": each}
        files = _written(folder, run, steps)
        yield "finished", {"run": run, "scores": rows, "files": files}


def _written(folder: Path, run: Mapping[str, Any], steps: list[dict[str, float]]) -> Path:
    """Write what a run leaves behind: less, if it failed."""
    files = folder / "runs" / str(run["run_id"])
    files.mkdir(parents=True)
    (files / "run.json").write_text(json.dumps(run), encoding="utf-8")
    (files / "log.txt").write_text("It said something.\n", encoding="utf-8")
    if steps:
        wide = pd.DataFrame(steps, index=range(1, len(steps) + 1)).rename_axis("step")
        history = wide.reset_index().melt("step", var_name="quantity").dropna()
        history.to_parquet(files / "history.parquet")
        save_file({"samples": torch.zeros(9, 2)}, files / "samples.safetensors")
    return files


def _calls(subject: Subject, folder: Path) -> Iterator[Call]:
    """Yield what is called, from the first event to the last."""
    if subject.kind == "observer":
        found = observers(subject.registry, str(subject.component))
        for event, arguments in _events(folder):
            hook = {"progress": "ganbench_progress"}.get(event, f"ganbench_run_{event}")
            if hook in found:
                function, wanted = found[hook]
                yield hook, function, {name: arguments[name] for name in wanted}
        return
    tracker: Tracker = subject.anew()
    yield "open", tracker.open, {"folder": folder}
    for event, arguments in _events(folder):
        yield event, getattr(tracker, event), arguments
    yield "close", tracker.close, {}


@functools.cache
def _heard(subject: Subject) -> _Heard:
    """Tell somebody of some runs, in a folder that is thrown away."""
    heard = _Heard()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, _working_in(place):
        folder = Path(place) / "results" / "kit"
        folder.mkdir(parents=True)
        for event, function, arguments in _calls(subject, folder):
            before = _contents(folder)
            given, start = copy.deepcopy(arguments), time.perf_counter()
            try:
                function(**given)
            except (Exception, SystemExit) as error:
                heard.raised.append((event, error))
            heard.seconds[event] = max(heard.seconds.get(event, 0.0), time.perf_counter() - start)
            if repr(given) != repr(arguments):
                heard.changed.append(event)
            heard.strays += _strays(before, _contents(folder))
    return heard


def _contents(folder: Path) -> dict[str, bytes | None]:
    """Read what lies in a folder, but for what is below `trackers`; of a folder there is None."""
    return {
        name: path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if (name := path.relative_to(folder).as_posix()).split("/")[0] != "trackers"
    }


def _strays(before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]) -> list[str]:
    """Say what was done to files between two looks."""
    return [
        f"{'removes' if name not in after else 'changes' if name in before else 'writes'} {name}"
        for name in dict.fromkeys((*before, *after))
        if name not in before or name not in after or before[name] != after[name]
    ]


@contextlib.contextmanager
def _working_in(folder: str) -> Iterator[None]:
    """Work in a folder, and hear no warnings."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.chdir(before)


@rule("observer", mend="Implement one of the hooks that docs/plugins.md names, as it names them.")
def observes_runs(subject: Subject) -> str:
    """It implements at least one of the hooks that observe runs."""
    found = observers(subject.registry, str(subject.component))
    require(found, f"It implements none of {', '.join(_OBSERVING)}.")
    return ", ".join(found)


@rule(
    "tracker",
    "observer",
    after=can_be_built,
    mend="Take what is there: scores and files may be missing, numbers may be NaN, a run may have "
    "failed before it was started.",
)
def takes_every_run(subject: Subject) -> None:
    """It can be told of runs that end well, diverge or fail, and of names with any characters."""
    for event, error in _heard(subject).raised:
        raise BrokenRuleError(ended(f"{event} raised {said(error)}")) from error


@rule("tracker", "observer", after=can_be_built, mend="Copy what you change.")
def changes_no_record(subject: Subject) -> None:
    """Runs, values and scores that it is told of stay as they are."""
    changed = _heard(subject).changed
    require(not changed, f"{' and '.join(dict.fromkeys(changed))} changes what it is told.")


@rule(
    "tracker",
    "observer",
    after=can_be_built,
    mend="Only read `files`, which are checksummed; write below `trackers` in the results folder, "
    "or elsewhere.",
)
def keeps_to_its_folder(subject: Subject) -> None:
    """In the results folder it writes below `trackers` alone, and changes nothing."""
    strays = list(dict.fromkeys(_heard(subject).strays))
    require(not strays, f"In the results folder it {', '.join(strays)}.")


@rule("observer", mend="Hand slow work to a `Tracker`, which has a process of its own.")
def holds_nobody_up(subject: Subject) -> None:
    """Being told of a step takes less than a second: training waits for it."""
    seconds = _heard(subject).seconds.get("ganbench_progress", 0.0)
    require(seconds < _SECONDS, f"ganbench_progress took {seconds:.1f} s.")


def use(subject: Subject) -> None:
    """Do what happens in the process of a command: hooks are called, a tracker is made."""
    if subject.kind == "observer":
        _heard.__wrapped__(subject)
    else:
        subject.anew()
