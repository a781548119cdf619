"""What a results folder holds, in two tables, without reading it all each time.

Segments below `.index/` keep what was read of runs that were found whole, by a stamp of their
files; only runs with a new stamp are read and checked. Segments are derived: any may be deleted,
and one that is damaged is.
"""

import contextlib
import functools
import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ganbench.store.contents import Json
from ganbench.store.disk import sha256, unsealed, write
from ganbench.store.folder import Store
from ganbench.store.parquet import read_parquet

_MOST_SEGMENTS = 16
_BATCH = 1000
_RUN = {
    "status": pa.string(), "reason": pa.string(), "device": pa.string(), "engine": pa.string(),
    "steps": pa.int64(), "samples": pa.int64(), "train_seconds": pa.float64(),
    "eval_seconds": pa.float64(), "attempts": pa.int64(), "joules": pa.float64(),
    "generator_parameters": pa.int64(), "critic_parameters": pa.int64(),
    "generator_passes": pa.int64(), "critic_passes": pa.int64(), "torch": pa.string(),
    "hardware": pa.string(),
}  # fmt: skip
_SCORE = {
    "metric": pa.string(), "estimator": pa.string(), "score_id": pa.string(),
    "value": pa.float64(), "low": pa.float64(), "high": pa.float64(), "p_value": pa.float64(),
    "n_real": pa.int64(), "n_fake": pa.int64(), "better": pa.string(),
    "headline": pa.bool_(),
}  # fmt: skip
_SCHEMA = pa.schema(
    {
        "run_id": pa.string(),
        "stamp": pa.string(),
        **_RUN,
        "scores": pa.list_(pa.struct(list(_SCORE.items()))),
    }
)


@dataclass(frozen=True)
class Index:
    """What is published in a results folder.

    Attributes:
        runs: one row for each run that is whole, by run id: status, reason, device, engine,
            steps, samples, train_seconds, eval_seconds, attempts, and what it cost: joules,
            parameters of both players, and how often they were applied to a batch; the build of
            torch, and the GPU or CPU.
        damaged: run id -> what is wrong with its files.
    """

    runs: pd.DataFrame
    damaged: dict[str, str]
    _table: pa.Table = field(repr=False)

    @functools.cached_property
    def scores(self) -> pd.DataFrame:
        """One row for each score: run_id, metric, estimator, score_id, value, low, high, ..."""
        lists = self._table["scores"].combine_chunks()
        of_run = pc.take(self._table["run_id"], pc.list_parent_indices(lists))
        flat = pa.table(dict(zip(_SCORE, pc.list_flatten(lists).flatten(), strict=True)))
        frame: pd.DataFrame = flat.append_column("run_id", of_run).to_pandas()
        return frame

    @functools.cached_property
    def score_ids(self) -> dict[str, set[str]]:
        """Run id -> the ids of its scores."""
        found: dict[str, set[str]] = {}
        for run_id, score_id in zip(self.scores["run_id"], self.scores["score_id"], strict=True):
            found.setdefault(run_id, set()).add(score_id)
        return found

    @functools.cached_property
    def stored(self) -> dict[str, Json]:
        """Run id -> status and number of samples, of the runs that are whole."""
        columns = (self.runs[name].tolist() for name in ("status", "samples"))
        return {
            run_id: {"status": status, "samples": samples}
            for run_id, status, samples in zip(self.runs.index, *columns, strict=True)
        }

    def tried(self, run_ids: Iterable[str]) -> dict[str, int]:
        """Return how often each of these runs was tried, of those that are there."""
        return {each: self._attempts[each] for each in run_ids if each in self._attempts}

    @functools.cached_property
    def _attempts(self) -> dict[str, int]:
        return dict(zip(self.runs.index, self.runs["attempts"].tolist(), strict=True))


def load_index(store: Store) -> Index:
    """Read what a results folder holds; runs that are new or changed are read and checked.

    Raises:
        StoreError: if something there is of a newer format.
    """
    present = dict(_stamps(store, store.ids()))
    table = _latest(_segments(store), present)
    known = set(table["run_id"].to_pylist())
    new = [run_id for run_id in present if run_id not in known]
    parts, damaged = [table], dict[str, str]()
    for start in range(0, len(new), _BATCH):
        fresh, wrong = _read(store, new[start : start + _BATCH], present)
        parts.append(fresh)
        damaged |= wrong
    table = pa.concat_tables(parts).combine_chunks()
    if len(new) > len(damaged) or len(list(_paths(store))) > _MOST_SEGMENTS:
        _compact(store, table)
    runs = table.select(["run_id", *_RUN]).to_pandas().set_index("run_id")
    return Index(runs, damaged, table)


