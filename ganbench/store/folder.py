"""A results folder: what is published there, whole or not at all."""

import contextlib
import dataclasses
import errno
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import pandas as pd
import torch
from filelock import FileLock
from safetensors.torch import load

from ganbench.errors import StoreError
from ganbench.store import cellfile
from ganbench.store.contents import Json, RunFiles, fault, listed, misfit, parse, table
from ganbench.store.disk import is_part, part, read, sealed, sha256, sync_folder, unsealed, write

_FOLDERS = ("runs", "floors", "cells", "checkpoints", ".work")
_LOCK_SECONDS = 60
_REPLACED = ".replaced-"

T = TypeVar("T")


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

    @property
    def exists(self) -> bool:
        """Whether anything was stored here."""
        return os.path.isfile(self.folder / "experiment.json")

    # ------------------------------------------------------------------------------- writing

    def create(self) -> None:
        """Make the folder, or see that it can be written; put back what a crash left aside.

        Raises:
            StoreError: if it cannot be written, or leads elsewhere by a link.
        """
        with self.writing():
            for name in _FOLDERS:
                folder = self.folder / name
                folder.mkdir(parents=True, exist_ok=True)
                if folder.is_symlink():
                    raise StoreError(
                        f"'{folder}' is a link, and a results folder holds none; remove it."
                    )
            probe = self._draft("probe")
            probe.write_bytes(b"ganbench")
            probe.unlink()
            with self.locked():
                for old in (self.folder / ".work").glob(f"*{_REPLACED}*"):
                    target = self.folder / "runs" / old.name.partition(_REPLACED)[0]
                    if target.exists():
                        shutil.rmtree(old)
                    else:
                        old.rename(target)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Let no other process be inside this block at the same time.

        Raises:
            StoreError: if another holds the lock for a minute, or there can be none.
        """
        lock = FileLock(self.folder / ".work" / "lock", timeout=_LOCK_SECONDS)
        try:
            lock.acquire()
        except TimeoutError as error:
            raise StoreError(
                f"Another process has locked '{lock.lock_file}' for {_LOCK_SECONDS} seconds; see "
                "what runs there, and run the same command again."
            ) from error
        except NotImplementedError as error:
            raise StoreError(
                f"The file system of '{self.folder}' knows no locks, so that nothing says who "
                "writes; choose another folder with --results."
            ) from error
        except OSError:
            with self.writing():
                raise
        try:
            yield
        finally:
            lock.release()

    def write_experiment(self, experiment: Json) -> None:
        """Replace experiment.json, and the file of the cells that it names."""
        with self.writing():
            data = cellfile.write(experiment["cells"])
        digest = sha256(data)
        self._replace(self.folder / "cells" / f"{digest}.parquet", data)
        head = {**experiment, "cells": {"bytes": len(data), "sha256": digest}}
        self._replace(self.folder / "experiment.json", sealed(head))

    def checkpoint(self, key: str) -> Path:
        """Return where the block of this key saves its training, in a folder that exists."""
        with self.writing():
            (self.folder / "checkpoints").mkdir(parents=True, exist_ok=True)
        return self.folder / "checkpoints" / f"{part(key)}.safetensors"

    def write_floor(self, floor_id: str, floor: Json) -> None:
        """Publish the real-vs-real scores of a dataset and metric."""
        self._replace(self.folder / "floors" / f"{part(floor_id)}.json", sealed(floor))

    def publish(self, files: RunFiles, attempt: Json | None = None) -> None:
        """Publish a run: a reader sees all of it or nothing.

        It replaces what was there, whose attempts and log go before its own; but a run that is ok
        is never replaced by one that is not, and then only learns of the attempt.

        Args:
            files: what to publish.
            attempt: how the run was tried this time; None if it was not trained.

        Raises:
            StoreError: if it cannot be written; nothing that was published is lost.
        """
        before = self._before(files.run["run_id"])
        new = [] if attempt is None else [attempt]
        attempts, log = new, files.log
        if before is not None:
            attempts = [*before.run.get("attempts", []), *new]
            keeps = before.run["status"] == "ok" != files.run["status"]
            files = before if keeps else files
            told = f"Attempt {len(attempts)}: {log}" if new else log
            log = before.log + told
        run = {**files.run, "attempts": attempts}
        self.place(run["run_id"], dataclasses.replace(files, run=run, log=log).contents())

    def _before(self, run_id: str) -> RunFiles | None:
        """Read what is published of a run, if that can be read."""
        if not (self.folder / "runs" / part(run_id)).exists():
            return None
        with contextlib.suppress(StoreError):
            return self.files(run_id)
        return None

    def place(self, run_id: str, contents: Mapping[str, bytes]) -> None:
        """Publish the files of a run as they are, in the place of what was there.

        Raises:
            StoreError: if they cannot be written; nothing that was published is lost.
        """
        draft = self._draft(part(run_id))
        try:
            with self.writing():
                draft.mkdir(parents=True)
                for name, data in contents.items():
                    write(draft / part_of_run(name), data)
                sync_folder(draft)
                self._put(draft, self.folder / "runs" / run_id)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _put(self, draft: Path, target: Path) -> None:
        """Rename a folder to its place; what was there goes only once that has succeeded.

        Where something is there, other writers wait, and `create` mends what a crash in between
        leaves.
        """
        try:
            draft.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            with self.locked():
                old = self._draft(target.name + _REPLACED)
                with contextlib.suppress(FileNotFoundError):
                    target.rename(old)
                try:
                    draft.rename(target)
                except OSError:
                    with contextlib.suppress(FileNotFoundError):
                        old.rename(target)
                    raise
                remove(old)
        sync_folder(target.parent)

    def quarantine(self, path: Path, reason: str) -> Path:
        """Move something damaged out of the way, beside a text that says why.

        Args:
            path: a file or folder in this results folder.
            reason: what is wrong with it.

        Returns:
            Where it is now.
        """
        with self.writing():
            place = self.folder / "quarantine"
            place.mkdir(exist_ok=True)
            away = place / f"{path.name}-{uuid.uuid4().hex[:8]}"
            path.rename(away)
            write(away.with_name(f"{away.name}.txt"), f"{reason}\n".encode())
            sync_folder(place)
        return away

    def _draft(self, name: str) -> Path:
        return self.folder / ".work" / f"{name}-{uuid.uuid4().hex}"

    def _replace(self, path: Path, data: bytes) -> None:
        draft = self._draft(path.name)
        try:
            with self.writing():
                path.parent.mkdir(exist_ok=True)
                write(draft, data)
                draft.replace(path)
                sync_folder(path.parent)
        finally:
            draft.unlink(missing_ok=True)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Turn what goes wrong with the disk into one sentence."""
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
        """Read experiment.json, with the cells as key -> record.

        Raises:
            StoreError: if there is none, or it is damaged or of a newer format.
        """
        if not self.exists:
            raise StoreError(f"'{self.folder}' holds no results; `ganbench run` makes some.")
        head = self._head()
        path, entry = self._cells(head), head["cells"]
        if path is None:
            return head

        def cells(data: bytes) -> Json:
            wrong = fault(path.name, data, entry)
            if wrong:
                raise ValueError(wrong)
            return cellfile.read(data)

        return {**head, "cells": self._read(path, cells)}

    @property
    def cells_file(self) -> Path | None:
        """The file of the cells, None where experiment.json holds them, as format 1 did."""
        return self._cells(self._head())

    def _head(self) -> Json:
        return self._json(self.folder / "experiment.json", "name", "grid", "cells")

    def _cells(self, head: Json) -> Path | None:
        if set(head["cells"]) != {"bytes", "sha256"}:
            return None
        return self.folder / "cells" / f"{part(str(head['cells']['sha256']))}.parquet"

    def ids(self) -> list[str]:
        """List the ids of all published runs, in order."""
        folder = self.folder / "runs"
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return sorted(filter(is_part, names))  # others are not ours

    def runs(self) -> dict[str, Json]:
        """Read the record of every published run, by id."""
        return {run_id: self.run(run_id) for run_id in self.ids()}

    def run(self, run_id: str) -> Json:
        """Read the record of one run."""
        return self._of_run(run_id, "run.json", unsealed)

    def floors(self) -> dict[str, Json]:
        """Read all real-vs-real scores, by id."""
        return {path.stem: self._json(path, "floors") for path in self.floor_files()}

    def floor_files(self) -> list[Path]:
        """List the files of real-vs-real scores."""
        folder = self.folder / "floors"
        return sorted(folder.glob("*.json")) if os.path.isdir(folder) else []

    def floor(self, floor_id: str) -> Json:
        """Read the real-vs-real scores of one dataset and metric."""
        return self._json(self.folder / "floors" / f"{part(floor_id)}.json", "floors")

    def scores(self, run_id: str) -> pd.DataFrame | None:
        """Read the scores of a run, None where it has none."""
        return self._optional(run_id, "scores.parquet", table)

    def history(self, run_id: str) -> pd.DataFrame | None:
        """Read the learning curves of a run, None where it has none."""
        return self._optional(run_id, "history.parquet", table)

    def samples(self, run_id: str) -> torch.Tensor:
        """Read the stored samples (n, *shape) of a run."""
        return self._of_run(run_id, "samples.safetensors", load)["samples"]

    def generator(self, run_id: str) -> dict[str, torch.Tensor]:
        """Read the generator's parameters and buffers, by name."""
        return self._of_run(run_id, "generator.safetensors", load)

    def critic(self, run_id: str) -> dict[str, torch.Tensor] | None:
        """Read the critic's parameters and buffers, by name; None where none is stored.

        Runs of formats before 3 have none, and neither have baselines and critics without
        anything to learn.
        """
        return self._optional(run_id, "critic.safetensors", load)

    def log(self, run_id: str) -> str:
        """Read the log of a run; of a failed one it ends with the traceback."""
        return self._of_run(run_id, "log.txt", bytes.decode)

    def files(self, run_id: str) -> RunFiles:
        """Read everything that a run holds."""
        contents, wrong = self.checked(run_id)
        if wrong:
            raise self._damaged(self.folder / "runs" / run_id, wrong)
        return parse(contents)

    def checked(self, run_id: str) -> tuple[dict[str, bytes], str]:
        """Read the files of a run as bytes, and say what is wrong with them, if anything.

        Raises:
            StoreError: if they are of a newer format.
        """
        folder = self.folder / "runs" / part(run_id)
        if folder.is_symlink() or not folder.is_dir():
            return {}, "it is no folder"
        contents = {}
        try:
            names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
        except OSError as error:
            return {}, f"it cannot be read ({error})"
        for name in names:
            try:
                contents[name] = read(folder / name)
            except (OSError, ValueError) as error:
                return {}, f"{name} cannot be read ({error})"
        return contents, misfit(run_id, contents)

    def _optional(self, run_id: str, name: str, reader: Callable[[bytes], T]) -> T | None:
        there = (self.folder / "runs" / part(run_id) / name).exists()
        return self._of_run(run_id, name, reader) if there else None

    def _of_run(self, run_id: str, name: str, reader: Callable[[bytes], T]) -> T:
        """Read one file of a run, if it is as its manifest says."""
        folder = self.folder / "runs" / part(run_id)
        entries = self._read(folder / "manifest.json", listed)
        if name not in entries:
            raise StoreError(
                f"The run {run_id} in '{self.folder}' holds no {name}: it failed, or the bundle "
                "that it came in has left that out."
            )

        def checked(data: bytes) -> T:
            wrong = fault(name, data, entries[name])
            if wrong:
                raise ValueError(wrong)
            return reader(data)

        return self._read(folder / name, checked)

    def _json(self, path: Path, *required: str) -> Json:
        def complete(data: bytes) -> Json:
            found = unsealed(data)
            lacking = [key for key in required if key not in found]
            if lacking:
                raise ValueError(f"it lacks {', '.join(lacking)}")
            return found

        return self._read(path, complete)

    def _read(self, path: Path, reader: Callable[[bytes], T]) -> T:
        try:
            return reader(read(path))
        except StoreError as error:
            raise StoreError(f"'{path}' cannot be read: {error}") from error
        except Exception as error:
            what = (isinstance(error, OSError) and error.strerror) or error
            raise self._damaged(path, str(what)) from error

    def _damaged(self, path: Path, what: str) -> StoreError:
        return StoreError(
            f"'{path}' is missing or damaged ({what}). `ganbench store verify {self.folder} "
            "--quarantine` moves it out of the way; then the same command as before makes it anew."
        )


def part_of_run(name: str) -> str:
    """Return the name of a file of a run, which may not lead elsewhere."""
    stem, _, ending = name.partition(".")
    return f"{part(stem)}.{part(ending)}"


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there; links are not followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
