"""What the columns of the tidy frame mean to those who summarise and compare it."""

from dataclasses import dataclass

import pandas as pd

from ganbench.cells import pair_label
from ganbench.plugins import NOTHING

CELL = ["dataset", "prior", "generator", "discriminator", "loss"]
ARROWS = {"lower": "↓", "higher": "↑"}
BASELINE = "baseline"


@dataclass(frozen=True)
class Column:
    """One score that tables show.

    Attributes:
        metric: its name.
        estimator: how it is computed.
        better: "lower", "higher" or "neither".
    """

    metric: str
    estimator: str
    better: str

    @property
    def name(self) -> str:
        """The metric and, where that says more, its estimator."""
        known = self.estimator in ("", self.metric)
        return self.metric if known else f"{self.metric} {self.estimator}"

    @property
    def title(self) -> str:
        """The name with an arrow that points to the better side, if there is one."""
        return f"{self.name} {ARROWS.get(self.better, '')}".rstrip()


def columns_of(scores: pd.DataFrame) -> tuple[Column, ...]:
    """Return the scores of a frame in the order in which they appear."""
    keys = scores[["metric", "estimator", "better"]].fillna("").drop_duplicates()
    return tuple(Column(*key) for key in keys.itertuples(index=False, name=None))


def row_labels(prior: str, generator: str, discriminator: str, loss: str) -> tuple[str, str, str]:
    """Return the prior, the architecture and the loss as tables name them.

    A law that was fitted without a game stands in the place of the loss.
    """
    name, bracket, settings = loss.partition(" [")
    if name == NOTHING.label:
        return prior, BASELINE, f"{generator}{bracket}{settings}"
    return prior, pair_label(generator, discriminator), loss


def runs(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per run, in the order of the frame."""
    return frame.drop_duplicates([*CELL, "seed", "run_id"])
