"""What a run's folder holds: how it is written, and what is wrong with one that was read."""

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from safetensors.torch import load, save

from ganbench.store.disk import sealed, sha256, unsealed
from ganbench.store.parquet import opened, read_parquet

Json = dict[str, Any]

FAILURES = ("diverged", "failed", "killed", "oom", "timeout", "invalid-output")
"""Statuses of runs that were tried to the end and gave nothing that can be scored."""

STATUSES = ("ok", *FAILURES, "interrupted")
"""Statuses of stored runs."""

_COLUMNS = {
    "history.parquet": {"step", "quantity", "value"},
    "scores.parquet": {"metric", "estimator", "value", "score_id"},
}
_MOST_LOG = 1_000_000
"""Characters of a log that are kept."""


@dataclass(frozen=True)
class RunFiles:
    """The content of one run's folder; what a failed run lacks is None."""

    run: Json
    history: pd.DataFrame | None = None
    samples: torch.Tensor | None = None
    generator: Mapping[str, torch.Tensor] | None = None
    critic: Mapping[str, torch.Tensor] | None = None
    scores: pd.DataFrame | None = None
    log: str = ""

    def contents(self) -> dict[str, bytes]:
        """Serialise to file name -> bytes, with the manifest."""
        log = self.log[-_MOST_LOG:].encode(errors="replace")
        files = {"run.json": sealed(self.run), "log.txt": log}
        for name, frame in (("history", self.history), ("scores", self.scores)):
            if frame is not None:
                buffer = io.BytesIO()
                frame.to_parquet(buffer, index=False)
                files[f"{name}.parquet"] = buffer.getvalue()
        if self.samples is not None:
            files["samples.safetensors"] = save({"samples": self.samples.contiguous()})
        for name, values in (("generator", self.generator), ("critic", self.critic)):
            if values is not None:
                tensors = {key: value.contiguous() for key, value in values.items()}
                files[f"{name}.safetensors"] = save(tensors)
        return {**files, "manifest.json": sealed({"files": _manifest(files)})}


def parse(contents: Mapping[str, bytes]) -> RunFiles:
    """Read what `RunFiles.contents` wrote.

    Raises:
        Exception: whatever a reader raises at what it cannot read.
    """
    frames = {
        name: table(contents[f"{name}.parquet"]) if f"{name}.parquet" in contents else None
        for name in ("history", "scores")
    }
    tensors = {
        name: load(contents[f"{name}.safetensors"]) if f"{name}.safetensors" in contents else None
        for name in ("samples", "generator", "critic")
    }
    samples = tensors["samples"]
    return RunFiles(
        unsealed(contents["run.json"]),
        frames["history"],
        None if samples is None else samples["samples"],
        tensors["generator"],
        tensors["critic"],
        frames["scores"],
        contents["log.txt"].decode(),
    )


def without(contents: Mapping[str, bytes], names: Collection[str]) -> dict[str, bytes]:
    """Take networks, "generator" or "critic", out of the files of a run."""
    gone = {f"{name}.safetensors" for name in names}
    return _sealed_anew({name: data for name, data in contents.items() if name not in gone})


def with_networks(contents: Mapping[str, bytes], other: Mapping[str, bytes]) -> dict[str, bytes]:
    """Add the networks that the files of a run lack, from others with the same samples."""
    name = "samples.safetensors"
    if contents.get(name) is None or contents[name] != other.get(name):
        return dict(contents)
    found = {f"{player}.safetensors" for player in ("generator", "critic")} & set(other)
    return _sealed_anew({**{name: other[name] for name in found}, **contents})


def _sealed_anew(contents: dict[str, bytes]) -> dict[str, bytes]:
    """Bring the manifest in step with the files beside it."""
    before = listed(contents["manifest.json"])
    files = {name: contents[name] for name in _NAMES if name in contents}
    if set(before) == set(files):
        return contents
    return {**files, "manifest.json": sealed({"files": _manifest(files)})}


def table(data: bytes) -> pd.DataFrame:
    """Read a parquet file."""
    frame: pd.DataFrame = read_parquet(data).to_pandas(use_threads=False)
    return frame


def _manifest(contents: Mapping[str, bytes]) -> Json:
    return {name: {"bytes": len(data), "sha256": sha256(data)} for name, data in contents.items()}


def listed(manifest: bytes) -> dict[str, Json]:
    """Read a manifest: file name -> size and sha256.

    Raises:
        ValueError: if it is damaged.
        StoreError: if its format is newer.
    """
    files = unsealed(manifest)["files"]
    for name, entry in files.items():
        if set(entry) != {"bytes", "sha256"} or name not in _NAMES:
            raise ValueError(f"it lists {name!r}, which is no file of a run")
    result: dict[str, Json] = files
    return result


_NAMES = (
    "run.json", "log.txt", "history.parquet", "scores.parquet", "samples.safetensors",
    "generator.safetensors", "critic.safetensors",
)  # fmt: skip


def fault(name: str, data: bytes, entry: Json) -> str:
    """Say how a file differs from its entry in the manifest, nothing if it does not."""
    if len(data) != entry["bytes"]:
        return f"{name} has {len(data)} bytes instead of {entry['bytes']}"
    return "" if sha256(data) == entry["sha256"] else f"{name} does not have its sha256"


def misfit(run_id: str, contents: Mapping[str, bytes]) -> str:
    """Say what in the files of a run is not as it must be, nothing if all is well.

    Args:
        run_id: what the run should be.
        contents: file name -> bytes, with the manifest.

    Raises:
        StoreError: if the format is newer.
    """
    try:
        manifest = listed(contents["manifest.json"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"manifest.json is missing or damaged ({error})"
    lacking = sorted({"run.json", "log.txt", *manifest} - set(contents))
    if lacking:
        return f"{', '.join(lacking)} is missing"
    unlisted = sorted(set(contents) - set(manifest) - {"manifest.json"})
    if unlisted:
        are, them = ("is", "it") if len(unlisted) == 1 else ("are", "them")
        return f"{', '.join(unlisted)} {are} not in the manifest: remove {them}"
    faults = (fault(name, contents[name], entry) for name, entry in manifest.items())
    return next(filter(None, faults), "") or _schema_misfit(run_id, contents)


def _schema_misfit(run_id: str, contents: Mapping[str, bytes]) -> str:
    try:
        run = unsealed(contents["run.json"])
        for name, columns in _COLUMNS.items():
            if name in contents:
                lacking = columns - set(opened(contents[name]).schema_arrow.names)
                if lacking:
                    return f"{name} lacks {', '.join(sorted(lacking))}"
    except (ValueError, OSError) as error:
        return f"its files cannot be read ({error})"
    wrong = [
        name
        for name, fits in {
            "run_id": run.get("run_id") == run_id,
            "seed": isinstance(run.get("seed"), int),
            "status": run.get("status") in STATUSES,
            "reason": isinstance(run.get("reason", ""), str),
        }.items()
        if not fits
    ]
    if wrong:
        return f"run.json has {wrong[0]} = {run.get(wrong[0])!r}"
    if run["status"] == "ok" and "samples.safetensors" not in contents:
        return "samples.safetensors is missing"
    return ""
