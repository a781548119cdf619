"""Trackers: what is told of every run while a grid is run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class Tracker:
    """Passes on what becomes of runs: subclass it and write what you need.

    A tracker lives in a process of its own, where it may import, block, print and fail: an
    exception loses what it was told of and is shown once as a warning. One that raises in `open`
    is told nothing more. Its factory is called in the process of the command too, and does
    nothing but take parameters and refuse what cannot work.

    No failure of it harms a run; the results folder it only reads, but for `trackers` in it.
    """

    def open(self, folder: Path) -> None:
        """Begin.

        Args:
            folder: the results folder, absolute. Files of trackers go into its `trackers`.
        """

    def started(self, run: Mapping[str, Any]) -> None:
        """Hear that a run begins to train.

        Args:
            run: `run_id`, `seed`, the expressions of `dataset`, `prior`, `generator`,
                `discriminator` and `loss`, the `recipe` and the `device`; nothing else.
        """

    def progress(self, run: Mapping[str, Any], step: int, values: Mapping[str, float]) -> None:
        """Hear where a run is.

        Args:
            run: as in `started`.
            step: generator steps that are done.
            values: latest losses, and running scores as `metric/estimator`.
        """

    def finished(
        self, run: Mapping[str, Any], scores: Sequence[Mapping[str, Any]], files: Path
    ) -> None:
        """Hear that a run has ended, or that scores were added to it.

        A run that failed early, and one that was scored again, was not `started` before.

        Args:
            run: as in its run.json, with `status` and `reason`.
            scores: one mapping for each score: `metric`, `estimator`, `value`, `low`, `high`,
                `p_value` and more.
            files: folder of the run in the results folder, with run.json, history.parquet,
                samples.safetensors and so on; what a failed run lacks is not there. Only read
                it: the files are checksummed, and one more or one that is changed makes the run
                count as damaged.
        """

    def close(self) -> None:
        """End: no run will be told of any more."""
