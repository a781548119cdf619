"""Keeping results folders in order: what is damaged, what is in the way, two made one."""

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ganbench.errors import StoreError
from ganbench.store.contents import Json, listed, with_networks
from ganbench.store.disk import size_of, unsealed
from ganbench.store.folder import Store, remove
from ganbench.store.index import load_index
from ganbench.store.leases import Leases
from ganbench.training.checkpoint import runs_of


@dataclass(frozen=True)
class Fault:
    """Something in a results folder that is not as it must be."""

    path: Path
    reason: str

    def __str__(self) -> str:
        """Say what and why."""
        return f"'{self.path}': {self.reason}"


def verify(store: Store, unread: bool = True) -> Iterator[Fault]:
    """Find what is damaged: sizes, sha256 and schema of every stored file.

    Args:
        store: the results folder.
        unread: whether to read every run again; else only those whose files were written to
            since they were read last.

    Raises:
        StoreError: if something is of a newer format.
    """
    damaged = load_index(store).damaged
    if unread:
        damaged = {run_id: store.checked(run_id)[1] for run_id in store.ids()}
    reads: dict[Path, Callable[[], object]] = {
        path: functools.partial(store.floor, path.stem) for path in store.floor_files()
    }
    if store.exists:
        reads[store.folder / "experiment.json"] = store.experiment
    faults = {store.folder / "runs" / run_id: wrong for run_id, wrong in damaged.items()}
    for path, wrong in (faults | {path: _wrong(read) for path, read in reads.items()}).items():
        if wrong:
            yield Fault(path, wrong)


def _wrong(read: Callable[[], object]) -> str:
    """Say why something cannot be read, nothing if it can."""
    try:
        read()
    except StoreError as error:
        if isinstance(error.__cause__, StoreError):
            raise
        return str(error.__cause__)
    return ""


def put_away(store: Store, fault: Fault) -> Path | None:
    """Move something damaged to quarantine, if nobody else has mended or moved it meanwhile.

    Returns:
        Where it is now, None if it is no longer damaged.

    Raises:
        StoreError: if it cannot be moved.
    """
    with store.locked():
        if not os.path.lexists(fault.path):
            return None
        if fault.path.parent.name == "runs":
            wrong = store.checked(fault.path.name)[1]
        elif fault.path.parent.name == "floors":
            wrong = _wrong(functools.partial(store.floor, fault.path.stem))
        else:
            wrong = _wrong(store.experiment)
        return store.quarantine(fault.path, wrong) if wrong else None


@dataclass(frozen=True)
class Litter:
    """Something that may go."""

    path: Path
    reason: str
    size: int


def litter(store: Store, unasked: bool = False, quarantined: bool = False) -> Iterator[Litter]:
    """Find what nobody needs: drafts, old cells, and checkpoints of runs that are done.

    Args:
        store: the results folder.
        unasked: whether runs that no recorded command asks for count as well.
        quarantined: whether what was found damaged counts as well.

    Raises:
        StoreError: if somebody is at work in the folder.
    """
    _refuse_company(store)
    for path, reason in _unneeded(store, unasked, quarantined):
        yield Litter(path, reason, size_of(path))


def _refuse_company(store: Store) -> None:
    others = Leases(store).others()
    if others:
        raise StoreError(
            f"{', '.join(others.values())} is at work in '{store.folder}'; wait for the end, "
            "or stop it."
        )


def _unneeded(store: Store, unasked: bool, quarantined: bool) -> Iterator[tuple[Path, str]]:
    folder, runs = store.folder, load_index(store).runs
    kept = {folder / ".work" / name for name in ("lock", "leases", "drivers")}
    drafts = set((folder / ".work").glob("*")) - kept
    yield from ((path, "left behind by a command that was killed") for path in sorted(drafts))
    current = store.cells_file
    for path in sorted((folder / "cells").glob("*")):
        if path != current:
            yield path, "replaced by newer cells"
    done = set(runs.index[runs["status"].isin(("ok", "diverged"))])
    for path in sorted((folder / "checkpoints").glob("*")):
        held = runs_of(path)
        if done.issuperset(held):
            yield path, "a checkpoint of runs that are done" if held else "no checkpoint"
    for run_id in _unasked(store) if unasked else ():
        yield folder / "runs" / run_id, "a run that no recorded command asks for"
    if quarantined and (folder / "quarantine").is_dir():
        yield folder / "quarantine", "found damaged before"


def _unasked(store: Store) -> list[str]:
    cells = store.experiment()["cells"].values()
    asked = {run_id for cell in cells for run_id in cell["runs"].values()}
    return [run_id for run_id in store.ids() if run_id not in asked]


def sweep(store: Store, found: list[Litter]) -> None:
    """Remove what `litter` has found.

    Raises:
        StoreError: if it cannot be removed.
    """
    with store.locked(), store.writing():
        _refuse_company(store)
        for each in found:
            remove(each.path)


@dataclass
class Merged:
    """What came of a merge: numbers of runs, and what is worth a look."""

    added: int = 0
    known: int = 0
    notes: list[str] = field(default_factory=list)


def merge(target: Store, source: Store) -> Merged:
    """Add what another results folder holds; what is there and ok stays.

    Every file is checked on its way. A run that is ok takes the place of one that is not; one
    that lacks its networks, as where a bundle has left them out, gets them.

    Args:
        target: has been created.
        source: is only read.

    Raises:
        StoreError: if one of the folders cannot be read, or the target not be written.
    """
    result = Merged()
    _merge_experiments(target, source)
    present = set(target.ids())
    for run_id in source.ids():
        contents, wrong = source.checked(run_id)
        if wrong:
            result.notes.append(f"Left out: the run {run_id} of '{source.folder}': {wrong}.")
            continue
        known, damaged = target.checked(run_id) if run_id in present else ({}, "none")
        if not damaged and not _is_better(contents, known):
            result.known += 1
            result.notes += _differences(run_id, source, contents, known)
            whole = with_networks(known, contents)
            if len(whole) > len(known):
                target.place(run_id, whole)
            continue
        target.place(run_id, contents)
        result.added += 1
    there = {path.stem for path in target.floor_files()}
    for path in source.floor_files():
        if path.stem not in there:
            target.write_floor(path.stem, source.floor(path.stem))
    return result


def _is_better(new: dict[str, bytes], known: dict[str, bytes]) -> bool:
    """Whether a run is ok and the one that is known is not."""
    statuses = [str(unsealed(each["run.json"])["status"]) for each in (new, known)]
    return statuses[0] == "ok" != statuses[1]


def _differences(
    run_id: str, source: Store, new: dict[str, bytes], known: dict[str, bytes]
) -> list[str]:
    """Note a run whose samples are not the same in both folders."""
    name = "samples.safetensors"
    first, second = (listed(each["manifest.json"]).get(name) for each in (new, known))
    if first is None or first == second:
        return []
    return [
        f"The run {run_id} has other samples in '{source.folder}'; those that were there are kept."
    ]


def _merge_experiments(target: Store, source: Store) -> None:
    new = source.experiment()
    with target.locked():
        before: Json = (
            target.experiment() if target.exists else {**new, "commands": [], "cells": {}}
        )
        cells = dict(before["cells"])
        for key, cell in new["cells"].items():
            known = cells.get(key, {"runs": {}, "scores": {}})
            merged = {name: {**cell[name], **known[name]} for name in ("runs", "scores")}
            cells[key] = {**cell, **known, **merged}
        commands = list(dict.fromkeys([*before["commands"], *new["commands"]]))
        target.write_experiment({**before, "commands": commands, "cells": cells})
