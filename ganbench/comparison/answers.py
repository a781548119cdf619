"""The answers, one sentence each: who won, by how much, and how sure that is."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ganbench.comparison.concerns import named
from ganbench.comparison.estimates import mean
from ganbench.comparison.paired import Contrasts
from ganbench.comparison.pairing import Flags, Floats, Scores
from ganbench.comparison.ranks import task_ranks
from ganbench.comparison.wording import TIMES, number
from ganbench.plugins import NOTHING

COLUMNS = ["score", "task", "leader", "alike", "sentence"]
OVERALL = ""
"""The task of an answer that spans all tasks."""


def task_title(labels: Iterable[object]) -> str:
    """Name a task by the labels that are held fixed in it."""
    return " · ".join(str(label) for label in labels if label != NOTHING.label)


def _titles(scores: Scores) -> list[str]:
    return [task_title(labels) for labels in scores.tasks.itertuples(index=False, name=None)]


def overall_answers(aggregate: pd.DataFrame, ranks: pd.DataFrame) -> pd.DataFrame:
    """Say who leads over all tasks, a row for each score that spans several."""
    rows = []
    for score, part in aggregate[aggregate["tasks"] > 1].groupby("score", sort=False):
        best = part.sort_values("iqm", ascending=False, kind="stable").iloc[0]
        others = part[part["variant"].ne(best["variant"])]
        near = others[others["iqm_high"] >= best["iqm_low"]]["variant"].tolist()
        rank = ranks[ranks["score"].eq(score) & ranks["variant"].eq(best["variant"])]
        rows.append(
            (str(score), OVERALL, best["variant"], near, _overall(best, near, len(part), rank))
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _overall(best: Any, near: list[str], count: int, rank: pd.DataFrame) -> str:
    words = (
        f"over {best['tasks']} tasks {best['variant']} leads: normalised interquartile mean "
        f"{number(best['iqm'])} ({number(best['iqm_low'])} to {number(best['iqm_high'])}; 0 the "
        "worst baseline, 1 real data)"
    )
    if len(rank) and rank["datasets"].iloc[0] > 1:
        words += f", average rank {rank['rank'].iloc[0]:.2f} of {count}"
        if not math.isnan(p := rank["friedman_p"].iloc[0]):
            words += f" (Friedman {p_text(p)})"
    return f"{words}. {_overlap(near)}"


def task_answers(
    against: Contrasts, p_against: Floats, every: tuple[Contrasts, Floats] | None
) -> pd.DataFrame:
    """Say for every task who leads, by how much over the baseline and how sure it is.

    Args:
        against: every other variant with the baseline.
        p_against: (T, P), its corrected p.
        every: all pairs of variants and their corrected p; None where there are too many.
    """
    scores = against.scores
    ranks, means = task_ranks(scores), mean(scores.costs).value
    apart = None if every is None else _told_apart(scores, (every, (against, p_against)))
    rows = []
    for task, title in enumerate(_titles(scores)):
        there = np.nonzero(scores.present[task])[0].tolist()
        leader, *tied = _leaders(there, ranks[task], means[task])
        others = [place for place in there if place != leader]
        near = [
            scores.variants[place]
            for place in others
            if apart is not None and not apart[task, leader, place]
        ]
        parts = (
            _lead(against, p_against, task, leader),
            *_company(scores, tied),
            *_reliability(scores, task, leader),
            *_sureness(near, len(others), apart is not None),
        )
        name = scores.variants[leader]
        sentence = "; ".join(parts) if others else f"only {name} is there"
        rows.append((scores.column.name, title, name, near, f"{sentence}."))
    return pd.DataFrame(rows, columns=COLUMNS)


def _told_apart(scores: Scores, compared: Iterable[tuple[Contrasts, Floats]]) -> Flags:
    """Return (T, K, K): whether two variants differ for sure.

    What is planned, the comparison with the baseline, needs no correction over all pairs.
    """
    tasks, variants = scores.planned.shape
    apart = np.zeros((tasks, variants, variants), dtype=bool)
    for contrasts, p in compared:
        sure = np.isin(contrasts.verdicts(p).astype(str), ["better", "worse"])
        apart[:, contrasts.first, contrasts.second] |= sure
        apart[:, contrasts.second, contrasts.first] |= sure
    return apart


def result_answers(against: Contrasts, p: Floats) -> pd.DataFrame:
    """Say for every cell whether two result sets behave alike, after a row that counts them.

    Args:
        against: the right set with the left.
        p: (T, 1), corrected over cells.
    """
    scores = against.scores
    verdicts = against.verdicts(p)[:, 0]
    left, right = scores.variants
    rows: list[tuple[str, str, list[str], str]] = []
    for task, (cell, verdict) in enumerate(zip(_titles(scores), verdicts, strict=True)):
        if not against.pairs[task, 0]:
            rows.append((cell, "", [], "no seed in common."))
            continue
        effect = [float(each[task, 0]) for each in against.effect]
        how = effect_text(effect, log=bool(scores.logarithmic[task]))
        leader = {"better": right, "worse": left}.get(verdict, "")
        words = f"{right} {_BEHAVIOUR[verdict]}: {how} ({p_text(float(p[task, 0]))})."
        rows.append((cell, leader, [] if leader else [left, right], words))
    counts = {word: int((verdicts == word).sum()) for word in _BEHAVIOUR}
    cells = f"{len(rows)} cell{'s' * (len(rows) > 1)}"
    overall = (
        f"of {cells}, {right} behaves like {left} in {counts['alike']}, differs in "
        f"{counts['better'] + counts['worse']} ({counts['better']} better, {counts['worse']} "
        f"worse), and shows neither in {counts['open']}."
    )
    rows.insert(0, (OVERALL, "", [], overall))
    return pd.DataFrame([(scores.column.name, *row) for row in rows], columns=COLUMNS)


_BEHAVIOUR = {
    "alike": "behaves alike",
    "better": "differs, for the better",
    "worse": "differs, for the worse",
    "open": "shows no difference",
}


def _lead(against: Contrasts, p: Floats, task: int, leader: int) -> str:
    """Say who leads, by how much over the baseline."""
    scores = against.scores
    name = scores.variants[leader]
    found = np.nonzero(against.first == leader)[0]
    if not len(found):
        return f"{name}, the baseline, leads"
    place = (task, int(found[0]))
    baseline = scores.variants[int(against.second[found[0]])]
    if not against.pairs[place]:
        return f"{name} leads; it has no seed in common with {baseline}"
    effect = [float(each[place]) for each in against.effect]
    sure = f"practically better with probability {chance(float(against.bayes[place][0]))}"
    return (
        f"{name} leads, {effect_text(effect, log=bool(scores.logarithmic[task]))} against "
        f"{baseline} ({p_text(float(p[place]))}; {sure})"
    )


def _reliability(scores: Scores, task: int, leader: int) -> Iterator[str]:
    failed = int(scores.failed[task, leader])
    if failed:
        yield f"{failed} of its {scores.present[task, leader]} runs failed"


def _sureness(near: list[str], others: int, known: bool) -> Iterator[str]:
    if not known:
        return
    if not near:
        yield "ahead of the other" if others == 1 else f"ahead of all {others} others"
    elif len(near) == others:
        yield "not told apart from any other"
    else:
        yield f"ahead of {others - len(near)} of {others}, not told apart from {named(near)}"


def _leaders(rivals: Sequence[int], ranks: Floats, means: Floats) -> list[int]:
    """Return the places with the best rank and, of these, the best mean, in their order."""
    keys = [(ranks[place], means[place]) for place in rivals]
    return [place for place, key in zip(rivals, keys, strict=True) if key == min(keys)]


def _company(scores: Scores, tied: Sequence[int]) -> Iterator[str]:
    if tied:
        yield f"as good: {named([scores.variants[place] for place in tied])}"


def _overlap(near: list[str]) -> str:
    return f"Its interval overlaps with {named(near) if near else 'no other'}."


def effect_text(interval: Sequence[float], log: bool) -> str:
    """Write an effect and the ends of its interval: a ratio, or a signed difference."""
    effect, *ends = interval
    if math.isnan(effect):
        return "not measured"
    if log:
        return f"{number(effect)}{TIMES} [{', '.join(map(number, ends))}]"
    first, low, high = (f"{'+' if each > 0 else ''}{number(each)}" for each in interval)
    return f"{first} [{low}, {high}]"


def p_text(p: float) -> str:
    """Write a p-value, or that there is none."""
    if math.isnan(p):
        return "p unknown"
    return "p < .001" if p < 0.001 else f"p {p_digits(p)}"


def chance(probability: float) -> str:
    """Write a probability that simulation gave."""
    if 0.01 <= probability <= 0.99:
        return f"{probability:.2f}".lstrip("0")
    return "above .99" if probability > 0.5 else "below .01"


def p_digits(p: float) -> str:
    """Write a p-value with two or three places, nothing where there is none."""
    if math.isnan(p):
        return ""
    if p < 0.001:
        return "<.001"
    if p > 0.995:
        return "1"
    return f"{p:.{3 if p < 0.1 else 2}f}".lstrip("0")
