"""What was computed of a score, as frames with a row for each task and variant or pair."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ganbench.comparison import estimates
from ganbench.comparison.paired import Contrasts
from ganbench.comparison.pairing import Flags, Floats, Scores

_ENDS = ("", "_low", "_high")


def summary_frame(scores: Scores) -> pd.DataFrame:
    """Summarise every variant of every task over its seeds.

    Returns:
        Columns score, better, those of the task, variant; planned, ok, failed, missing (runs);
        scale ("log": the mean is geometric); mean, median and iqm, each with its _low and
        _high; floor and floor_p95.
    """
    there = scores.planned > 0
    columns: dict[str, Any] = {
        "planned": scores.planned,
        "ok": scores.present - scores.failed,
        "failed": scores.failed,
        "missing": scores.planned - scores.present,
        "scale": np.broadcast_to(_scale(scores)[:, None], there.shape),
    }
    statistics = {
        "mean": estimates.mean,
        "median": estimates.median,
        "iqm": estimates.interquartile_mean,
    }
    for name, statistic in statistics.items():
        columns |= _ends(name, *map(scores.restored, statistic(scores.working)))
    columns |= {"floor": scores.floor, "floor_p95": scores.floor_p95}
    return _frame(scores, there, columns, {"variant": np.arange(len(scores.variants))})


def difference_frame(contrasts: Contrasts, p_corrected: Floats) -> pd.DataFrame:
    """Tell every variant from the one it is compared with.

    Returns:
        The columns of `pairwise_frame`, and: rope (half the width of the region of practical
        equivalence), p_alike (two one-sided tests), and p_better, p_within and p_worse (of the
        Bayesian signed-rank test).
    """
    bayes = contrasts.bayes
    columns = {
        "rope": contrasts.rope,
        "p_alike": contrasts.p_alike,
        "p_better": bayes[..., 0],
        "p_within": bayes[..., 1],
        "p_worse": bayes[..., 2],
    }
    return _contrast_frame(contrasts, p_corrected, columns)


def pairwise_frame(contrasts: Contrasts, p_corrected: Floats) -> pd.DataFrame:
    """Tell variants from each other.

    Returns:
        Columns score, better, those of the task, variant, other; pairs (seeds that both have)
        and failed (of them, one or both failed); scale ("linear": effect is variant - other;
        "log": variant / other), effect, effect_low, effect_high; test ("t", or "signed-rank"
        where a run failed), p, p_holm; win_rate (paired), improvement (unpaired); verdict
        ("better", "worse", "alike" or "open").
    """
    return _contrast_frame(contrasts, p_corrected, {})


def _contrast_frame(
    contrasts: Contrasts, p_corrected: Floats, more: Mapping[str, Floats]
) -> pd.DataFrame:
    scores = contrasts.scores
    columns: dict[str, Any] = {
        "pairs": contrasts.pairs,
        "failed": contrasts.failed,
        "scale": np.broadcast_to(_scale(scores)[:, None], contrasts.pairs.shape),
        **_ends("effect", *contrasts.effect),
        "test": np.where(contrasts.failed > 0, "signed-rank", "t"),
        "p": contrasts.p,
        "p_holm": p_corrected,
        "win_rate": contrasts.win_rate,
        "improvement": contrasts.improvement,
        **more,
        "verdict": contrasts.verdicts(p_corrected),
    }
    labels = {"variant": contrasts.first, "other": contrasts.second}
    return _frame(scores, contrasts.there, columns, labels)


def _frame(
    scores: Scores, there: Flags, columns: Mapping[str, Any], labels: Mapping[str, Any]
) -> pd.DataFrame:
    """Make a row of every place (T, P) that is there."""
    task, place = np.nonzero(there)
    variants = np.array(scores.variants, dtype=object)
    frame = scores.tasks.iloc[task].reset_index(drop=True)
    frame.insert(0, "score", scores.column.name)
    frame.insert(1, "better", scores.column.better)
    for name, places in labels.items():
        frame[name] = variants[np.asarray(places)[place]]
    return frame.assign(**{name: values[task, place] for name, values in columns.items()})


def _ends(name: str, value: Floats, low: Floats, high: Floats) -> dict[str, Floats]:
    ends = (value, np.minimum(low, high), np.maximum(low, high))
    return {f"{name}{end}": each for end, each in zip(_ENDS, ends, strict=True)}


def _scale(scores: Scores) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
    return np.where(scores.logarithmic, "log", "linear").astype(object)