def add_to_index(store: Store, run_ids: Sequence[str]) -> None:
    """Read runs that were just published, so that the next `load_index` need not."""
    table, _ = _read(store, run_ids, dict(_stamps(store, run_ids)))
    if len(table):
        _save(store, table)


def _stamps(store: Store, run_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each run with a stamp that changes when anything writes to its files."""
    folder = os.path.join(store.folder, "runs", "")
    for run_id in run_ids:
        facts = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(folder + run_id):
                found = entry.stat(follow_symlinks=False)
                facts.append(
                    (entry.name, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
                )
        yield run_id, hashlib.blake2b(repr(sorted(facts)).encode(), digest_size=8).hexdigest()


def _read(
    store: Store, run_ids: Sequence[str], stamps: dict[str, str]
) -> tuple[pa.Table, dict[str, str]]:
    rows: list[Json] = []
    damaged: dict[str, str] = {}
    for run_id in run_ids:
        contents, wrong = store.checked(run_id)
        if wrong:
            damaged[run_id] = wrong
            continue
        run = unsealed(contents["run.json"])
        row = {name: run.get(name) for name in _RUN}
        row["reason"] = str(run.get("reason", "")).encode(errors="replace").decode()
        row["attempts"] = len(run.get("attempts", []))
        row |= _machine(run.get("environment", {}))
        rows.append(
            {
                "run_id": run_id,
                "stamp": stamps[run_id],
                **row,
                "scores": _listed(contents.get("scores.parquet")),
            }
        )
    try:
        return pa.Table.from_pylist(rows, schema=_SCHEMA), damaged
    except (pa.ArrowException, UnicodeError, TypeError) as error:
        if len(rows) > 1:  # find whose it is
            return _joined(_read(store, [run_id], stamps) for run_id in run_ids)
        wrong = f"its fields do not have the types that they should have ({error})"
        return _SCHEMA.empty_table(), {**damaged, rows[0]["run_id"]: wrong}


def _machine(environment: Json) -> dict[str, str | None]:
    """Name the build of torch and the processor that trained."""
    device = environment.get("device")
    hardware = environment.get("cpu") if device == "cpu" else device
    return {"torch": environment.get("torch"), "hardware": hardware}


def _listed(scores: bytes | None) -> list[Json]:
    """Read scores as one row each, None where a value is missing."""
    if scores is None:
        return []
    rows = read_parquet(scores).to_pylist()
    return [
        {name: None if row.get(name) != row.get(name) else row.get(name) for name in _SCORE}
        for row in rows
    ]


def _joined(parts: Iterable[tuple[pa.Table, dict[str, str]]]) -> tuple[pa.Table, dict[str, str]]:
    tables, damages = zip(*parts, strict=True)
    return pa.concat_tables(tables), {key: each[key] for each in damages for key in each}


def _paths(store: Store) -> Iterator[Path]:
    return (store.folder / ".index").glob("*.parquet")


def _segments(store: Store) -> Iterator[pa.Table]:
    """Read the segments that are whole and of this format; remove others."""
    for path in sorted(_paths(store)):
        with contextlib.suppress(OSError):
            data = path.read_bytes()
            if sha256(data) == path.stem:
                table = read_parquet(data)
                if table.schema.equals(_SCHEMA):
                    yield table
                    continue
            path.unlink()


def _latest(segments: Iterable[pa.Table], present: dict[str, str]) -> pa.Table:
    """Select one row for each run whose stamp is the present one."""
    table = pa.concat_tables([_SCHEMA.empty_table(), *segments])
    chosen: dict[str, int] = {}
    pairs = zip(table["run_id"].to_pylist(), table["stamp"].to_pylist(), strict=True)
    for place, (run_id, stamp) in enumerate(pairs):
        if present.get(run_id) == stamp:
            chosen[run_id] = place
    return table.take(pa.array(sorted(chosen.values()), pa.int64()))


def _compact(store: Store, table: pa.Table) -> None:
    """Put one segment in the place of all."""
    old = list(_paths(store))
    kept = _save(store, table)
    for path in old:
        if kept is not None and path != kept:
            path.unlink(missing_ok=True)


def _save(store: Store, table: pa.Table) -> Path | None:
    """Write a segment; where that cannot be, the next reader reads the runs again."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    data = buffer.getvalue()
    with contextlib.suppress(OSError):
        folder = store.folder / ".index"
        folder.mkdir(exist_ok=True)
        path = folder / f"{sha256(data)}.parquet"
        draft = path.with_suffix(f".{os.getpid()}")
        try:
            write(draft, data)
            return draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    return None
