"""MLflow: a run for each cell, and below it one for each seed."""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from ganbench.api import DeviceError, PositiveInt, Tracker
from ganbench_trackers.pictures import picture
from ganbench_trackers.telling import allowed, cell_title, curves, is_score, numbers, settings

if TYPE_CHECKING:
    from mlflow.entities import Run

_RUN, _CELL, _PARENT = "ganbench.run_id", "ganbench.cell", "mlflow.parentRunId"
_NOTE, _SOURCE = "mlflow.note.content", "mlflow.source.name"
_FILES = ("run.json", "log.txt")
_MOST_METRICS = 1000
"""In one request."""
_ENDS = {"ok": "FINISHED", "interrupted": "KILLED"}
"""All other statuses are failures."""


class MLflow(Tracker):
    """MLflow: an experiment for the results folder, a run for each cell, below it one per seed.

    A run has its settings as parameters, its curves and scores as metrics, and run.json, scores,
    log and a picture of its samples as artefacts. That of a cell has the mean and standard
    deviation of the scores, and how many seeds are ok and not.

    Source: Zaharia et al. 2018, Accelerating the Machine Learning Lifecycle with MLflow

    Args:
        uri: of the server, or a database such as sqlite:///mlflow.db; MLflow's own default, which
            MLFLOW_TRACKING_URI sets, if left out.
        experiment: its name; that of the results folder if left out.
        timeout: seconds that a request may take.

    Raises:
        DeviceError: if the package mlflow is not installed.
    """

    def __init__(
        self, uri: str | None = None, experiment: str | None = None, timeout: PositiveInt = 10
    ) -> None:
        if find_spec("mlflow") is None:
            raise DeviceError(
                "--tracker mlflow needs the package mlflow: pip install 'ganbench[mlflow]'."
            )
        self.uri, self.experiment, self.timeout = uri, experiment, timeout
        self.runs: dict[str, str] = {}
        self.cells: dict[str, str] = {}
        self.told: dict[str, set[tuple[int, str]]] = {}

    def open(self, folder: Path) -> None:
        """Find the experiment, or make it.

        Raises:
            ConnectionError: if the server gives no answer.
        """
        os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = str(self.timeout)
        os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        self.client = MlflowClient(self.uri)
        name = self.experiment or folder.name
        try:
            found = self.client.get_experiment_by_name(name)
        except MlflowException as error:
            where = self.client.tracking_uri
            raise ConnectionError(f"no MLflow at {where} gives an answer") from error
        self.place = found.experiment_id if found else self.client.create_experiment(name)

    def started(self, run: Mapping[str, Any]) -> None:
        """Make a run, or go on in that of a run which was interrupted."""
        before = self._newest(_RUN, run["run_id"])
        if before is not None and before.info.status in ("RUNNING", "KILLED"):
            self.client.update_run(before.info.run_id, status="RUNNING")
            self.runs[run["run_id"]] = before.info.run_id
        else:
            self.runs[run["run_id"]] = self._new(run)

    def progress(self, run: Mapping[str, Any], step: int, values: Mapping[str, float]) -> None:
        """Log the latest losses and running scores."""
        points = [(step, allowed(name), value) for name, value in values.items()]
        self._log(self.runs[run["run_id"]], points)
        self.told.setdefault(run["run_id"], set()).update(point[:2] for point in points)

    def finished(
        self, run: Mapping[str, Any], scores: Sequence[Mapping[str, Any]], files: Path
    ) -> None:
        """Log the rest of the curves and all else, and end the run."""
        mine = self.runs.pop(run["run_id"], None) or self._scored_again(run) or self._new(run)
        told, step = self.told.pop(run["run_id"], set()), run.get("steps") or 0
        finals = [(step, name, value) for name, value in numbers(scores).items()]
        tags = {f"ganbench.{name}": run[name] for name in ("status", "reason", "engine")}
        points = [*(point for point in curves(files) if point[:2] not in told), *finals]
        self._log(mine, points, {**tags, _NOTE: run["reason"]})
        self._keep(mine, scores, files)
        self.client.set_terminated(mine, _ENDS.get(run["status"], "FAILED"))

    def close(self) -> None:
        """Sum up the cells."""
        for cell in self.cells.values():
            self._sum_up(cell)

    def _sum_up(self, cell: str) -> None:
        found = self.client.search_runs(
            [self.place], f"tags.`{_PARENT}` = '{cell}'", order_by=["attributes.start_time ASC"]
        )
        newest = {run.data.tags[_RUN]: run for run in found}.values()
        ok = [run.data.metrics for run in newest if run.info.status == "FINISHED"]
        values: dict[str, float] = {"seeds_ok": len(ok), "seeds_failed": len(newest) - len(ok)}
        for name in dict.fromkeys(name for each in ok for name in each if is_score(name)):
            each = [metrics[name] for metrics in ok if name in metrics]
            values[name] = fmean(each)
            if len(each) > 1:
                values[f"{name}.sd"] = stdev(each)
        self._log(cell, [(0, name, value) for name, value in values.items()])
        statuses = {run.info.status for run in newest}
        worst = next((each for each in ("FAILED", "KILLED") if each in statuses), "FINISHED")
        self.client.set_terminated(cell, worst)

    def _new(self, run: Mapping[str, Any]) -> str:
        """Make a run for a seed, below that of its cell."""
        tags = {_RUN: run["run_id"], _PARENT: self._cell(run)}
        name = f"seed {run['seed']}"
        return self._make(name, tags, {**settings(run), "seed": run["seed"]})

    def _cell(self, run: Mapping[str, Any]) -> str:
        known = settings(run)
        key = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]
        if key not in self.cells:
            before = self._newest(_CELL, key)
            if before is None:
                self.cells[key] = self._make(cell_title(run), {_CELL: key}, known)
            else:
                self.cells[key] = before.info.run_id
                self.client.update_run(before.info.run_id, status="RUNNING")
        return self.cells[key]

    def _make(self, name: str, tags: Mapping[str, str], params: Mapping[str, Any]) -> str:
        from mlflow.entities import Param

        made: str = self.client.create_run(
            self.place, tags={**tags, _SOURCE: "ganbench"}, run_name=name
        ).info.run_id
        pairs = [Param(key, str(value)) for key, value in params.items()]
        self.client.log_batch(made, params=pairs)
        return made

    def _scored_again(self, run: Mapping[str, Any]) -> str | None:
        """Find the run to which scores were added; one that failed early is none."""
        before = self._newest(_RUN, run["run_id"]) if run["status"] == "ok" else None
        return before.info.run_id if before else None

    def _newest(self, tag: str, value: str) -> "Run | None":
        order = ["attributes.start_time DESC"]
        found = self.client.search_runs([self.place], f"tags.`{tag}` = '{value}'", 1, 1, order)
        return found[0] if found else None

    def _log(
        self,
        mine: str,
        points: Sequence[tuple[int, str, float]],
        tags: Mapping[str, str] | None = None,
    ) -> None:
        from mlflow.entities import Metric, RunTag

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for step, name, value in points]
        labels = [RunTag(name, value) for name, value in (tags or {}).items()]
        self.client.log_batch(mine, metrics[:_MOST_METRICS], tags=labels)
        for start in range(_MOST_METRICS, len(metrics), _MOST_METRICS):
            self.client.log_batch(mine, metrics[start : start + _MOST_METRICS])

    def _keep(self, mine: str, scores: Sequence[Mapping[str, Any]], files: Path) -> None:
        """Send what people may want to see of a run, and a picture of its samples."""
        import pandas as pd

        with tempfile.TemporaryDirectory() as folder:
            for path in (files / name for name in _FILES):
                if path.is_file():
                    shutil.copy(path, folder)
            if scores:
                pd.DataFrame(scores).to_csv(Path(folder, "scores.csv"), index=False)
            drawn = picture(files)
            if drawn is not None:
                drawn.savefig(Path(folder, "samples.png"))
            self.client.log_artifacts(mine, folder)
