"""What cells cost, as columns of the page."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from ganbench.comparison.columns import runs
from ganbench.comparison.wording import ABSENT, number
from ganbench.report.cost import on_front, spent
from ganbench.report.tables import Section

_HOUR = 3600.0
FRONT = (
    "no cell of the dataset is as fast to train and ranks as well by the first score, and is "
    "better in one of the two"
)


class Heading(NamedTuple):
    """A column of costs.

    Attributes:
        name: as `ganbench.report.cost.spent` calls it.
        title: as a reader sees it.
        counted: whether these are whole numbers.
    """

    name: str
    title: str
    counted: bool


HEADER = (
    Heading("generator_steps", "generator steps", True),
    Heading("train_seconds", "training, s per run", False),
    Heading("eval_seconds", "scoring, s per run", False),
    Heading("joules", "energy, J per run", False),
    Heading("generator_parameters", "generator parameters", True),
    Heading("critic_parameters", "critic parameters", True),
    Heading("generator_passes", "batches through the generator", True),
    Heading("critic_passes", "batches through the critic", True),
)


class Cost(NamedTuple):
    """What a cell cost.

    Attributes:
        values: means over its ok runs, in the order of `HEADER`; NaN where nothing is known.
        front: whether no cell of its dataset is both faster to train and better.
    """

    values: Sequence[float]
    front: bool

    def entry(self, place: int) -> tuple[str, float | None]:
        """Return a number as a reader sees it, and for sorting; None where it is not known."""
        value = self.values[place]
        if pd.isna(value):
            return ABSENT, None
        return f"{value:,.0f}" if HEADER[place].counted else number(value), value


def cost_columns(section: Section, numbered: pd.DataFrame) -> Mapping[int, Cost]:
    """Return the costs of cells by their places.

    Args:
        section: the cells.
        numbered: one line for each run, with the place of its cell as `cell`.
    """
    means = spent(numbered)
    fronts = on_front(section, means["train_seconds"])
    values = means[[heading.name for heading in HEADER]].itertuples(name=None)
    return {int(place): Cost(each, bool(fronts[place])) for place, *each in values}


def known(costs: Iterable[Cost]) -> list[int]:
    """Return the places of the columns in which anything is known."""
    every = [cost.values for cost in costs]
    return [
        place for place in range(len(HEADER)) if any(pd.notna(values[place]) for values in every)
    ]


def total(frame: pd.DataFrame) -> str:
    """Say in one sentence what all runs that are there took."""
    every = runs(frame)
    training, scoring, joules = (
        pd.to_numeric(every[name]) for name in ("train_seconds", "eval_seconds", "joules")
    )
    energy = f" and {number(joules.sum())} J" if joules.notna().any() else ""
    return (
        f"Training took {_time(training.sum())}{energy} in all, and scoring "
        f"{_time(scoring.sum())}."
    )


def _time(seconds: float) -> str:
    if seconds < 2 * 60:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.1f} hours"
