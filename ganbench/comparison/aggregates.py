"""Scores of many tasks together: normalised, with stratified bootstrap over the seeds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ganbench.comparison.estimates import mean as mean_of
from ganbench.comparison.paired import superiority
from ganbench.comparison.pairing import Counts, Flags, Floats, Scores

DRAWS = 2000
LEAST_DRAWS = 200
_WORK = 1_000_000
"""Values that are drawn for one interval; of many runs fewer draws suffice, as they vary less."""
LEAST_SEEDS = 5
"""With fewer seeds in a task a bootstrap over them tells no interval: it would be too short."""
THRESHOLDS = np.linspace(0.0, 1.0, 51)


@dataclass(frozen=True)
class Normalised:
    """Scores between those of the worst baseline (0) and of real data (1), higher is better.

    Attributes:
        scores: those of the tasks that have all variants and a place to normalise to.
        values: (T, K, N), NaN where a run is not there; a failed run has the least value of its
            task, at most 0.
        laws: (T,), whether 0 is a law fitted without a game, and not a variant.
        unmet: why tasks are left out, if any are.
    """

    scores: Scores
    values: Floats
    laws: Flags
    unmet: tuple[str, ...]

    @property
    def seeds(self) -> int:
        """The least number of runs that a variant has in a task."""
        return int(self.scores.present.min(initial=np.iinfo(np.int64).max))


def normalise(scores: Scores) -> Normalised:
    """Normalise the scores of all tasks that have every variant.

    The value 1 is the mean score between real samples. The value 0 is the mean of the worst law
    fitted without a game, or where none is clearly worse than real data, that of the worst
    variant.
    """
    floor = scores.sign * _across(np.nanmean, scores.floor)
    room = _across(np.nanmax, scores.rope)
    worst = _across(np.nanmax, mean_of(scores.costs).value)
    law = scores.sign * scores.anchors
    lawful = law > floor + room
    anchor = np.where(lawful, law, worst)
    whole = np.asarray((scores.present > 0).all(axis=1))
    clear = anchor > floor + room
    kept = whole & clear
    unmet = []
    if not whole.all():
        unmet.append(
            f"{(~whole).sum()} of {len(whole)} tasks lack a variant and are left out of what "
            "spans tasks"
        )
    if not clear[whole].all():
        unmet.append(
            f"in {(whole & ~clear).sum()} of {whole.sum()} tasks no baseline is clearly worse "
            "than real data, or no floor is known, so that nothing is normalised there"
        )
    chosen = scores.select(kept)
    span = (anchor - floor)[kept, None, None]
    values = (anchor[kept, None, None] - chosen.costs) / span
    finite = np.where(np.isfinite(values), values, np.inf)
    least = np.minimum(finite.min(axis=(1, 2), initial=np.inf), 0.0)
    values = np.where(np.isinf(values), least[:, None, None], values)
    return Normalised(chosen, values, lawful[kept], tuple(unmet))


def aggregate(normalised: Normalised, baseline: int, seed: int = 0) -> pd.DataFrame:
    """Summarise every variant over all tasks and seeds, with 95% percentile intervals.

    The bootstrap resamples seeds within each task (Agarwal et al. 2021, arXiv 2108.13264).

    Args:
        normalised: T tasks of K variants.
        baseline: the place of the variant that the others are compared with.
        seed: of the bootstrap.

    Returns:
        A row per variant: variant, tasks, laws (of them, those whose 0 is a fitted law), runs,
        failed; iqm, mean and improvement (the mean over tasks of the probability to beat the
        baseline), each with its _low and _high, which are NaN where a task has fewer than
        `LEAST_SEEDS` runs of a variant.
    """
    rows = []
    for place, variant in enumerate(normalised.scores.variants):
        rng = np.random.default_rng([seed, place])
        values = normalised.values[:, place]
        row = {
            "variant": variant,
            "tasks": len(values),
            "laws": int(normalised.laws.sum()),
            "runs": int(normalised.scores.present[:, place].sum()),
            "failed": int(normalised.scores.failed[:, place].sum()),
            **_bootstrapped(values, {"iqm": trimmed_mean, "mean": _mean}, rng),
        }
        if place != baseline:
            costs = normalised.scores.costs
            row |= _improvement(costs[:, place], costs[:, baseline], rng)
        rows.append(row)
    names = ["variant", "tasks", "laws", "runs", "failed"]
    ends = [f"{name}{end}" for name in ("iqm", "mean", "improvement") for end in _ENDS]
    table = pd.DataFrame(rows, columns=[*names, *ends])
    return table if normalised.seeds >= LEAST_SEEDS else _without(table, _ENDS[1:])


def profiles(normalised: Normalised, seed: int = 0) -> pd.DataFrame:
    """Performance profiles: the share of runs whose normalised score is above each threshold.

    Returns:
        A row per variant and threshold: variant, threshold, share, low, high (pointwise 95%
        percentile interval of the stratified bootstrap; NaN as in `aggregate`).
    """
    parts = []
    for place, variant in enumerate(normalised.scores.variants):
        rng = np.random.default_rng([seed, place])
        values = normalised.values[:, place]
        bins = np.where(np.isnan(values), np.nan, np.searchsorted(THRESHOLDS, values))
        low, high = _percentiles(_shares(resampled(bins, _draws(bins.size), rng).astype(int)))
        flat = bins[~np.isnan(bins)].astype(int)
        parts.append(
            pd.DataFrame(
                {
                    "variant": variant,
                    "threshold": THRESHOLDS,
                    "share": _shares(flat[None])[0],
                    "low": low,
                    "high": high,
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    return table if normalised.seeds >= LEAST_SEEDS else _without(table, ("low", "high"))


def _without(table: pd.DataFrame, ends: tuple[str, ...]) -> pd.DataFrame:
    """Leave the columns empty whose names have these ends."""
    return table.assign(**{name: np.nan for name in map(str, table) if name.endswith(ends)})


def resampled(values: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Resample the seeds of each task with replacement.

    Args:
        values: (T, N), NaN where a run is not there.
        draws: number of replicates.
        rng: of the draws.

    Returns:
        (draws, runs), as many of each task as it has.
    """
    ordered = np.sort(values, axis=-1)
    counts = (~np.isnan(values)).sum(-1)
    task = np.repeat(np.arange(len(values)), counts)
    places = (rng.random((draws, len(task))) * counts[task]).astype(int)
    return np.asarray(ordered[task, places])


