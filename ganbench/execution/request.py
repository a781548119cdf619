"""From a grid to a plan against a results folder, for the command line and the library alike."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ganbench import environment
from ganbench.cells import Cell, plan
from ganbench.errors import DeviceError, SpecError
from ganbench.evaluation import build_metrics
from ganbench.execution.executors import Executor, InlineExecutor
from ganbench.execution.experiment import record_experiment
from ganbench.execution.local import LocalExecutor
from ganbench.execution.tasks import Plan, Redo, make_plan
from ganbench.execution.trackers import build_trackers
from ganbench.grid import Grid
from ganbench.naming import ROOT, results_folder
from ganbench.plugins import Built, Registry
from ganbench.store import Store
from ganbench.store.upkeep import put_away, verify

Tell = Callable[[str], None]
"""Says a sentence to whoever waits."""


@dataclass(frozen=True)
class Request:
    """What to run, and where it is kept.

    Attributes:
        grid: what to run.
        results: path of the results folder, or name of one that is there below `results`; None
            for `results/<name of the grid>`.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        redo: which finished runs to run again.
        checkpoint_every: seconds of training between two checkpoints, 0 for none.
        idle_rules: whether a rule of the grid may match no cell, as where axes were replaced.
    """

    grid: Grid
    results: str | Path | None = None
    device: str = "auto"
    redo: Redo = "nothing"
    checkpoint_every: float = 60.0
    idle_rules: bool = False

    @property
    def store(self) -> Store:
        """The results folder."""
        return Store(results_folder(self.results) if self.results else ROOT / self.grid.name)

    def dry(self, registry: Registry) -> Plan:
        """Plan without changing anything.

        Raises:
            GanbenchError: if the grid makes no sense, or cannot run here.
        """
        return self._plan(*self._parts(registry))

    def begin(self, registry: Registry, tell: Tell) -> Plan:
        """Plan, make the results folder, and record there what is asked for.

        Raises:
            GanbenchError: if the grid makes no sense, cannot run here, or the folder cannot be
                written.
        """
        cells, metrics, device, trackers = self._parts(registry)
        if all(cell.misfit for cell in cells):
            reasons = "; ".join(dict.fromkeys(str(cell.misfit) for cell in cells))
            raise SpecError(f"The grid has no compatible cell: {reasons or 'all are excluded'}.")
        store = self.store
        store.create()
        make_whole(store, "What this command asks for is made anew.", tell)
        todo = self._plan(cells, metrics, device, trackers)
        for warning in dict.fromkeys(text for cell in cells for text in cell.warnings):
            tell(f"Warning: {warning}.")
        record_experiment(store, todo, self.grid, registry)
        return todo

    def _parts(
        self, registry: Registry
    ) -> tuple[list[Cell], list[Built], torch.device, list[Built]]:
        """Make sense of what is asked for, before anything is changed."""
        cells = plan(self.grid, registry, idle_rules=self.idle_rules)
        metrics = build_metrics(self.grid.metrics, registry)
        trackers = build_trackers(self.grid.trackers, registry)
        return cells, metrics, environment.find_device(self.device), trackers

    def _plan(
        self,
        cells: list[Cell],
        metrics: list[Built],
        device: torch.device,
        trackers: list[Built],
    ) -> Plan:
        every = self.checkpoint_every or None
        todo = make_plan(self.grid, cells, metrics, device, self.store, self.redo, every)
        return replace(todo, trackers=trackers)


@dataclass(frozen=True)
class Workers:
    """Where and how tasks run.

    Attributes:
        executor: "local" for worker processes, "inline" for this process, "ray" for a cluster.
        jobs: worker processes, None for one for each core or GPU.
        timeout: seconds that a task may take, None for any.
        memory: GiB that a worker may use, None for what the machine has.
        address: of a Ray cluster, None for one of its own on this machine.
        gpus_per_cell: part of a GPU for each task on Ray, None for all of one.
    """

    executor: str = "local"
    jobs: int | None = None
    timeout: float | None = None
    memory: float | None = None
    address: str | None = None
    gpus_per_cell: float | None = None

    def executor_for(self, todo: Plan) -> Executor:
        """Make the executor of a plan.

        Raises:
            SpecError: if settings do not go together.
            DeviceError: if what they ask for is not there.
        """
        if self.executor == "ray":
            return self._ray(todo)
        for name in ("address", "gpus_per_cell"):
            if getattr(self, name) is not None:
                raise SpecError(f"--{name.replace('_', '-')} goes with --executor ray; add that.")
        if self.executor == "inline":
            return InlineExecutor()
        if self.executor != "local":
            raise SpecError(
                f"There is no executor '{self.executor}': choose local, inline or ray."
            )
        gpus = environment.gpus(todo.device)
        jobs = self.jobs or environment.worker_count(todo.device)
        return LocalExecutor(jobs, self.timeout, gpus, self.memory)

    def _ray(self, todo: Plan) -> Executor:
        from ganbench.execution.cluster import RayExecutor

        part, device = self.gpus_per_cell, todo.device.type
        if part is not None and device != "cuda":
            raise DeviceError(
                f"--gpus-per-cell {part:g} asks for GPUs, and the device is '{device}'; leave it "
                "out, or run where torch sees a GPU, with --device cuda."
            )
        gpu = part or 1.0 if device == "cuda" else None
        return RayExecutor(self.address, self.jobs, self.timeout, self.memory, gpu)


def make_whole(store: Store, remedy: str, tell: Tell) -> int:
    """Move what is damaged in a results folder out of the way and say so; count it."""
    moved = 0
    for fault in verify(store, unread=False):
        away = put_away(store, fault)
        if away is not None:
            moved += 1
            tell(f"Damaged: {fault}. It was moved to '{away}'. {remedy}")
    return moved
