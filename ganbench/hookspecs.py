"""The hooks: what a plugin may provide and what it may observe."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pluggy

hookspec = pluggy.HookspecMarker("ganbench")

Factories = Mapping[str, Callable[..., Any]]


@hookspec
def ganbench_architectures() -> Factories:  # type: ignore[empty-body]
    """Name -> factory of `Architecture`."""


@hookspec
def ganbench_losses() -> Factories:  # type: ignore[empty-body]
    """Name -> factory of `Loss`."""


@hookspec
def ganbench_regularizers() -> Factories:  # type: ignore[empty-body]
    """Name -> factory of `Regularizer`."""


@hookspec
def ganbench_datasets() -> Factories:  # type: ignore[empty-body]
    """Name -> factory of `Dataset`."""


@hookspec
def ganbench_priors() -> Factories:  # type: ignore[empty-body]
    """Name -> factory of `Prior`."""


@hookspec
def ganbench_baselines() -> Factories:  # type: ignore[empty-body]
    """Name -> factory of `Baseline`."""


@hookspec
def ganbench_metrics() -> Factories:  # type: ignore[empty-body]
    """Name -> factory of `Metric`."""


@hookspec
def ganbench_trackers() -> Factories:  # type: ignore[empty-body]
    """Name -> factory of `Tracker`."""


@hookspec
def ganbench_grids() -> Mapping[str, Path]:  # type: ignore[empty-body]
    """Name -> TOML file of a grid."""


@hookspec
def ganbench_run_started(run: Mapping[str, Any]) -> None:
    """A run has begun to train: what it is, with the keys that `Tracker.started` names."""


@hookspec
def ganbench_progress(run: Mapping[str, Any], step: int, values: Mapping[str, float]) -> None:
    """A run has reached a generator step; `values` are its losses and running scores there."""


@hookspec
def ganbench_run_finished(
    run: Mapping[str, Any], scores: list[Mapping[str, Any]], files: Path
) -> None:
    """A run has ended: status in `run`, one mapping for each score, the folder of its files."""
