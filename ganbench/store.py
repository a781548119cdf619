"""The result store: a folder of runs, each published whole by one rename.

```
<folder>/experiment.json           what was asked for: grids, commands, cells, environments
<folder>/runs/<id>/                run.json, history.parquet, samples.safetensors,
                                   generator.safetensors, scores.parquet, log.txt, manifest.json
<folder>/floors/<id>.json          real-vs-real scores, shared by all runs of a dataset
<folder>/checkpoints/              of blocks of seeds that are being trained
<folder>/.work/                    what is not published yet
```
No pickle anywhere. Every JSON file has a `format`; an older one is read, a newer one refused.
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import load_file, save

from ganbench.errors import StoreError

FORMAT = 1

Json = dict[str, Any]


@dataclass(frozen=True)
class RunFiles:
    """The content of one run's folder; what a failed run lacks is None."""

    run: Json
    history: pd.DataFrame | None = None
    samples: torch.Tensor | None = None
    generator: Mapping[str, torch.Tensor] | None = None
    scores: pd.DataFrame | None = None
    log: str = ""

    def contents(self) -> dict[str, bytes]:
        """Serialise to file name -> bytes."""
        files = {"run.json": _json(self.run), "log.txt": self.log.encode()}
        for name, frame in (("history", self.history), ("scores", self.scores)):
            if frame is not None:
                buffer = io.BytesIO()
                frame.to_parquet(buffer, index=False)
                files[f"{name}.parquet"] = buffer.getvalue()
        if self.samples is not None:
            files["samples.safetensors"] = save({"samples": self.samples.contiguous()})
        if self.generator is not None:
            tensors = {name: value.contiguous() for name, value in self.generator.items()}
            files["generator.safetensors"] = save(tensors)
        return files


