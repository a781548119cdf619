"""Tables of a results folder: every run as it is, and every cell summarised over its seeds."""

import functools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
from scipy import stats

from ganbench.comparison.columns import (
    BASELINE,
    CELL,
    Column,
    columns_of,
    row_labels,
    runs,
)
from ganbench.comparison.pairing import ABSENT
from ganbench.comparison.wording import number
from ganbench.plugins import NOTHING
from ganbench.report.contests import Contest, contests
from ganbench.results import COSTS, MACHINE

TIDY_COLUMNS = (
    *("run_id", "dataset", "prior", "generator", "discriminator", "loss", "seed"),
    *("status", "reason", "metric", "estimator", "value", "low", "high", "p_value"),
    *("floor", "floor_p95", "n_real", "n_fake", "generator_steps"),
    *("train_seconds", "eval_seconds", "device", "engine", "block", "attempts", *COSTS),
    *MACHINE,
    "better",
    "headline",
)
REAL = "real vs real"
NEAR = "*"
"""Marks a mean of a cell that may be the best as well."""
LEGEND = (
    "mean ± half-width of the 95% t interval over the ok seeds; bold is best (the least share of "
    "failed runs, then the best mean, geometric where comparisons tell ratios), and a star marks "
    "what may be the best as well: not told apart from it by paired tests over the seeds, "
    "corrected for the number of rivals, at 5%",
    f"{REAL}: mean, and in brackets the 95% point, of the same score between two real samples of "
    "the same size",
)


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per run and score, in the published columns."""
    return frame.loc[:, list(TIDY_COLUMNS)]


# ------------------------------------------------------------------------------ what a table is


@dataclass(frozen=True)
class Estimate:
    """A score over the seeds of a cell, with the 95% t interval of its mean.

    Attributes:
        values: seed -> value, of the runs that are ok.
    """

    values: Mapping[int, float]

    @property
    def n(self) -> int:
        """Number of seeds."""
        return len(self.values)

    @functools.cached_property
    def mean(self) -> float:
        """Mean over seeds, NaN without any."""
        return sum(self.values.values()) / self.n if self.n else math.nan

    @functools.cached_property
    def half(self) -> float:
        """Half the width of the interval, NaN for fewer than two seeds."""
        if self.n < 2 or not math.isfinite(self.mean):
            return math.nan
        error = float(stats.sem(list(self.values.values())))
        return _quantile(self.n - 1) * error

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.mean + self.half


@functools.cache
def _quantile(freedom: int) -> float:
    """Return the 97.5% point of the t distribution."""
    return float(stats.t.ppf(0.975, freedom))


_Estimates = Mapping[tuple[int, str], Estimate]
"""(number of a cell, metric) -> estimate."""


class Floor(NamedTuple):
    """A score between two real samples: its mean and its 95% point."""

    mean: float
    p95: float


@dataclass(frozen=True)
class Row:
    """One cell: what was trained on a dataset, over all its seeds.

    Attributes:
        prior: label of the noise.
        architecture: the generator, and the discriminator where it differs; for a law that was
            fitted without a game, "baseline".
        loss: label of the loss, or of the baseline.
        planned: number of runs.
        runs: seed -> run id, of the runs that are ok.
        status: "ok" if any run is, else what most of them are.
        scores: name of a column -> estimate.
        failed: number of runs that ended without scores; those that are missing are not among
            them.
    """

    prior: str
    architecture: str
    loss: str
    planned: int
    runs: Mapping[int, str]
    status: str
    scores: Mapping[str, Estimate]
    failed: int = 0

    @property
    def is_baseline(self) -> bool:
        """Whether a law was fitted, without a game."""
        return self.architecture == BASELINE

    @property
    def ok(self) -> str:
        """How many of the planned runs are ok."""
        return f"{len(self.runs)}/{self.planned}"


@dataclass(frozen=True)
class Section:
    """The rows of one dataset.

    Attributes:
        dataset: its label.
        columns: the scores that any of its rows has.
        rows: one per cell.
        floors: name of a column -> floor.
        priors: whether rows differ in their prior.
        contests: name of a column that has a better side -> who leads it.
    """

    dataset: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    floors: Mapping[str, Floor]
    priors: bool
    contests: Mapping[str, Contest]

    @functools.cached_property
    def games(self) -> tuple[Row, ...]:
        """The rows that are no baselines."""
        return tuple(row for row in self.rows if not row.is_baseline)

    def leads(self, row: Row, column: Column) -> bool:
        """Say whether a row is the best of a score, alone or with others; of some none is.

        Failures rank worst. Baselines are rivals of each other only where nothing was trained.
        """
        contest = self.contests.get(column.name)
        return contest is not None and self._places[id(row)] in contest.leaders

    def near(self, row: Row, column: Column) -> bool:
        """Say whether a row may be the best as well, see `ganbench.comparison.standings`.

        Where nothing can be tested, as with one seed, nothing is near.
        """
        contest = self.contests.get(column.name)
        return contest is not None and self._places[id(row)] in contest.near

    @functools.cached_property
    def _places(self) -> Mapping[int, int]:
        """Id of a row -> its place."""
        return {id(row): place for place, row in enumerate(self.rows)}

    def title(self, place: int) -> str:
        """Name a row in one line."""
        row = self.rows[place]
        return f"{self.player(row)} · {row.loss}"

    def player(self, row: Row) -> str:
        """Name the architecture, and the prior where the table has several."""
        named = self.priors and not row.is_baseline
        return f"{row.architecture}, {row.prior}" if named else row.architecture


@dataclass(frozen=True)
class Summary:
    """A table with a section per dataset.

    Attributes:
        sections: one per dataset that has a compatible cell.
        incompatible: number of cells left out.
    """

    sections: tuple[Section, ...]
    incompatible: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the numbers."""
        plural = "cell is" if self.incompatible == 1 else "cells are"
        omitted = f"{self.incompatible} incompatible {plural} left out"
        return (*LEGEND, omitted) if self.incompatible else LEGEND


