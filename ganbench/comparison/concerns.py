"""What a reader must know before trusting a comparison, as sentences."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ganbench.comparison.paired import Contrasts
from ganbench.comparison.pairing import ABSENT, LABELS
from ganbench.comparison.ranks import LEAST_DATASETS

LEAST_PAIRS = 6
_FACTS = {
    "device": "Runs of different devices are compared",
    "hardware": "Runs of different processors are compared",
    "torch": "Runs of different builds of torch are compared",
    "engine": "Runs of different engines are compared",
}
_BUDGETS = {
    "generator_steps": "generator steps",
    "critic_passes": "batches through the critic",
    "train_seconds": "seconds of training",
}
"""What may be equal between variants; seconds alone are never equal by accident."""
_NAMED = 3
"""Examples that a sentence gives."""
_ENVIRONMENT = ("torch", "cuda", "device", "cpu")


def concerns(frame: pd.DataFrame, variant: str, contrasts: Sequence[Contrasts]) -> tuple[str, ...]:
    """Return every warning about a comparison.

    Args:
        frame: labelled and tidy.
        variant: the column whose labels are compared.
        contrasts: of each score, variants with the baseline.
    """
    lines = frame.drop_duplicates(["run_id", variant, *LABELS, "seed"])
    return (
        *_fates(lines, variant),
        *_unlike(lines, variant),
        *budgets(lines, variant),
        *_infinite(contrasts, lines),
        *_few_pairs(contrasts),
        *_few_datasets(lines, variant),
        *_small(contrasts),
        *_ties(contrasts),
    )


def unlike_environments(environments: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Say in what the environments of two result sets differ.

    Args:
        environments: name of a set -> the environment of its last command.
    """
    (left, mine), (right, other) = environments.items()
    for name in _ENVIRONMENT:
        if mine.get(name) != other.get(name):
            yield (
                f"Environments differ: {name} {mine.get(name)} in {left}, "
                f"{other.get(name)} in {right}."
            )


def named(names: Sequence[str], most: int = _NAMED) -> str:
    """List some names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _fates(lines: pd.DataFrame, variant: str) -> Iterator[str]:
    absent = lines["status"].isin(ABSENT)
    failed = lines[~absent & lines["status"].ne("ok")]
    if len(failed):
        of = named([f"{n} of {name}" for name, n in failed[variant].value_counts().items()])
        yield f"{_runs(len(failed))} failed and count as worst: {of}."
    if absent.any():
        yield (
            f"{_runs(int(absent.sum()))} of {len(lines)} not done yet and left out: that is no "
            "failure."
        )


def _infinite(contrasts: Sequence[Contrasts], lines: pd.DataFrame) -> Iterator[str]:
    """Count the scores of finished runs that are not finite."""
    failed = int((~lines["status"].isin(["ok", *ABSENT])).sum())
    names = [
        f"{count} of {each.scores.column.name}"
        for each in contrasts
        if (count := int(each.scores.failed.sum()) - failed) > 0
    ]
    if names:
        yield f"Scores of finished runs that are not finite count as worst: {named(names)}."


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _unlike(lines: pd.DataFrame, variant: str) -> Iterator[str]:
    fixed = [name for name in LABELS if name != variant]
    done = lines[lines["status"].eq("ok")]
    tasks = done.groupby(fixed, sort=False).ngroup()
    for fact, sentence in _FACTS.items():
        counts = done[fact].groupby(tasks).nunique()
        mixed = counts[counts > 1]
        if len(mixed):
            first = done[tasks.eq(mixed.index[0])].drop_duplicates([variant, fact])
            told = named([f"{a} {b}" for a, b in zip(first[variant], first[fact], strict=True)])
            yield f"{sentence} in {len(mixed)} of {len(counts)} tasks, as in the first: {told}."


def budgets(
    lines: pd.DataFrame, variant: str, fixed: Sequence[str] | None = None
) -> Iterator[str]:
    """Say by how much budgets differ between the variants of a task, where they do.

    Args:
        lines: labelled, one for each run.
        variant: the column whose labels are compared.
        fixed: the columns that make a task; by default all labels but `variant`.
    """
    fixed = [name for name in LABELS if name != variant] if fixed is None else list(fixed)
    done = lines[lines["status"].eq("ok")]
    tasks = done.groupby(fixed, sort=False).ngroup()
    factors = {}
    for name in _BUDGETS:
        means = pd.to_numeric(done[name]).groupby([tasks, done[variant]]).mean()
        of_task = means[means > 0].groupby(level=0)
        factors[name] = (of_task.max() / of_task.min()).max()
    if not any(factors[name] > 1 for name in ("generator_steps", "critic_passes")):
        return
    equal = [_BUDGETS[name] for name, factor in factors.items() if factor == 1]
    told = [f"{_BUDGETS[name]} up to {x:.3g} times" for name, x in factors.items() if x > 1]
    same = f"; {' and '.join(equal)} are equal" if equal else ""
    where = "datasets" if fixed == ["dataset"] else "tasks"
    yield f"Budgets are not equal within {where}: {', '.join(told)} as many{same}."


def _few_pairs(contrasts: Sequence[Contrasts]) -> Iterator[str]:
    pairs = _gathered([each.pairs[each.there] for each in contrasts])
    few = pairs[(pairs > 0) & (pairs < LEAST_PAIRS)]
    if len(few):
        least = int(few.min())
        yield (
            f"Fewer than {LEAST_PAIRS} pairs (down to {least}) in {len(few)} of {len(pairs)} "
            "comparisons: a signed-rank test cannot reach p < .05 there "
            f"(with {least}, no less than {2.0 ** (1 - least):.3g}), and t intervals rest on the "
            "normal law alone."
        )


def _few_datasets(lines: pd.DataFrame, variant: str) -> Iterator[str]:
    count = lines["dataset"].nunique()
    if variant in ("loss", "architecture", "prior") and 1 < count < LEAST_DATASETS:
        yield (
            f"{count} datasets: what spans datasets describes these and says little of others; a "
            f"signed-rank test over datasets needs {LEAST_DATASETS} to reach .05."
        )


def _small(contrasts: Sequence[Contrasts]) -> Iterator[str]:
    small, known = 0, 0
    for each in contrasts:
        _, means, _ = each.plain
        told = each.there & ~np.isnan(each.rope) & ~np.isnan(means)
        known += int(told.sum())
        small += int((np.abs(means[told]) < each.rope[told]).sum())
    if small:
        yield (
            f"In {small} of {known} comparisons the mean difference is smaller than the spread of "
            "the score between real samples: it is of no practical weight."
        )


def _ties(contrasts: Sequence[Contrasts]) -> Iterator[str]:
    costs = [each.costs[each.there] for each in contrasts]
    tied = sum(int((each == 0).sum()) for each in costs)
    pairs = sum(int((~np.isnan(each)).sum()) for each in costs)
    if tied:
        yield (
            f"{tied} of {pairs} pairs are tied, as where a score has few values or both runs "
            "failed: they count half as won, and a signed-rank test leaves them out."
        )


def _gathered(parts: Sequence[Any]) -> Any:
    return np.concatenate(parts) if parts else np.empty(0)