def trimmed_mean(values: Floats) -> Floats:
    """Interquartile mean along the last axis of values that are all there."""
    cut = values.shape[-1] // 4
    ordered = np.sort(values, axis=-1)
    return np.asarray(ordered[..., cut : values.shape[-1] - cut].mean(-1))


_ENDS = ("", "_low", "_high")


def _across(reduce: Callable[..., Floats], values: Floats) -> Floats:
    """Reduce (T, K) over the variants that have a value, NaN where none has."""
    known = ~np.isnan(values).all(axis=1)
    result = np.full(len(values), np.nan)
    if known.any():
        result[known] = reduce(values[known], axis=1)
    return result


def _mean(values: Floats) -> Floats:
    return np.asarray(values.mean(-1))


def _draws(size: int) -> int:
    return int(np.clip(_WORK // max(size, 1), LEAST_DRAWS, DRAWS))


def _bootstrapped(
    values: Floats, statistics: dict[str, Callable[[Floats], Floats]], rng: np.random.Generator
) -> dict[str, float]:
    flat = values[~np.isnan(values)]
    draws = resampled(values, _draws(values.size), rng)
    found: dict[str, float] = {}
    for name, statistic in statistics.items():
        ends = _percentiles(statistic(draws))
        each = (statistic(flat), *ends)
        found |= {f"{name}{end}": float(x) for end, x in zip(_ENDS, each, strict=True)}
    return found


def _improvement(costs: Floats, others: Floats, rng: np.random.Generator) -> dict[str, float]:
    """Mean over tasks of the probability that a run costs less than one of the others."""
    mine, theirs = np.sort(costs, axis=-1), np.sort(others, axis=-1)
    wins = _wins(mine, theirs)
    draws = _draws(wins.size)
    first, second = (_multiplicities(each, draws, rng) for each in (mine, theirs))
    total = np.einsum("tbn,tbn->b", first @ wins, second) / len(costs)
    each = (superiority(costs, others).mean(), *_percentiles(total))
    return {f"improvement{end}": float(x) for end, x in zip(_ENDS, each, strict=True)}


def _wins(costs: Floats, others: Floats) -> Floats:
    """Return (T, N, N): 1 where a run costs less than one of the others, 1/2 for a tie."""
    x, y = costs[:, :, None], others[:, None, :]
    return np.asarray((x < y) + (x == y) / 2)


def _multiplicities(ordered: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Return (T, draws, N): the share of a resample of its task that each run has."""
    tasks, seeds = ordered.shape
    counts = (~np.isnan(ordered)).sum(-1)
    task = np.repeat(np.arange(tasks), counts)
    places = (rng.random((draws, len(task))) * counts[task]).astype(int)
    flat = (task * draws + np.arange(draws)[:, None]) * seeds + places
    drawn = np.bincount(flat.ravel(), minlength=tasks * draws * seeds)
    return np.asarray(drawn.reshape(tasks, draws, seeds) / counts[:, None, None])


def _shares(bins: Counts) -> Floats:
    """Return the shares (B, thresholds) of values above each threshold, given bins (B, n)."""
    width = len(THRESHOLDS) + 1
    rows = np.arange(len(bins))[:, None] * width
    counts = np.bincount((bins + rows).ravel(), minlength=len(bins) * width)
    return np.asarray(1 - counts.reshape(-1, width).cumsum(-1)[:, :-1] / bins.shape[-1])


def _percentiles(draws: Floats) -> tuple[Floats, Floats]:
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    return np.asarray(low), np.asarray(high)
