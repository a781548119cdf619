"""What cells cost, and what they give for it."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ganbench.comparison.columns import ARROWS, Column
from ganbench.comparison.pairing import ABSENT
from ganbench.errors import SpecError
from ganbench.report.ranking import numbered
from ganbench.report.tables import Section, summary
from ganbench.results import COSTS, Results

_TARGET = re.compile(r"\s*(?P<name>\S.*?)\s*(?P<side><=|>=)\s*(?P<value>\S+)\s*")


@dataclass(frozen=True)
class Target:
    """A running score that is to be reached.

    Attributes:
        quantity: `metric/estimator`, as learning curves name it.
        value: how good it must be.
        below: whether it must be at most that, else at least.
    """

    quantity: str
    value: float
    below: bool

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Read `metric/estimator<=0.01` or `metric/estimator>=7`.

        Raises:
            SpecError: if it is neither.
        """
        match = _TARGET.fullmatch(text)
        try:
            value = float(match["value"]) if match else np.nan
        except ValueError:
            value = np.nan
        if match is None or not np.isfinite(value):
            raise SpecError(
                f"Cannot read the target '{text}': write a running score and its value, such as "
                "mmd/multi_rbf<=0.01 or modes/covered>=7."
            )
        return cls(match["name"], value, match["side"] == "<=")

    def step(self, history: pd.DataFrame) -> float:
        """Return the first step at which a learning curve is that good, NaN if it never is."""
        curve = history[history["quantity"].eq(self.quantity)]
        good = curve["value"].le(self.value) if self.below else curve["value"].ge(self.value)
        return float(curve.loc[good, "step"].min())


def spent(numbered: pd.DataFrame) -> pd.DataFrame:
    """Average what the ok runs of cells cost.

    Args:
        numbered: one line for each run, with the place of its cell as `cell`.

    Returns:
        For each place of a cell with an ok run: n, and the means of generator_steps,
        train_seconds, eval_seconds and of `COSTS`, NaN where nobody counted.
    """
    ok = numbered[numbered["status"].eq("ok")]
    names = ["generator_steps", "train_seconds", "eval_seconds", *COSTS]
    values = ok[names].apply(pd.to_numeric, errors="coerce").groupby(ok["cell"])
    means: pd.DataFrame = values.mean()
    return means.assign(n=values.size())


def front(cells: pd.DataFrame) -> "pd.Series[bool]":
    """Say of every cell of one score whether no other beats it.

    To beat is to be at least as good in score and time, and better in one of the two.

    Args:
        cells: with the columns mean, seconds and better ("lower" or "higher").
    """
    sign = np.where(cells["better"].eq("lower"), 1.0, -1.0)
    points = np.stack([sign * cells["mean"].to_numpy(), cells["seconds"].to_numpy()], 1)
    known = np.isfinite(points).all(1)
    beaten = [
        bool(((points <= point).all(1) & (points < point).any(1) & known).any())
        for point in points
    ]
    return pd.Series(known & ~np.array(beaten, dtype=bool), cells.index, dtype=bool)


def first_score(section: Section) -> Column | None:
    """Return the first score that has a better side, else the first, None without any."""
    sided = (column for column in section.columns if column.better in ARROWS)
    return next(sided, next(iter(section.columns), None))


def on_front(section: Section, seconds: "pd.Series[float]") -> "pd.Series[bool]":
    """Say of which games no other is as fast to train and as good, and better in one of the two.

    Good is what ranks well by the first score, failures being worst.

    Args:
        section: the cells.
        seconds: of training, by their places.
    """
    column = first_score(section)
    contest = section.contests.get(column.name) if column else None
    if contest is None:
        return pd.Series(False, seconds.index)
    ranks = dict(zip(contest.places, contest.standings.ranks[0], strict=True))
    stands = [ranks.get(int(place), np.nan) for place in seconds.index]
    return front(pd.DataFrame({"mean": stands, "seconds": seconds, "better": "lower"}))


def costs(results: Results, target: Target | None = None) -> pd.DataFrame:
    """Tell for each cell what a run costs on average, and its first score.

    Args:
        results: what is stored.
        target: if given, how long runs took until this score was reached.

    Returns:
        One row for each compatible cell: labels, what `spent` tells, `score` (its name), `value`
        (its mean) and `front` (whether no cell of the dataset is both faster to train and
        better); with a target `reached`, the number of runs that came there, and
        `reach_seconds`, the median time of all, NaN where not half of them did.

    Raises:
        SpecError: if no run has a running score of that name; lists those that are there.
    """
    steps = _reached(results, target) if target else None
    parts = []
    for section in summary(results.frame).sections:
        runs_of = numbered(results.frame, section)
        frame = _labels(section).join(spent(runs_of)).fillna({"n": 0})
        column = first_score(section)
        scores = [row.scores[column.name].mean for row in section.rows] if column else np.nan
        frame = frame.assign(score=column.name if column else "", value=scores)
        frame["front"] = on_front(section, frame["train_seconds"])
        parts.append(frame if steps is None else frame.join(_reach(runs_of, steps)))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _labels(section: Section) -> pd.DataFrame:
    names = ["dataset", "prior", "architecture", "loss"]
    rows = [(section.dataset, row.prior, row.architecture, row.loss) for row in section.rows]
    return pd.DataFrame(rows, columns=names)


def _reached(results: Results, target: Target) -> "pd.Series[float]":
    """Return the seconds after which each ok run reached the target, NaN for never."""
    runs = results.frame.drop_duplicates("run_id")
    found, seen = {}, set[str]()
    for run in runs[runs["status"].eq("ok")].to_dict("records"):
        history = results.history(run["run_id"])
        if history.empty:
            continue  # a law that was fitted
        seen |= set(history["quantity"])
        share = target.step(history) / run["generator_steps"]
        found[run["run_id"]] = share * run["train_seconds"]
    if target.quantity not in seen:
        scores = ", ".join(sorted(name for name in seen if "/" in name)) or "none"
        raise SpecError(
            f"No run followed '{target.quantity}' while it trained. Running scores: {scores}."
        )
    return pd.Series(found, dtype=float)


def _reach(numbered: pd.DataFrame, seconds: "pd.Series[float]") -> pd.DataFrame:
    """Count the runs of each cell that came there, and take the median of the times of all.

    A run that failed or never came there took forever; without half of the runs there is no
    median.
    """
    done = numbered[~numbered["status"].isin(ABSENT)]
    times = done["run_id"].map(seconds)
    median = times.fillna(np.inf).groupby(done["cell"]).median()
    reached = times.groupby(done["cell"]).count()
    return pd.DataFrame({"reached": reached, "reach_seconds": median.replace(np.inf, np.nan)})
