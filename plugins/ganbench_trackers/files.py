"""Trackers that write plain files and need no other package."""

import csv
import io
import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganbench.api import Tracker, user_path
from ganbench_trackers.telling import PARTS

_RUN = ("run_id", *PARTS, "seed")
_CURVES = ("step", "quantity", "value")
_SCORES = ("status", "reason", "metric", "estimator", "value", "low", "high", "p_value")


class JsonLines(Tracker):
    """One line of JSON for each event: started, progress, finished with scores.

    Source: https://jsonlines.org

    Args:
        file: to add lines to; trackers/events.jsonl in the results folder if left out.
    """

    def __init__(self, file: str | None = None) -> None:
        self.file = user_path(file) if file is not None else None

    def open(self, folder: Path) -> None:
        """Make sure that there is a file to add to."""
        self.path = self.file or folder / "trackers" / "events.jsonl"
        _append(self.path, "")

    def started(self, run: Mapping[str, Any]) -> None:
        """Write the whole record, with the recipe."""
        self._write("started", run)

    def progress(self, run: Mapping[str, Any], step: int, values: Mapping[str, float]) -> None:
        """Write where the run is."""
        where = {"run_id": run["run_id"], "seed": run["seed"]}
        self._write("progress", {**where, "step": step, "values": values})

    def finished(
        self, run: Mapping[str, Any], scores: Sequence[Mapping[str, Any]], files: Path
    ) -> None:
        """Write the whole record and the scores."""
        self._write("finished", {**run, "scores": scores, "files": str(files)})

    def _write(self, event: str, content: Mapping[str, Any]) -> None:
        line = {"event": event, "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **content}
        _append(self.path, f"{json.dumps(_finite(line), allow_nan=False, default=str)}\n")


class Csv(Tracker):
    """Two tables: curves.csv with losses and running scores, scores.csv with a row for each score.

    A run without scores is one row with its status and reason.

    Source: https://www.rfc-editor.org/rfc/rfc4180

    Args:
        folder: of both files; trackers in the results folder if left out.
    """

    def __init__(self, folder: str | None = None) -> None:
        self.folder = user_path(folder) if folder is not None else None

    def open(self, folder: Path) -> None:
        """Write the headers."""
        self.place = self.folder or folder / "trackers"
        for name, columns in (("curves", _CURVES), ("scores", _SCORES)):
            path = self.place / f"{name}.csv"
            _append(path, "" if path.is_file() else _rows([(*_RUN, *columns)]))

    def progress(self, run: Mapping[str, Any], step: int, values: Mapping[str, float]) -> None:
        """Add a row for each quantity."""
        who = [run[name] for name in _RUN]
        rows = [(*who, step, quantity, value) for quantity, value in values.items()]
        _append(self.place / "curves.csv", _rows(rows))

    def finished(
        self,
        run: Mapping[str, Any],
        scores: Sequence[Mapping[str, Any]],
        files: Path,  # noqa: ARG002
    ) -> None:
        """Add a row for each score."""
        rows = [{**score, **run} for score in scores] or [{**run}]
        columns = (*_RUN, *_SCORES)
        _append(
            self.place / "scores.csv", _rows([row.get(name) for name in columns] for row in rows)
        )


def _append(path: Path, text: str) -> None:
    """Add whole lines to a file at once, so that those of several commands do not mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as file:
        file.write(text.encode())


def _rows(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(map(_filled, rows))
    return text.getvalue()


def _filled(row: Iterable[Any]) -> list[Any]:
    """Leave empty what is not a number."""
    return ["" if isinstance(value, float) and math.isnan(value) else value for value in row]


def _finite(data: Any) -> Any:
    """Write null for what JSON cannot."""
    if isinstance(data, Mapping):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
