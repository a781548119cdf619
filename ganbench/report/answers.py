"""What a page says first: what is best on a dataset, by how much and how sure that is."""

import pandas as pd

from ganbench.comparison import compare
from ganbench.comparison.answers import effect_text, p_text, reliability, sureness
from ganbench.comparison.columns import ARROWS, CELL, Column, runs
from ganbench.comparison.concerns import budgets
from ganbench.comparison.pairing import games_and_laws, labelled
from ganbench.comparison.wording import number
from ganbench.errors import SpecError
from ganbench.report.contests import Contest
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
    contest = section.contests.get(column.name)
    if contest is None:
        return "no game has a score yet."
    best = section.rows[contest.leaders[0]]
    score, floor = best.scores[column.name], section.floors[column.name].mean
    interval = "95% interval" if score.n > 1 else "one seed, hence no interval"
    text = (
        f"{_name(section, best)} is best by {column.name}, "
        f"{number(score.mean, score.half)} ({interval}, {best.ok} runs ok)"
    )
    text += _sure(section, contest) + _next(section, contest, column)
    if pd.notna(floor):
        inside = ", inside the interval" if score.low <= floor <= score.high else ""
        text += f"; two real samples score {number(floor)}{inside}"
    text += _beside_baselines(section, column)
    also = [other.name for other in others if _alone(section, best, other)]
    agree = f" It is also best by {' and '.join(also)}." if also else ""
    return f"{text}.{agree}"


def _name(section: Section, row: Row) -> str:
    return f"{row.loss} ({section.player(row)})"


def _sure(section: Section, contest: Contest) -> str:
    """Say what failed, and from how many rivals the best is told apart."""
    near = [_name(section, section.rows[place]) for place in sorted(contest.near)]
    names = [_name(section, section.rows[place]) for place in contest.places]
    leader = contest.places.index(contest.leaders[0])
    told = (
        *reliability(contest.scores, 0, leader, names),
        *sureness(near, contest.rivals, contest.tested),
    )
    return "".join(f"; {words}" for words in told)


def _next(section: Section, contest: Contest, column: Column) -> str:
    """Say how the second of the ranking scores, and how far behind it is."""
    if len(contest.order) < 2:
        return ""
    place = contest.order[1]
    score = section.rows[place].scores[column.name]
    text = f"; next is {_name(section, section.rows[place])} with {number(score.mean, score.half)}"
    lead = contest.lead([place])
    if lead.pairs[0, 0] < 2 or not score.n:
        return text
    effect = [float(each[0, 0]) for each in lead.effect]
    how = effect_text(effect, log=bool(contest.scores.logarithmic[0]))
    return f"{text}, {how} against the best ({p_text(contest.p(place))})"


def _beside_baselines(section: Section, column: Column) -> str:
    """Say how the best baseline scores, where games and baselines stand side by side."""
    scored = [row for row in section.rows if row.is_baseline and row.scores[column.name].n]
    if not (section.games and scored):
        return ""
    sign = 1 if column.better == "lower" else -1
    best = min(scored, key=lambda row: sign * row.scores[column.name].mean)
    mean = number(best.scores[column.name].mean)
    return f"; of the baselines, {best.loss} is best with {mean}"


def _alone(section: Section, best: Row, column: Column) -> bool:
    """Whether this row leads a score, and no other with it."""
    contest = section.contests.get(column.name)
    return contest is not None and len(contest.leaders) == 1 and section.leads(best, column)


def overall(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Compare the variants of the first axis that has several, over all datasets.

    Returns:
        Who leads over all datasets, a sentence for each score that can say so, and what a reader
        must be careful with.
    """
    if frame.empty:
        return [], []
    if (count := frame["dataset"].nunique() * frame["loss"].nunique()) > _MOST_COMPARED:
        return [], [
            f"{count:,} pairs of loss and dataset are too many to compare on a page: "
            "`ganbench compare` does."
        ]
    try:
        found = compare(frame)
    except SpecError:  # there is nothing to compare
        return [], []
    answers = found.answers
    spanning = answers[answers["task"].eq("")] if len(answers) else answers
    told = [f"{row['score']}: {row['sentence']}" for row in spanning.to_dict("records")]
    return told, [*found.warnings, *found.unmet]


def budget(frame: pd.DataFrame) -> str:
    """Say by how much budgets differ between the cells of a dataset, nothing where they do not."""
    games, _ = games_and_laws(labelled(runs(frame)))
    numbered = games.assign(cell=games.groupby(CELL, sort=False, dropna=False).ngroup())
    return next(budgets(numbered, "cell", ["dataset"]), "")
