"""What a page says first: what is best on a dataset, by how much and how sure that is."""

from collections.abc import Sequence

import pandas as pd

from ganbench.comparison import compare
from ganbench.comparison.columns import ARROWS, Column
from ganbench.comparison.wording import number
from ganbench.errors import SpecError
from ganbench.report.tables import Row, Section

_MOST_COMPARED = 1000
"""Losses times datasets that a page compares."""


def answer(section: Section) -> str:
    """Say what is best by the first score, how sure that is, and how it stands to the floor."""
    if not section.columns:
        return "no run has a score yet."
    ranked = [column for column in section.columns if column.better in ARROWS]
    if not ranked:
        return "no score here has a better side: compare values with their floors."
    column, *others = ranked
    best = next((row for row in section.rows if section.leads(row, column)), None)
    if best is None:
        return "no game has a score yet."
    score, floor = best.scores[column.name], section.floors[column.name].mean
    interval = "95% interval" if score.n > 1 else "one seed, hence no interval"
    text = (
        f"{best.loss} ({section.player(best)}) is best by {column.name}, "
        f"{number(score.mean, score.half)} ({interval}, {best.ok} runs ok)"
    )
    rivals = [row for row in _rivals(section, best) if row.scores[column.name].n]
    text += _next(section, rivals, column)
    if pd.notna(floor):
        inside = ", inside the interval" if score.low <= floor <= score.high else ""
        text += f"; two real samples score {number(floor)}{inside}"
    text += _beside_baselines(section, column)
    also = [other.name for other in others if _alone(section, best, other)]
    agree = f" It is also best by {' and '.join(also)}." if also else ""
    return f"{text}.{agree}"


def _rivals(section: Section, best: Row) -> Sequence[Row]:
    """Select the other rows that a row is compared with."""
    rows = section.rows if best.is_baseline else section.games
    return [row for row in rows if row is not best]


def _best_of(rows: Sequence[Row], column: Column) -> Row:
    """Return the row with the best mean."""
    sign = 1 if column.better == "lower" else -1
    return min(rows, key=lambda row: sign * row.scores[column.name].mean)


def _next(section: Section, rivals: Sequence[Row], column: Column) -> str:
    """Say how the best of the others scores."""
    if not rivals:
        return ""
    second = _best_of(rivals, column)
    score = second.scores[column.name]
    name = f"{second.loss} ({section.player(second)})"
    return f"; next is {name} with {number(score.mean, score.half)}"


def _beside_baselines(section: Section, column: Column) -> str:
    """Say how the best baseline scores, where games and baselines stand side by side."""
    scored = [row for row in section.rows if row.is_baseline and row.scores[column.name].n]
    if not (section.games and scored):
        return ""
    best = _best_of(scored, column)
    mean = number(best.scores[column.name].mean)
    return f"; of the baselines, {best.loss} is best with {mean}"


def _alone(section: Section, best: Row, column: Column) -> bool:
    """Whether this row leads a score and no other row has the same mean."""
    leaders = [row for row in section.rows if section.leads(row, column)]
    return len(leaders) == 1 and leaders[0] is best


def overall(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Compare the variants of the first axis that has several, over all datasets.

    Returns:
        Who leads over all datasets, a sentence for each score that can say so, and what a reader
        must be careful with.
    """
    if frame.empty or frame["dataset"].nunique() * frame["loss"].nunique() > _MOST_COMPARED:
        return [], []
    try:
        found = compare(frame)
    except SpecError:  # there is nothing to compare
        return [], []
    answers = found.answers
    spanning = answers[answers["task"].eq("")] if len(answers) else answers
    told = [f"{row['score']}: {row['sentence']}" for row in spanning.to_dict("records")]
    return told, [*found.warnings, *found.unmet]
