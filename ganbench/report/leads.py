"""How far every cell of a dataset is from the best, seed by seed."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from ganbench.comparison.answers import effect_text, p_digits
from ganbench.comparison.columns import Column
from ganbench.comparison.wording import ABSENT, TIMES
from ganbench.report.contests import Contest
from ganbench.report.tables import Section

MOST_ROWS = 40
"""Rivals of the best that a table has, in the order of their ranks."""
HEADER = ("cell", "pairs of seeds", "difference", "p", "seeds won", "the best?")
LEGEND = (
    "difference from the best, paired by seed, with its 95% interval: of means, or a ratio ("
    f"{TIMES}) where all values are clear of the floor; p of the paired t test, or "
    "of the signed-rank test where a run failed, times the number of rivals"
)


class Leads(NamedTuple):
    """Who leads a score, and how far the others are behind.

    Attributes:
        title: of the score.
        leader: the cell that leads.
        rows: the texts of its rivals, best first, under `HEADER`.
        left_out: number of rivals that have no row.
    """

    title: str
    leader: str
    rows: Sequence[tuple[str, ...]]
    left_out: int


def leads(section: Section) -> list[Leads]:
    """Tabulate every score that has a better side and rivals."""
    every = [column for column in section.columns if column.name in section.contests]
    return [_leads(section, column) for column in every if _rivals(section, column)]


def _rivals(section: Section, column: Column) -> list[int]:
    return list(section.contests[column.name].order[1:])


def _leads(section: Section, column: Column) -> Leads:
    contest = section.contests[column.name]
    rivals = _rivals(section, column)
    shown = rivals[:MOST_ROWS]
    lead, log = contest.lead(shown), bool(contest.scores.logarithmic[0])
    rows = []
    for number, place in enumerate(shown):
        effect = [float(each[0, number]) for each in lead.effect]
        won, p = float(lead.win_rate[0, number]), contest.p(place)
        texts = (
            section.title(place),
            str(lead.pairs[0, number]),
            ABSENT if math.isnan(effect[0]) else effect_text(effect, log=log),
            p_digits(p) or ABSENT,
            ABSENT if math.isnan(won) else f"{100 * won:.0f}%",
            _verdict(contest, place),
        )
        rows.append(texts)
    leader = section.title(contest.leaders[0])
    return Leads(column.title, leader, rows, len(rivals) - len(shown))


def _verdict(contest: Contest, place: int) -> str:
    if place in contest.leaders:
        return "as good"
    if math.isnan(contest.p(place)):
        return "not tested"
    return "may be" if place in contest.near else "no"
