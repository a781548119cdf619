"""Checkpoints: everything that training needs to go on as if it had never stopped.

One safetensors file, with what is no tensor as JSON in its header, replaced whole by one rename:
networks, optimisers, moving average, loss state, the position of every stream and the history.
"""

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ganbench.errors import StoreError

if TYPE_CHECKING:
    from ganbench.training.ensemble import Ensemble
    from ganbench.training.loop import Progress

FORMAT = 1


class Checkpoint:
    """Where a block of seeds saves to, and goes on from.

    Args:
        path: of the file; its folder exists.
        key: identifies the block; a checkpoint of another is ignored.
        interval: seconds between two savings.
    """

    def __init__(self, path: Path, key: str, interval: float) -> None:
        self.path, self.key, self.interval = path, key, interval
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
        tensors = {f"state.{name}": value for name, value in progress.ensemble.state.items()}
        tensors |= {f"stream.{name}": value for name, value in streams.items()}
        facts = {
            "format": FORMAT,
            "key": [self.key, torch.__version__],
            "step": progress.step,
            "used": used,
            "history": progress.history,
            "diverged": list(progress.diverged.items()),
            "seconds": progress.seconds,
        }
        draft = self.path.with_suffix(".draft")
        try:
            held = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
            save_file(held, draft, {"ganbench": json.dumps(facts)})
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
            draft.replace(self.path)
        except (OSError, SafetensorError) as error:
            raise StoreError(f"Cannot write the checkpoint '{self.path}': {error}.") from error
        self.last = time.monotonic()

    def restore(self, progress: "Progress[Ensemble]") -> bool:
        """Put the saved state in place of the present one; say whether there was one to use.

        A file that is missing, damaged or of another block is passed over: training starts anew.
        """
        try:
            with safe_open(self.path, "pt") as file:
                facts = json.loads(file.metadata()["ganbench"])
                if (facts["format"], facts["key"]) != (FORMAT, [self.key, torch.__version__]):
                    return False
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            found = {k: v.shape for k, v in tensors.items() if k.startswith("state.")}
            state = progress.ensemble.state
            if found != {f"state.{name}": value.shape for name, value in state.items()}:
                return False
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            return False
        ensemble = progress.ensemble
        for name, value in ensemble.state.items():
            value.copy_(tensors[f"state.{name}"])
        streams = {
            k.removeprefix("stream."): v for k, v in tensors.items() if k.startswith("stream.")
        }
        ensemble.streams.seek(streams, facts["used"])
        progress.step = progress.resumed = facts["step"]
        progress.seconds = facts["seconds"]
        progress.history = [tuple(row) for row in facts["history"]]
        progress.diverged = dict(facts["diverged"])
        return True

    def discard(self) -> None:
        """Remove the file, once the runs are published."""
        self.path.unlink(missing_ok=True)
