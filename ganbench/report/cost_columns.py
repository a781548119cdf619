"""What cells cost, as columns of the page."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from ganbench.comparison.columns import runs
from ganbench.comparison.wording import ABSENT, number

_HOUR = 3600.0


class Cost(NamedTuple):
    """What a cell cost; numbers are NaN where nothing is known.

    Attributes:
        generator_steps: generator updates of a run.
        train_seconds: mean of a run, its share of its block's.
        eval_seconds: mean of scoring a run.
        generator_parameters: trained numbers.
        critic_parameters: trained numbers.
    """

    generator_steps: float
    train_seconds: float
    eval_seconds: float
    generator_parameters: float
    critic_parameters: float

    @property
    def entries(self) -> list[tuple[str, float | None]]:
        """Each number as a reader sees it, and for sorting; None where it is not known."""
        counted = (True, False, False, True, True)
        return [
            (ABSENT, None) if pd.isna(value) else (_shown(value, count), value)
            for value, count in zip(self, counted, strict=True)
        ]


HEADER = (
    ("generator steps", "lower"),
    ("training, s per run", "lower"),
    ("scoring, s per run", "lower"),
    ("generator parameters", "lower"),
    ("critic parameters", "lower"),
)
"""Titles of the entries of a cost, and which end comes first in sorting."""


def cost_columns(spent: pd.DataFrame) -> Mapping[int, Cost]:
    """Return the costs of cells by their places, from what `ganbench.report.cost.spent` found."""
    rows = spent[list(Cost._fields)].itertuples(name=None)
    return {int(place): Cost(*values) for place, *values in rows}


def total(frame: pd.DataFrame) -> str:
    """Say in one sentence what all runs that are there took."""
    every = runs(frame)
    training, scoring = (
        pd.to_numeric(every[name]).sum() for name in ("train_seconds", "eval_seconds")
    )
    return f"Training took {_time(training)} in all, and scoring {_time(scoring)}."


def _shown(value: float, count: bool) -> str:
    return f"{value:,.0f}" if count else number(value)


def _time(seconds: float) -> str:
    if seconds < 2 * 60:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.1f} hours"
