"""The answers, one sentence each: who won, by how much, and how sure that is."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ganbench.comparison.concerns import LEAST_PAIRS, named
from ganbench.comparison.estimates import mean
from ganbench.comparison.paired import Contrasts
from ganbench.comparison.pairing import Floats, Scores
from ganbench.comparison.standings import standings
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
        near = others[~(others["iqm_high"] < best["iqm_low"])]["variant"].tolist()
        words = "; ".join((_overall(best), *_ranked(best, ranks[ranks["score"].eq(score)])))
        row = (str(score), OVERALL, best["variant"], near, f"{words}. {_overlap(best, near)}")
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _overall(best: Any) -> str:
    """Say who leads all tasks, by which mean, and how many of its runs failed."""
    tasks, laws = best["tasks"], best["laws"]
    zero = {0: "variant", tasks: "baseline"}.get(
        laws, f"baseline, or in {tasks - laws} tasks variant"
    )
    known = not math.isnan(best["iqm_low"])
    ends = f"{number(best['iqm_low'])} to {number(best['iqm_high'])} over seeds; " if known else ""
    words = (
        f"over {tasks} tasks {best['variant']} leads: normalised interquartile mean "
        f"{number(best['iqm'])} ({ends}0 the worst {zero}, 1 real data)"
    )
    failed = f"; {best['failed']} of its {best['runs']} runs failed" if best["failed"] else ""
    return words + failed


def _ranked(best: Any, ranks: pd.DataFrame) -> Iterator[str]:
    """Say how the leader of all tasks ranks over datasets, and who ranks better."""
    if ranks.empty or ranks["datasets"].iloc[0] < 2:
        return
    mine = ranks[ranks["variant"].eq(best["variant"])].iloc[0]
    words = f"average rank {mine['rank']:.2f} of {len(ranks)}"
    if not math.isnan(mine["friedman_p"]):
        words += f" (Friedman {p_text(mine['friedman_p'])})"
    before = ranks[ranks["rank"] < mine["rank"]]
    if len(before):
        first = before["rank"].min()
        names = before[before["rank"].eq(first)]["variant"].tolist()
        words += f", behind {named(names)} with {first:.2f}"
    yield words


def task_answers(against: Contrasts, p_against: Floats) -> pd.DataFrame:
    """Say for every task who leads, by how much over the baseline and who may be as good.

    Args:
        against: every other variant with the baseline.
        p_against: (T, P), its corrected p.
    """
    scores = against.scores
    found = standings(scores)
    rows = []
    for task, (title, leader) in enumerate(zip(_titles(scores), found.leader, strict=True)):
        others = [place for place in np.nonzero(scores.present[task])[0] if place != leader]
        near = [scores.variants[place] for place in np.nonzero(found.near[task])[0]]
        scored = scores.present[task] > scores.failed[task]
        rivals = int(scored.sum()) - int(scored[leader])
        tested = int((scored & ~np.isnan(found.p[task])).sum())
        parts = (
            _lead(against, p_against, task, leader),
            *_company([scores.variants[place] for place in found.tied(task)]),
            *reliability(scores, task, leader, scores.variants),
            *sureness(near, rivals, tested),
        )
        name = scores.variants[leader]
        sentence = "; ".join(parts) if others else f"only {name} is there"
        rows.append((scores.column.name, title, name, near, f"{sentence}."))
    return pd.DataFrame(rows, columns=COLUMNS)


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
    pairs = int(against.pairs[place])
    if not pairs:
        return f"{name} leads; it has no seed in common with {baseline}"
    effect = [float(each[place]) for each in against.effect]
    sure = [p_text(float(p[place]))]
    if failed := int(against.failed[place]):
        sure[0] += " by signed ranks"
        sure.append(f"the effect is of the {pairs - failed} pairs in which both succeeded")
    if pairs >= LEAST_PAIRS:
        practical = chance(float(against.bayes[place][0]))
        sure.append(f"practically better with probability {practical}")
    text = effect_text(effect, log=bool(scores.logarithmic[task]))
    return f"{name} leads, {text} against {baseline} ({'; '.join(sure)})"


def _company(tied: Sequence[str]) -> Iterator[str]:
    if tied:
        yield f"as good: {named(tied)}"


def reliability(scores: Scores, task: int, leader: int, names: Sequence[str]) -> Iterator[str]:
    """Say how many runs of the leader failed, and who would lead but for failures.

    Args:
        scores: T tasks of K variants.
        task: place of the task.
        leader: place of the variant that leads it.
        names: of the K variants.
    """
    failed, present = scores.failed[task], scores.present[task]
    if failed[leader]:
        yield f"{failed[leader]} of its {present[leader]} runs failed"
    means = mean(scores.working[task]).value
    with np.errstate(invalid="ignore"):
        ahead = (means < means[leader]) & (failed > 0)
    if ahead.any():
        first = int(np.argmin(np.where(ahead, means, np.inf)))
        yield (
            f"{names[first]} has a better mean, but {failed[first]} of its {present[first]} runs "
            "failed"
        )


def sureness(near: Sequence[str], others: int, tested: int) -> Iterator[str]:
    """Say from how many others a leader is told apart.

    Args:
        near: those that may be the best as well.
        others: number of its rivals that have a score.
        tested: number of these whose difference from it can be tested.
    """
    ahead = tested - len(near)
    if others and ahead == others:
        yield "ahead of the other" if others == 1 else f"ahead of all {others} others"
        return
    told = [f"ahead of {ahead} of {others}"] if ahead else []
    if near:
        which = "any other" if len(near) == others else named(near)
        told.append(f"not told apart from {which}")
    if others > tested:
        told.append(f"{others - tested} of {others} could not be tested")
    if told:
        yield ", ".join(told)


def _overlap(best: Any, near: Sequence[str]) -> str:
    if math.isnan(best["iqm_low"]):
        return "How sure that is, is not known."
    return (
        f"Its interval, over seeds with the tasks held fixed, overlaps with "
        f"{named(near) if near else 'no other'}."
    )


def effect_text(interval: Sequence[float], log: bool) -> str:
    """Write an effect and the ends of its interval, if any: a ratio, or a signed difference."""
    if math.isnan(interval[0]):
        return "not measured"
    signs = ["+" if each > 0 and not log else "" for each in interval]
    effect, *ends = (sign + number(each) for sign, each in zip(signs, interval, strict=True))
    known = not math.isnan(interval[1])
    return f"{effect}{TIMES if log else ''}" + (f" [{', '.join(ends)}]" if known else "")


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