def summary(frame: pd.DataFrame) -> Summary:
    """Summarise every compatible cell over its seeds."""
    barred = frame["status"].eq("incompatible")
    kept = frame[~barred]
    priors = kept["prior"][kept["prior"].ne(NOTHING.label)].nunique() > 1
    return Summary(
        sections=tuple(
            _section(str(dataset), part, priors)
            for dataset, part in kept.groupby("dataset", sort=False)
        ),
        incompatible=len(frame[barred].drop_duplicates(CELL)),
    )


def _section(dataset: str, frame: pd.DataFrame, priors: bool) -> Section:
    frame = frame.assign(cell=cell_numbers(frame))
    shown = frame["status"].eq("ok") & frame["headline"].eq(True) & frame["value"].notna()
    scores = frame[shown]
    columns = columns_of(scores)
    floors = scores.groupby("metric")[["floor", "floor_p95"]].mean()
    return Section(
        dataset=dataset,
        columns=columns,
        rows=_rows(runs(frame), columns, _estimates(scores)),
        floors={c.name: Floor(*map(float, floors.loc[c.metric])) for c in columns},
        priors=priors,
        contests=dict(contests(frame, columns)),
    )


def cell_numbers(frame: pd.DataFrame) -> "pd.Series[int]":
    """Number the cells of a frame in the order in which they appear."""
    return frame.groupby(CELL, sort=False, dropna=False).ngroup()


def _rows(
    planned: pd.DataFrame, columns: tuple[Column, ...], estimates: _Estimates
) -> tuple[Row, ...]:
    """Make the row of every cell, in the order of their numbers, from one line for each run."""
    ok: dict[int, dict[int, str]] = {}
    good = planned[planned["status"].eq("ok")]
    for cell, seed, run_id in zip(good["cell"], good["seed"], good["run_id"], strict=True):
        ok.setdefault(cell, {})[int(seed)] = str(run_id)
    counts = planned.groupby(["cell", "status"], as_index=False).size()
    usual = counts.sort_values(["cell", "size", "status"], ascending=[True, False, True])
    statuses = usual.drop_duplicates("cell").set_index("cell")["status"]
    totals = planned["cell"].value_counts()
    failed = planned[~planned["status"].isin(("ok", *ABSENT))]["cell"].value_counts()
    cells = planned.drop_duplicates("cell").set_index("cell")[CELL[1:]]
    none = Estimate({})
    return tuple(
        Row(
            *row_labels(*map(str, labels)),
            planned=int(totals[cell]),
            runs=ok.get(cell, {}),
            status="ok" if cell in ok else str(statuses[cell]),
            failed=int(failed.get(cell, 0)),
            scores={c.name: estimates.get((cell, c.metric), none) for c in columns},
        )
        for cell, *labels in cells.itertuples(name=None)
    )


def _estimates(scores: pd.DataFrame) -> _Estimates:
    """Collect the estimates of every cell that has scores."""
    values: dict[tuple[int, str], dict[int, float]] = {}
    columns = (scores[name] for name in ("cell", "metric", "seed", "value"))
    for cell, metric, seed, value in zip(*columns, strict=True):
        values.setdefault((cell, metric), {})[int(seed)] = float(value)
    return {key: Estimate(each) for key, each in values.items()}


# --------------------------------------------------------------------------------- how it reads


def wrapped(label: str, width: int = 22) -> str:
    """Break a label where it can be, best between components, to lines of about `width`."""
    lines = [""]
    pieces = [
        part
        for piece in re.split(r"(?<=[+, ])", label)
        for part in (re.split(r"(?<=[(_])", piece) if len(piece) > width + 1 else [piece])
    ]
    for piece in pieces:
        if lines[-1] and len(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


class Entry(NamedTuple):
    """One printed cell and whether it is the best of its column."""

    text: str
    best: bool = False


class Sheet(NamedTuple):
    """A section as text: the last row is the floor, and the first `labels` columns are words."""

    header: list[str]
    rows: list[list[Entry]]
    floor: list[str]
    labels: int


def _floor(floor: Floor) -> str:
    known = math.isfinite(floor.p95)
    return f"{number(floor.mean)} ({number(floor.p95)})" if known else number(floor.mean)


def sheet(section: Section, places: Sequence[int] | None = None) -> Sheet:
    """Lay out a section as text, the same for every format; only the rows at `places` if given."""
    words = [*(["prior"] if section.priors else []), "architecture", "loss", "ok"]
    rows = []
    chosen = section.rows if places is None else [section.rows[place] for place in places]
    for row in chosen:
        labels = [*([row.prior] if section.priors else []), row.architecture, row.loss, row.ok]
        entries = [
            Entry(
                number(score.mean, score.half) + NEAR * section.near(row, column),
                section.leads(row, column),
            )
            for column in section.columns
            for score in [row.scores[column.name]]
        ]
        if not row.runs:
            labels[-1] = f"{row.ok} {row.status}"
        rows.append([*map(Entry, labels), *entries])
    floors = [_floor(section.floors[column.name]) for column in section.columns]
    return Sheet(
        header=[*words, *(column.title for column in section.columns)],
        rows=rows,
        floor=[REAL, *[""] * (len(words) - 1), *floors],
        labels=len(words),
    )
