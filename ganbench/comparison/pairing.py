"""From the tidy frame to values that are paired by task and seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganbench.comparison.columns import ARROWS, CELL, Column, columns_of, row_labels
from ganbench.components import unknown
from ganbench.errors import SpecError
from ganbench.plugins import NOTHING

Axis = Literal["loss", "architecture", "prior", "dataset"]
AXES: tuple[Axis, ...] = ("loss", "architecture", "prior", "dataset")
LABELS = ["dataset", "architecture", "prior", "loss"]
ABSENT = ("missing", "damaged", "interrupted")
"""Statuses of runs that are not done; all others but "ok" are failures."""

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Scores:
    """One score of T tasks, K variants and N seeds.

    Attributes:
        column: which score; it has a better side.
        variants: K labels.
        tasks: what is held fixed, a row for each of the T tasks.
        seeds: N numbers.
        values: (T, K, N), NaN where a run is not there, infinite on the worse side where it
            failed or its score is not finite.
        planned: (T, K), number of runs that were asked for; 0 where a task has no such variant.
        floor: (T, K), the same score between real samples; NaN if unknown.
        floor_p95: (T, K), its 95% point towards the worse.
        anchors: (T,), the mean of the worst law fitted without a game; NaN without any.
    """

    column: Column
    variants: tuple[str, ...]
    tasks: pd.DataFrame
    seeds: tuple[int, ...]
    values: Floats
    planned: Counts
    floor: Floats
    floor_p95: Floats
    anchors: Floats

    def select(self, kept: Flags | Counts) -> "Scores":
        """Return the scores of some of the tasks: flags (T,), or their places."""
        return replace(
            self,
            tasks=self.tasks.iloc[kept].reset_index(drop=True),
            **{name: getattr(self, name)[kept] for name in _OF_TASKS},
        )

    @property
    def sign(self) -> int:
        """1 where lower is better, -1 where higher is."""
        return 1 if self.column.better == "lower" else -1

    @cached_property
    def costs(self) -> Floats:
        """(T, K, N): the values, turned so that lower is better."""
        return self.sign * self.values

    @cached_property
    def failed(self) -> Counts:
        """(T, K): runs that failed, or whose score is not finite."""
        return np.asarray(np.isinf(self.values).sum(-1))

    @cached_property
    def present(self) -> Counts:
        """(T, K): runs that are there, failed or not."""
        return np.asarray((~np.isnan(self.values)).sum(-1))

    @cached_property
    def rope(self) -> Floats:
        """(T, K): how much the score varies between real samples: from its mean to its 95% point.

        A difference below this is of no practical weight. NaN where no floor is known.
        """
        return np.abs(self.floor_p95 - self.floor)

    @cached_property
    def logarithmic(self) -> Flags:
        """(T,): whether ratios are told, not differences.

        They are for scores of which lower is better where every value is positive and at least
        twice the 95% point of the floor, so that zero is far and means something.
        """
        floors = np.fmax.reduce(self.floor_p95, axis=1, initial=-np.inf)
        return np.array(
            [
                takes_logarithms(self.column.better, values, floor)
                for values, floor in zip(self.values, floors, strict=True)
            ],
            dtype=bool,
        )

    @cached_property
    def working(self) -> Floats:
        """(T, K, N): the costs, as logarithms where `logarithmic`; failures are infinite."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.logarithmic[:, None, None], np.log(self.costs), self.costs)

    def restored(self, working: Floats) -> Floats:
        """Turn working numbers (T, ...) back into values of the score."""
        log = self.logarithmic.reshape(-1, *[1] * (working.ndim - 1))
        with np.errstate(over="ignore"):
            restored = np.where(log, np.exp(np.where(log, working, 0.0)), self.sign * working)
        return restored + 0.0  # no negative zero


_OF_TASKS = ("values", "planned", "floor", "floor_p95", "anchors")
"""Arrays of `Scores` whose first axis are tasks."""


def takes_logarithms(better: str, values: Floats, floor: float) -> bool:
    """Whether ratios of a score are told, not differences, see `Scores.logarithmic`.

    Args:
        better: its better side.
        values: all of them in a task; what is not finite is passed over.
        floor: the 95% point of the score between real samples, NaN where it is not known.
    """
    finite = values[np.isfinite(values)]
    if better != "lower" or not finite.size:
        return False
    least = finite.min()
    return bool(least > 0 and not least < 2 * floor)


def labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """Name architecture and loss as tables do, and leave incompatible cells out."""
    kept = frame[frame["status"].ne("incompatible")]
    parts = ["prior", "generator", "discriminator", "loss"]
    numbers = kept.groupby(parts, sort=False, dropna=False).ngroup()
    cells = kept[parts].drop_duplicates().itertuples(index=False, name=None)
    labels = np.array([row_labels(*map(str, cell)) for cell in cells], dtype=object)
    _, architecture, loss = labels.reshape(-1, 3)[numbers].T
    return kept.assign(
        game=kept["loss"].str.split(" [", n=1, regex=False).str[0].ne(NOTHING.label),
        architecture=architecture,
        loss=loss,
    )


