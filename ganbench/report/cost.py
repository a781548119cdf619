"""What cells cost, and what they give for it."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ganbench.errors import SpecError
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


def costs(results: Results, target: Target | None = None) -> pd.DataFrame:
    """Tell for each cell what a run costs on average, and its first score.

    Args:
        results: what is stored.
        target: if given, how long runs took until this score was reached.

    Returns:
        One row for each cell with scores or finished runs: labels, n, the means over ok seeds of
        train_seconds and of the counts in `COSTS`, `score` (its name), `value` (its mean) and
        `front` (whether no cell of the dataset is both cheaper and better); with a target
        `reached`, the number of runs that came there, and `reach_seconds`, their median time.

    Raises:
        SpecError: if no run has a running score of that name; lists those that are there.
    """
    every = results.frame.drop_duplicates("run_id").set_index("run_id")
    steps = _reached(results, every, target) if target else None
    rows = []
    for section in summary(results.frame).sections:
        front = _front(section, every)
        for place, row in enumerate(section.rows):
            runs = every.loc[list(row.runs.values())]
            column = section.columns[0] if section.columns else None
            rows.append(
                {
                    "dataset": section.dataset,
                    "prior": row.prior,
                    "architecture": row.architecture,
                    "loss": row.loss,
                    "n": len(runs),
                    **{name: _mean(runs[name]) for name in ("train_seconds", *COSTS)},
                    "score": column.name if column else "",
                    "value": row.scores[column.name].mean if column else np.nan,
                    "front": place in front,
                    **(_reach(runs, steps) if steps is not None else {}),
                }
            )
    return pd.DataFrame(rows)


def _front(section: Section, runs: pd.DataFrame) -> set[int]:
    """Return the places of the rows that no other row beats in both seconds and score."""
    if not section.columns or section.columns[0].better == "neither":
        return set()
    column = section.columns[0]
    sign = 1 if column.better == "lower" else -1
    points = {
        place: (
            _mean(runs.loc[list(row.runs.values()), "train_seconds"]),
            sign * row.scores[column.name].mean,
        )
        for place, row in enumerate(section.rows)
        if row.scores[column.name].n
    }
    front, best = set(), np.inf
    for place, (_, value) in sorted(points.items(), key=lambda item: item[1]):
        if value < best:
            front.add(place)
            best = value
    return front


def _reached(results: Results, runs: pd.DataFrame, target: Target) -> "pd.Series[float]":
    """Return the seconds after which each ok run reached the target, NaN for never."""
    found, seen = {}, set[str]()
    for run_id, run in runs[runs["status"].eq("ok")].iterrows():
        history = results.history(str(run_id))
        if history.empty:
            continue  # a law that was fitted
        seen |= set(history["quantity"])
        share = target.step(history) / run["generator_steps"]
        found[run_id] = share * run["train_seconds"]
    if target.quantity not in seen:
        scores = ", ".join(sorted(name for name in seen if "/" in name)) or "none"
        raise SpecError(
            f"No run followed '{target.quantity}' while it trained. Running scores: {scores}."
        )
    return pd.Series(found, dtype=float)


def _reach(runs: pd.DataFrame, seconds: "pd.Series[float]") -> dict[str, float]:
    own = seconds.reindex(runs.index).dropna()
    return {"reached": len(own), "reach_seconds": float(own.median()) if len(own) else np.nan}


def _mean(values: "pd.Series[float]") -> float:
    known = pd.to_numeric(values, errors="coerce").dropna()
    return float(known.mean()) if len(known) else np.nan
