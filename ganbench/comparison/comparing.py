"""The whole comparison: of the variants of one axis, or of two result sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ganbench.comparison.aggregates import (
    LEAST_SEEDS,
    Normalised,
    aggregate,
    normalise,
    profiles,
)
from ganbench.comparison.answers import overall_answers, result_answers, task_answers, task_title
from ganbench.comparison.concerns import concerns, named, unlike_environments
from ganbench.comparison.frames import difference_frame, pairwise_frame, summary_frame
from ganbench.comparison.paired import Contrasts, holm
from ganbench.comparison.pairing import (
    AXES,
    LABELS,
    Scores,
    axis_of,
    games_and_laws,
    labelled,
    lay_out,
    scores_to_compare,
)
from ganbench.comparison.ranks import LEAST_DATASETS, rank_table
from ganbench.components import unknown
from ganbench.errors import SpecError
from ganbench.results import Results

MOST_PAIRWISE = 40
"""Variants of which all pairs are compared."""
SIDE = "results"
"""The column whose labels are compared where two result sets are."""


@dataclass(frozen=True)
class Comparison:
    """Everything that is known of how variants differ.

    A task is all that is held fixed: of dataset, architecture, prior and loss, what is not `by`.
    Frames name it in as many columns; docs/comparison.md tells every column.

    Attributes:
        by: the axis whose labels are compared, "results" of two result sets.
        baseline: the variant that the others are compared with.
        variants: all of them, in the order of the grid.
        summary: a row per score, task and variant.
        differences: a row per score, task and variant but the baseline: against the baseline.
        pairwise: a row per score, task and pair of variants.
        aggregate: a row per score and variant, over all tasks that have all variants.
        ranks: the same over datasets, best first.
        profiles: a row per score, variant and threshold of the normalised score.
        answers: a row per score and task ("" where it spans all): score, task, leader, alike (who
            may be the best as well, see `Standings`) and sentence.
        warnings: sentences that a reader must know.
        unmet: sentences that say what could not be computed, and why.
    """

    by: str
    baseline: str
    variants: tuple[str, ...]
    summary: pd.DataFrame
    differences: pd.DataFrame
    pairwise: pd.DataFrame
    aggregate: pd.DataFrame
    ranks: pd.DataFrame
    profiles: pd.DataFrame
    answers: pd.DataFrame
    warnings: tuple[str, ...]
    unmet: tuple[str, ...]


def compare(
    frame: pd.DataFrame,
    by: str | None = None,
    baseline: str | None = None,
    metric: str | None = None,
) -> Comparison:
    """Compare the variants of one axis, paired by task and seed.

    Args:
        frame: tidy, as `ganbench.results.Results.frame`.
        by: "loss", "architecture", "prior" or "dataset"; by default the first of these that has
            several variants.
        baseline: label of the variant to compare with; by default the first of the grid.
        metric: name of a score, "mmd" or "jsd knn"; by default each headline score.

    Raises:
        SpecError: if the axis is unknown or has one variant, no score has a better side, or no
            two variants share a task.
        UnknownComponentError: if no variant or no score has the name that is given.
    """
    games, laws = games_and_laws(labelled(frame))
    axis = axis_of(games, by)
    games, alone = _shared(games, axis)
    layouts = list(lay_out(games, laws, axis, scores_to_compare(games, metric)))
    variants = layouts[0].variants
    base = _baseline(variants, baseline, axis)
    against = [_against(scores, base) for scores in layouts]
    corrected = [holm(each.p) for each in against]
    pairs = list(zip(against, corrected, strict=True))
    spanning, unspanned = _spanning(layouts, base, axis)
    unmet = [*alone, *unspanned]
    if len(variants) > MOST_PAIRWISE:
        unmet.append(
            f"{len(variants)} variants are more than {MOST_PAIRWISE}: each is compared with the "
            "baseline and the leader only, not with each other."
        )
    if len(laws):
        unmet.append(
            f"{laws['loss'].nunique()} laws fitted without a game share no task with a game: they "
            "serve as the worst baseline of normalised scores."
        )
    return Comparison(
        by=axis,
        baseline=variants[base],
        variants=variants,
        summary=_joined([summary_frame(scores) for scores in layouts]),
        differences=_joined([difference_frame(*pair) for pair in pairs]),
        pairwise=_joined([_pairwise(scores) for scores in layouts]),
        answers=_joined([_overall(spanning), *(task_answers(*pair) for pair in pairs)]),
        warnings=concerns(games, axis, against),
        unmet=tuple(unmet),
        **spanning,
    )


def compare_results(
    left: Results,
    right: Results,
    metric: str | None = None,
    names: tuple[str, str] | None = None,
) -> Comparison:
    """Compare two result sets cell by cell, paired by seed; the left one is the baseline.

    Cells are the same where dataset, architecture, prior and loss are. P-values are corrected
    over the cells of a score.

    Args:
        left: before a change, or the reference.
        right: after it, or mine.
        metric: as of `compare`.
        names: of both sets; by default those of their grids.

    Raises:
        SpecError: if they have no cell in common, or one name is given to both.
        UnknownComponentError: if no score has the name that is given.
    """
    sides = names or (left.name, right.name)
    if sides[0] == sides[1]:
        raise SpecError(f"Both result sets are called '{sides[0]}'; give each a name of its own.")
    frames = {
        side: labelled(results.frame) for side, results in zip(sides, (left, right), strict=True)
    }
    common, unmet = _common(frames)
    columns = scores_to_compare(common, metric)
    layouts = list(lay_out(common, common[:0], SIDE, columns))
    against = [_against(scores, 0) for scores in layouts]
    corrected = [holm(np.where(each.there, each.p, np.nan).T).T for each in against]
    environments = {
        side: results.experiment["environment"]
        for side, results in zip(sides, (left, right), strict=True)
    }
    nothing = {name: pd.DataFrame() for name in ("aggregate", "ranks", "profiles")}
    pairs = list(zip(against, corrected, strict=True))
    return Comparison(
        by=SIDE,
        baseline=sides[0],
        variants=sides,
        summary=_joined([summary_frame(scores) for scores in layouts]),
        differences=_joined([difference_frame(*pair) for pair in pairs]),
        pairwise=_joined([pairwise_frame(*pair) for pair in pairs]),
        answers=_joined([result_answers(*pair) for pair in pairs]),
        warnings=(*unlike_environments(environments), *concerns(common, SIDE, against)),
        unmet=tuple(unmet),
        **nothing,
    )


def _shared(games: pd.DataFrame, axis: str) -> tuple[pd.DataFrame, list[str]]:
    """Keep the tasks in which several variants were asked for, and say how many have but one."""
    fixed = [name for name in LABELS if name != axis]
    tasks = games.groupby(fixed, sort=False)[axis]
    counts = tasks.nunique()
    several = int((counts > 1).sum())
    if not several:
        raise SpecError(
            f"No two variants of the axis '{axis}' share a task, so that nothing can be paired. "
            f"Axes to compare by: {', '.join(AXES)}."
        )
    if several == len(counts):
        return games, []
    left_out = f"{len(counts) - several} of {len(counts)} tasks have one {axis} only: left out."
    return games[tasks.transform("nunique") > 1], [left_out]


def _baseline(variants: Sequence[str], baseline: str | None, axis: str) -> int:
    if baseline is None:
        return 0
    if baseline not in variants:
        raise unknown(axis, baseline, variants)
    return variants.index(baseline)


def _against(scores: Scores, base: int) -> Contrasts:
    """Pair every other variant with the baseline."""
    others = np.delete(np.arange(len(scores.variants)), base)
    return Contrasts(scores, others, np.full(len(others), base))


def _pairwise(scores: Scores) -> pd.DataFrame:
    """Compare all pairs of variants, where these are not too many."""
    if len(scores.variants) > MOST_PAIRWISE:
        return pd.DataFrame()
    every = Contrasts(scores, *np.triu_indices(len(scores.variants), 1))
    return pairwise_frame(every, holm(every.p))


def _spanning(
    layouts: Sequence[Scores], base: int, axis: str
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return the frames that span tasks, and why scores or frames are left out."""
    frames: dict[str, list[pd.DataFrame]] = {"aggregate": [], "ranks": [], "profiles": []}
    reasons: dict[str, list[str]] = {}
    seeds = 0
    if axis == "dataset":
        return _all_joined(frames), ["Datasets are what is compared, so that nothing spans them."]
    for scores in layouts:
        normalised = normalise(scores)
        for reason in normalised.unmet:
            reasons.setdefault(reason, []).append(scores.column.name)
        if len(normalised.values):
            seeds = min(seeds or normalised.seeds, normalised.seeds)
            name = scores.column.name
            frames["aggregate"].append(_of(name, aggregate(normalised, base)))
            frames["profiles"].append(_of(name, profiles(normalised)))
        if (ranked := _ranked(scores, normalised, base)) is not None:
            frames["ranks"].append(ranked)
    unmet = [f"{', '.join(scores)}: {reason}." for reason, scores in reasons.items()]
    joined = _all_joined(frames)
    if 0 < seeds < LEAST_SEEDS:
        unmet.append(
            f"There are no intervals over all tasks: they need {LEAST_SEEDS} seeds of every "
            f"variant in each, and there {'is' if seeds == 1 else 'are'} {seeds}."
        )
    datasets = 0 if joined["ranks"].empty else int(joined["ranks"]["datasets"].max())
    if datasets < LEAST_DATASETS:
        unmet.append(
            f"There is no critical difference of ranks: that needs {LEAST_DATASETS} datasets with "
            f"all variants, and there are {datasets}."
        )
    return joined, unmet


