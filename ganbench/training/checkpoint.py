"""Checkpoints: everything that training needs to go on as if it had never stopped.

One safetensors file, with what is no tensor as JSON in its header, replaced whole by one rename:
networks, optimisers, moving average, loss state, the position of every stream and the history.
"""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ganbench.errors import StoreError

if TYPE_CHECKING:
    from ganbench.training.ensemble import Ensemble
    from ganbench.training.loop import Progress

FORMAT = 2


class Checkpoint:
    """Where a block of seeds saves to, and goes on from.

    Args:
        path: of the file; its folder exists.
        key: identifies the block; a checkpoint of another is ignored.
        interval: seconds between two savings.
        runs: ids of the runs of the block.
    """

    def __init__(self, path: Path, key: str, interval: float, runs: Sequence[str] = ()) -> None:
        self.path, self.key, self.interval, self.runs = path, key, interval, list(runs)
        self.last = time.monotonic()

    def due(self) -> bool:
        """Whether the interval has passed since the last saving."""
        return time.monotonic() - self.last >= self.interval

    def save(self, progress: "Progress[Ensemble]") -> None:
        """Replace the checkpoint by the present state.

        Raises:
            StoreError: if it cannot be written; the checkpoint before it stays.
        """
        streams, used = progress.ensemble.streams.position()
        state = progress.ensemble.state
        held = {
            f"state.{name}": value.detach().cpu().contiguous() for name, value in state.items()
        }
        held |= {f"stream.{name}": value for name, value in streams.items()}
        facts: dict[str, Any] = {
            "format": FORMAT,
            "key": [self.key, torch.__version__],
            "step": progress.step,
            "used": used,
            "history": progress.history,
            "diverged": list(progress.diverged.items()),
            "seconds": progress.seconds,
            "joules": progress.joules,
            "runs": self.runs,
        }
        facts["sha256"] = _digest(held, facts)
        draft = self.path.with_suffix(f".{os.getpid()}-{uuid.uuid4().hex[:8]}")
        try:
            save_file(held, draft, {"ganbench": json.dumps(facts)})
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
            draft.replace(self.path)
        except (OSError, SafetensorError) as error:
            draft.unlink(missing_ok=True)
            raise StoreError(f"Cannot write the checkpoint '{self.path}': {error}.") from error
        self.last = time.monotonic()

    def restore(self, progress: "Progress[Ensemble]") -> None:
        """Put the saved state in place of the present one, if there is one to use.

        A file that is missing, damaged or of another block is passed over: training starts anew.
        """
        try:
            with safe_open(self.path, "pt") as file:
                facts = json.loads(file.metadata()["ganbench"])
                if (facts["format"], facts["key"]) != (FORMAT, [self.key, torch.__version__]):
                    return
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            found = {k: v.shape for k, v in tensors.items() if k.startswith("state.")}
            state = progress.ensemble.state
            wanted = {f"state.{name}": value.shape for name, value in state.items()}
            if found != wanted or _digest(tensors, facts) != facts["sha256"]:
                return
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            return
        ensemble = progress.ensemble
        for name, value in ensemble.state.items():
            value.copy_(tensors[f"state.{name}"])
        streams = {
            k.removeprefix("stream."): v for k, v in tensors.items() if k.startswith("stream.")
        }
        ensemble.streams.seek(streams, facts["used"])
        progress.step = progress.resumed = facts["step"]
        progress.seconds, progress.joules = facts["seconds"], facts.get("joules")
        progress.history = [tuple(row) for row in facts["history"]]
        progress.diverged = dict(facts["diverged"])

    def discard(self) -> None:
        """Remove the file, once the runs are published."""
        self.path.unlink(missing_ok=True)


def runs_of(path: Path) -> list[str]:
    """Read whose training a checkpoint holds: ids of runs, none if it cannot be read."""
    try:
        with safe_open(path, "pt") as file:
            runs: list[str] = json.loads(file.metadata()["ganbench"])["runs"]
            return runs
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return []


def _digest(tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> str:
    """Hash everything in a checkpoint but the hash."""
    told = {name: value for name, value in facts.items() if name != "sha256"}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for name in sorted(tensors):
        value = tensors[name].contiguous()
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        digest.update(bytes(value.flatten().view(torch.uint8).numpy()))
    return digest.hexdigest()
