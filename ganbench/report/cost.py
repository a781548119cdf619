"""What runs cost: seconds, steps and the size of generators, cell by cell."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from ganbench.report.tables import ABSENT, number, runs

_HOUR = 3600.0


class Cost(NamedTuple):
    """What a cell cost; numbers are NaN where nothing is known.

    Attributes:
        steps: generator updates of a run.
        training: mean seconds of a run, its share of its block's.
        scoring: mean seconds of scoring a run.
        size: numbers that the generator holds, None where that is not known.
        engine: how steps were run.
    """

    steps: int
    training: float
    scoring: float
    size: int | None
    engine: str

    @property
    def entries(self) -> list[tuple[str, float | None]]:
        """Each number as a reader sees it, and for sorting; None where it is not known."""
        seconds = (self.training, self.scoring)
        known = [None if pd.isna(value) else value for value in seconds]
        return [
            (f"{self.steps:,}", self.steps),
            *zip(map(number, seconds), known, strict=True),
            (ABSENT if self.size is None else f"{self.size:,}", self.size),
        ]


HEADER = (
    ("generator steps", "lower"),
    ("training, s per run", "lower"),
    ("scoring, s per run", "lower"),
    ("generator size", "lower"),
)
"""Titles of the entries of a cost, and which end comes first in sorting."""


def costs(
    numbered: pd.DataFrame, places: Sequence[int], size: Callable[[str], int | None]
) -> Mapping[int, Cost]:
    """Average what the ok runs of cells cost.

    Args:
        numbered: one line for each run, with the place of its row as `cell`.
        places: of the cells that are asked for; those without an ok run have no cost.
        size: run id -> how many numbers its generator holds.

    Returns:
        Place -> cost.
    """
    ok = numbered[numbered["status"].eq("ok") & numbered["cell"].isin(places)]
    first = ok.drop_duplicates("cell").set_index("cell")
    training, scoring = (
        pd.to_numeric(ok[name]).groupby(ok["cell"]).mean()
        for name in ("train_seconds", "eval_seconds")
    )
    columns = (first["run_id"], first["generator_steps"], first["engine"])
    return {
        int(cell): Cost(
            steps=int(steps),
            training=float(training[cell]),
            scoring=float(scoring[cell]),
            size=size(run_id),
            engine=str(engine),
        )
        for cell, run_id, steps, engine in zip(first.index, *columns, strict=True)
    }


def total(frame: pd.DataFrame) -> str:
    """Say in one sentence what all runs that are there took."""
    every = runs(frame)
    training, scoring = (
        pd.to_numeric(every[name]).sum() for name in ("train_seconds", "eval_seconds")
    )
    return f"Training took {_time(training)} in all, and scoring {_time(scoring)}."


def _time(seconds: float) -> str:
    if seconds < 2 * 60:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.1f} hours"
