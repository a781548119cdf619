"""TensorBoard: a folder of event files for each run."""

import json
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganbench.api import DeviceError, Tracker, user_path
from ganbench_trackers.pictures import picture
from ganbench_trackers.telling import allowed, cell_title, curves, numbers, settings

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TensorBoard(Tracker):
    """Event files in a folder for each cell and seed: curves, scores, settings, samples.

    `tensorboard --logdir results/NAME/trackers/tensorboard` shows them, while they grow.

    Source: Abadi et al. 2016 (arXiv:1603.04467)

    Args:
        folder: of the event files; trackers/tensorboard in the results folder if left out.

    Raises:
        DeviceError: if the package tensorboard is not installed.
    """

    def __init__(self, folder: str | None = None) -> None:
        if find_spec("tensorboard") is None:
            raise DeviceError(
                "--tracker tensorboard needs the package tensorboard: "
                "pip install 'ganbench[tensorboard]'."
            )
        self.folder = user_path(folder) if folder is not None else None
        self.writers: dict[str, SummaryWriter] = {}

    def open(self, folder: Path) -> None:
        """Make the folder."""
        self.place = self.folder or folder / "trackers" / "tensorboard"
        self.place.mkdir(parents=True, exist_ok=True)

    def progress(self, run: Mapping[str, Any], step: int, values: Mapping[str, float]) -> None:
        """Write the latest losses and running scores."""
        if run["run_id"] not in self.writers:
            self.writers[run["run_id"]] = self._writer(run, step)
        writer = self.writers[run["run_id"]]
        for name, value in values.items():
            writer.add_scalar(allowed(name), value, step)
        writer.flush()

    def finished(
        self, run: Mapping[str, Any], scores: Sequence[Mapping[str, Any]], files: Path
    ) -> None:
        """Write the whole curves in the place of their points so far, and all else."""
        unfinished = self.writers.pop(run["run_id"], None)
        if unfinished is not None:
            unfinished.close()
        points, step = curves(files), run.get("steps") or 0
        with self._writer(run, 0 if points else step + 1) as writer:
            for at, name, value in points:
                writer.add_scalar(name, value, at)
            results = numbers(scores)
            for name, value in results.items():
                writer.add_scalar(name, value, step)
            self._describe(writer, run, results)
            drawn = picture(files)
            if drawn is not None:
                writer.add_figure("samples", drawn, step)

    def close(self) -> None:
        """Close what has not finished."""
        for writer in self.writers.values():
            writer.close()

    def _writer(self, run: Mapping[str, Any], begin: int) -> "SummaryWriter":
        """Open a new event file; of older ones, points from this step on no longer count."""
        from torch.utils.tensorboard import SummaryWriter

        cell = re.sub(r"[^\w.(),=+-]+", "_", cell_title(run))[:200]
        place = self.place / cell / f"seed-{run['seed']}-{run['run_id'][:6]}"
        return SummaryWriter(str(place), purge_step=begin)

    @staticmethod
    def _describe(
        writer: "SummaryWriter", run: Mapping[str, Any], results: Mapping[str, float]
    ) -> None:
        from torch.utils.tensorboard.summary import hparams

        plain = {
            name: value if isinstance(value, bool | int | float | str) else str(value)
            for name, value in settings(run).items()
        }
        known = {**plain, "seed": run["seed"], "status": run["status"]}
        for summary in hparams(known, dict(results)):  # type: ignore[no-untyped-call]
            file = writer._get_file_writer()  # type: ignore[no-untyped-call]
            file.add_summary(summary)
        writer.add_text("run", f"```\n{json.dumps(run, indent=1, default=str)}\n```")