def games_and_laws(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part a labelled frame in what is compared, and fitted laws that only serve as anchors.

    Where nothing was trained, laws are compared with each other.
    """
    game = frame["game"].to_numpy(dtype=bool)
    return (frame[game], frame[~game]) if game.any() else (frame, frame[:0])


def axis_of(frame: pd.DataFrame, by: str | None) -> Axis:
    """Return the axis `by`, by default the first with several variants.

    Raises:
        SpecError: if there is no such axis, or it has one variant.
    """
    counts = {axis: int(frame[axis].nunique()) for axis in AXES}
    several = [axis for axis in AXES if counts[axis] > 1]
    if by is not None and by not in AXES:
        raise SpecError(f"There is no axis '{by}' to compare by. Choose among {', '.join(AXES)}.")
    if not several:
        raise SpecError("There is nothing to compare: no axis has more than one variant.")
    if by is None:
        return several[0]
    axis = next(each for each in AXES if each == by)
    if counts[axis] < 2:
        raise SpecError(f"The axis '{by}' has one variant. Axes with more: {', '.join(several)}.")
    return axis


def scores_to_compare(frame: pd.DataFrame, metric: str | None) -> tuple[Column, ...]:
    """Return the scores that have a better side: those of a metric, or each headline score.

    Args:
        frame: the tidy frame.
        metric: a name such as "mmd", with or without parameters (its headline score), or with an
            estimator, "jsd knn".

    Raises:
        SpecError: if there are no scores, or the one that is named has no better side.
        UnknownComponentError: if no score has this name.
    """
    scored = frame[frame["metric"].notna() & frame["metric"].ne("")]
    every = columns_of(scored)
    headline = columns_of(scored[scored["headline"].eq(True)])
    if metric is None:
        chosen = headline
    else:
        chosen = tuple(column for column in headline if metric in _names(column))
        chosen = chosen or tuple(column for column in every if column.name == metric)
        if not chosen:
            names = {column.metric for column in headline} | {column.name for column in every}
            raise unknown("score", metric, names)
    comparable = tuple(column for column in chosen if column.better in ARROWS)
    if not comparable:
        what = f"of '{metric}'" if metric else "of all scores here"
        raise SpecError(f"None {what} has a better side to compare by.")
    return comparable


def _names(column: Column) -> tuple[str, str]:
    """Return the names of a metric: with its parameters, and without."""
    return column.metric, column.metric.partition("(")[0]


def lay_out(
    frame: pd.DataFrame,
    laws: pd.DataFrame,
    variant: str,
    columns: Sequence[Column],
    fixed: Sequence[str] | None = None,
) -> Iterator[Scores]:
    """Lay every score out by task, variant and seed.

    Args:
        frame: labelled and tidy.
        laws: the same of fitted laws, for the anchors.
        variant: the column whose labels are compared.
        columns: the scores.
        fixed: the columns that make a task; by default all labels but `variant`.

    Yields:
        A score with the tasks in which it is known of any run.
    """
    fixed = [name for name in LABELS if name != variant] if fixed is None else list(fixed)
    frame = frame.assign(task=frame.groupby(fixed, sort=False).ngroup())
    codes, variants = pd.factorize(frame[variant])
    numbers, seeds = pd.factorize(frame["seed"], sort=True)
    frame = frame.assign(code=codes, number=numbers)
    tasks = frame.drop_duplicates("task")[fixed].reset_index(drop=True)
    shape = (len(tasks), len(variants), len(seeds))
    lines = frame.drop_duplicates([*CELL, "seed", variant])
    planned = np.zeros(shape, dtype=bool)
    planned[_places(lines)] = True
    bad = np.zeros(shape, dtype=bool)
    bad[_places(lines[~lines["status"].isin(["ok", *ABSENT])])] = True
    for column in columns:
        rows = _of(frame, column)
        values = np.full(shape, np.nan)
        worst = np.inf if column.better == "lower" else -np.inf
        found = rows["value"].to_numpy(dtype=float, na_value=np.nan)
        values[_places(rows)] = np.where(np.isfinite(found), found, worst)
        known = np.isfinite(values).any(axis=(1, 2))
        values[bad] = worst
        limits = [_limits(rows, name, shape)[known] for name in ("floor", "floor_p95")]
        kept = tasks[known].reset_index(drop=True)
        yield Scores(
            column=column,
            variants=tuple(map(str, variants)),
            tasks=kept,
            seeds=tuple(map(int, seeds)),
            values=values[known],
            planned=planned.sum(-1)[known],
            floor=limits[0],
            floor_p95=limits[1],
            anchors=_anchors(_of(laws, column), kept, column),
        )


def _of(frame: pd.DataFrame, column: Column) -> pd.DataFrame:
    same = frame["metric"].eq(column.metric) & frame["estimator"].eq(column.estimator)
    return frame[same & frame["status"].eq("ok")]


def _places(frame: pd.DataFrame) -> tuple[Counts, Counts, Counts]:
    return frame["task"].to_numpy(), frame["code"].to_numpy(), frame["number"].to_numpy()


def _limits(rows: pd.DataFrame, name: str, shape: tuple[int, int, int]) -> Floats:
    """Return the (T, K) means of the floor or its 95% point."""
    limits = np.full(shape[:2], np.nan)
    means = rows.assign(**{name: pd.to_numeric(rows[name])}).groupby(["task", "code"])[name].mean()
    limits[means.index.get_level_values(0), means.index.get_level_values(1)] = means
    return limits


def _anchors(laws: pd.DataFrame, tasks: pd.DataFrame, column: Column) -> Floats:
    """Return the (T,) means of the worst fitted law on the dataset of each task."""
    if laws.empty or "dataset" not in tasks:
        return np.full(len(tasks), np.nan)
    means = laws.assign(value=pd.to_numeric(laws["value"])).groupby(["dataset", "loss"])["value"]
    by_dataset = means.mean().groupby("dataset")
    worst = by_dataset.max() if column.better == "lower" else by_dataset.min()
    return worst.reindex(tasks["dataset"]).to_numpy(dtype=float)