def _overall(spanning: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    if spanning["aggregate"].empty:
        return pd.DataFrame()
    return overall_answers(spanning["aggregate"], spanning["ranks"])


def _ranked(scores: Scores, normalised: Normalised, base: int) -> pd.DataFrame | None:
    """Rank over the datasets of the tasks that have all variants."""
    whole = scores.select(np.asarray((scores.present > 0).all(axis=1)))
    if not len(whole.tasks):
        return None
    return _of(scores.column.name, rank_table(whole, normalised, base))


def _common(frames: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, list[str]]:
    """Join the cells that both sides have; say what either lacks."""
    cells = {side: _cells(frame) for side, frame in frames.items()}
    (left, mine), (right, other) = cells.items()
    both = mine.intersection(other)
    if both.empty:
        raise SpecError(
            f"{left} and {right} have no cell in common; {left} has {_cells_named(mine)}; {right} "
            f"has {_cells_named(other)}."
        )
    unmet = [
        f"{_count(len(lacking))} of {side} not in the other and left out: {_cells_named(lacking)}."
        for side, lacking in ((left, mine.difference(other)), (right, other.difference(mine)))
        if len(lacking)
    ]
    parts = []
    for side, frame in frames.items():
        kept = pd.MultiIndex.from_frame(frame[LABELS]).isin(both)
        parts.append(frame[kept].assign(**{SIDE: side}))
    runs = [set(part[[*LABELS, "seed"]].itertuples(index=False, name=None)) for part in parts]
    for side, only in ((left, runs[0] - runs[1]), (right, runs[1] - runs[0])):
        if only:
            what = "1 run" if len(only) == 1 else f"{len(only)} runs"
            unmet.append(f"{what} of {side} in cells of both have no like seed in the other.")
    return pd.concat(parts, ignore_index=True), unmet


def _count(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


def _cells(frame: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(frame[LABELS].drop_duplicates())


def _cells_named(cells: pd.MultiIndex) -> str:
    return named([task_title(cell) for cell in cells])


def _of(score: str, frame: pd.DataFrame) -> pd.DataFrame:
    frame.insert(0, "score", score)
    return frame


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    there = [frame for frame in frames if len(frame)]
    return pd.concat(there, ignore_index=True) if there else pd.DataFrame()


def _all_joined(frames: Mapping[str, list[pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    return {name: _joined(each) for name, each in frames.items()}