class Store:
    """A results folder.

    Args:
        folder: where it is, or will be.

    Raises:
        StoreError: if it is a file, or written by a newer ganbench.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if os.path.exists(folder) and not folder.is_dir():
            raise StoreError(f"'{folder}' is a file, not a results folder; choose another.")
        if self.exists:
            self.experiment()

    @property
    def exists(self) -> bool:
        """Whether anything was stored here."""
        return os.path.isfile(self.folder / "experiment.json")

    # ------------------------------------------------------------------------------- writing

    def create(self) -> None:
        """Make the folder, or see that it can be written.

        Raises:
            StoreError: if it cannot.
        """
        with self._writing():
            for name in ("runs", "floors", ".work"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            probe = self.folder / ".work" / f"probe-{uuid.uuid4().hex}"
            probe.write_bytes(b"ganbench")
            probe.unlink()

    def write_experiment(self, experiment: Json) -> None:
        """Replace experiment.json."""
        self._replace(self.folder / "experiment.json", _json(experiment))

    def checkpoint(self, key: str) -> Path:
        """Return where the block of this key saves its training, in a folder that exists."""
        with self._writing():
            (self.folder / "checkpoints").mkdir(parents=True, exist_ok=True)
        return self.folder / "checkpoints" / f"{key}.safetensors"

    def write_floor(self, floor_id: str, floor: Json) -> None:
        """Publish the real-vs-real scores of a dataset and metric."""
        self._replace(self.folder / "floors" / f"{floor_id}.json", _json(floor))

    def publish(self, files: RunFiles) -> None:
        """Publish a run: a reader sees all of it or nothing.

        It replaces what was there, but a run that is ok is never replaced by one that is not.

        Raises:
            StoreError: if it cannot be written; nothing that was published is lost.
        """
        run_id = files.run["run_id"]
        if files.run["status"] != "ok" and self._is_ok(run_id):
            return
        draft = self._draft(run_id)
        try:
            with self._writing():
                draft.mkdir(parents=True)
                contents = files.contents()
                for name, data in contents.items():
                    _write(draft / name, data)
                _write(draft / "manifest.json", _json({"files": _manifest(contents)}))
                self._put(draft, self.folder / "runs" / run_id)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _is_ok(self, run_id: str) -> bool:
        try:
            return bool(self.run(run_id)["status"] == "ok")
        except StoreError:
            return False

    def _put(self, draft: Path, target: Path) -> None:
        """Rename a folder to its place; what was there goes only once that has succeeded."""
        old = self._draft(target.name)
        with contextlib.suppress(FileNotFoundError):
            target.rename(old)
        try:
            draft.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                with contextlib.suppress(FileNotFoundError):
                    old.rename(target)
                raise
            # Another writer was faster, with the same run: one wins.
        _sync_folder(target.parent)
        shutil.rmtree(old, ignore_errors=True)

    def _draft(self, name: str) -> Path:
        return self.folder / ".work" / f"{name}-{uuid.uuid4().hex}"

    def _replace(self, path: Path, data: bytes) -> None:
        draft = self._draft(path.name)
        try:
            with self._writing():
                _write(draft, data)
                draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"Cannot write to the results folder '{self.folder}': {error.strerror or error}. "
                "What was published before is intact; mend that, or choose another folder with "
                "--results, and run the same command again."
            ) from error

    # ------------------------------------------------------------------------------- reading

    def experiment(self) -> Json:
        """Read experiment.json.

        Raises:
            StoreError: if there is none, or it is damaged or of a newer format.
        """
        if not self.exists:
            raise StoreError(f"'{self.folder}' holds no results; `ganbench run` makes some.")
        return self._read_json(self.folder / "experiment.json", "name", "grid", "cells")

    def runs(self) -> dict[str, Json]:
        """Read the record of every published run, by id."""
        folder = self.folder / "runs"
        if not os.path.isdir(folder):
            return {}
        return {
            path.parent.name: self.run(path.parent.name)
            for path in sorted(folder.glob("*/run.json"))
        }

    def run(self, run_id: str) -> Json:
        """Read the record of one run."""
        file = self.folder / "runs" / run_id / "run.json"
        return self._read_json(file, "run_id", "seed", "status")

    def floors(self) -> dict[str, Json]:
        """Read all real-vs-real scores, by id."""
        folder = self.folder / "floors"
        paths = sorted(folder.glob("*.json")) if os.path.isdir(folder) else []
        return {path.stem: self._read_json(path, "floors") for path in paths}

    def scores(self, run_id: str) -> pd.DataFrame | None:
        """Read the scores of a run, None where it has none."""
        return self._read_parquet(run_id, "scores.parquet")

    def history(self, run_id: str) -> pd.DataFrame | None:
        """Read the learning curves of a run, None where it has none."""
        return self._read_parquet(run_id, "history.parquet")

    def samples(self, run_id: str) -> torch.Tensor:
        """Read the stored samples (n, *shape) of a run."""
        return self._read_tensors(run_id, "samples.safetensors")["samples"]

    def generator(self, run_id: str) -> dict[str, torch.Tensor]:
        """Read the generator's parameters and buffers, by name."""
        return self._read_tensors(run_id, "generator.safetensors")

    def files(self, run_id: str) -> RunFiles:
        """Read everything that a successful run holds."""
        return RunFiles(
            self.run(run_id),
            self.history(run_id),
            self.samples(run_id),
            self.generator(run_id),
            self.scores(run_id),
            self.log(run_id),
        )

    def log(self, run_id: str) -> str:
        """Read the log of a run; of a failed one it ends with the traceback."""
        with self._reading(self.folder / "runs" / run_id / "log.txt") as path:
            return path.read_text(encoding="utf-8")

    def _read_parquet(self, run_id: str, name: str) -> pd.DataFrame | None:
        file = self.folder / "runs" / run_id / name
        if not file.exists():
            return None
        with self._reading(file) as path:
            return pd.read_parquet(path)

    def _read_tensors(self, run_id: str, name: str) -> dict[str, torch.Tensor]:
        with self._reading(self.folder / "runs" / run_id / name) as path:
            tensors: dict[str, torch.Tensor] = load_file(path)
            return tensors

    def _read_json(self, file: Path, *required: str) -> Json:
        with self._reading(file) as path:
            data = json.loads(path.read_text(encoding="utf-8"))
            found = data.get("format")
            if not isinstance(found, int):
                raise ValueError("it has no format")
        if found > FORMAT:
            raise StoreError(
                f"'{file}' has format {found}, and this ganbench reads up to {FORMAT}; "
                "read it with a newer ganbench."
            )
        with self._reading(file):
            lacking = [key for key in required if key not in data]
            if lacking:
                raise ValueError(f"it lacks {', '.join(lacking)}")
        result: Json = data
        return result

    @contextlib.contextmanager
    def _reading(self, path: Path) -> Iterator[Path]:
        try:
            yield path
        except StoreError:
            raise
        except Exception as error:
            what = (isinstance(error, OSError) and error.strerror) or error
            of_run = path.parent.parent == self.folder / "runs"
            part = f"the folder '{path.parent}'" if of_run else "that file"
            raise StoreError(
                f"'{path}' is missing or damaged ({what}). Delete {part} and run the same command "
                "again; only that part is made anew."
            ) from error


def _json(data: Json) -> bytes:
    return (json.dumps({"format": FORMAT, **data}, indent=1) + "\n").encode()


def _manifest(contents: Mapping[str, bytes]) -> Json:
    return {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in contents.items()
    }


def _write(path: Path, data: bytes) -> None:
    """Write a file and flush it to disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
