"""Ranks of variants over datasets: Friedman, Wilcoxon-Holm and Nemenyi (Demsar 2006, JMLR 7)."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from ganbench.comparison.aggregates import Normalised
from ganbench.comparison.estimates import interquartile_mean
from ganbench.comparison.paired import ALPHA, holm
from ganbench.comparison.pairing import Floats, Scores
from ganbench.comparison.signed_rank import signed_rank_tests
from ganbench.comparison.standings import task_ranks

LEAST_DATASETS = 6
"""With fewer datasets a signed-rank test cannot reach .05, and no diagram is drawn."""


class Friedman(NamedTuple):
    """Friedman's test that all variants rank alike.

    Attributes:
        statistic: chi-squared, corrected for ties; NaN with fewer than three variants.
        p: of chi-squared with K - 1 degrees of freedom.
    """

    statistic: float
    p: float


def dataset_ranks(scores: Scores) -> pd.DataFrame:
    """Rank variants within datasets: the blocks, over whose tasks ranks are averaged first.

    Returns:
        A row per dataset, a column per variant.
    """
    frame = pd.DataFrame(task_ranks(scores), columns=pd.Index(scores.variants))
    blocks = frame.groupby(scores.tasks["dataset"].to_numpy(), sort=False).mean()
    return blocks.rank(axis=1)


def friedman(ranks: Floats) -> Friedman:
    """Test ranks (D, K) of K variants on D datasets."""
    datasets, variants = ranks.shape
    if datasets < 2 or variants < 3 or np.ptp(ranks, axis=1).max() == 0:
        return Friedman(math.nan, math.nan)
    statistic, p = stats.friedmanchisquare(*ranks.T)
    return Friedman(float(statistic), float(p))


def critical_difference(variants: int, datasets: int) -> float:
    """Return the difference of average ranks that Nemenyi's test (1963) takes for real at 5%."""
    q = float(stats.studentized_range.ppf(1 - ALPHA, variants, np.inf))
    return q * math.sqrt(variants * (variants + 1) / (12 * datasets))


def rank_table(scores: Scores, normalised: Normalised, baseline: int) -> pd.DataFrame:
    """Rank every variant over datasets and test it against the baseline.

    Args:
        scores: of tasks that have all variants.
        normalised: the same score, for the Wilcoxon test of dataset means.
        baseline: place of the variant that the others are tested against.

    Returns:
        A row per variant, best first: variant, rank (average), datasets; p and p_holm
        (Wilcoxon against the baseline over datasets); and the same in every row, friedman,
        friedman_p and critical_difference, which are NaN with fewer than six datasets.
    """
    ranks = dataset_ranks(scores)
    values = ranks.to_numpy(dtype=float)
    p = _wilcoxon(normalised, baseline)
    enough = len(ranks) >= LEAST_DATASETS
    test = friedman(values) if enough else Friedman(math.nan, math.nan)
    table = pd.DataFrame(
        {
            "variant": list(scores.variants),
            "rank": values.mean(axis=0),
            "datasets": len(ranks),
            "p": p,
            "p_holm": holm(p),
            "friedman": test.statistic,
            "friedman_p": test.p,
            "critical_difference": critical_difference(*values.shape[::-1])
            if enough
            else math.nan,
        }
    )
    return table.sort_values("rank", kind="stable", ignore_index=True)


def _wilcoxon(normalised: Normalised, baseline: int) -> Floats:
    """Return p (K,) of the difference from the baseline over datasets, NaN of itself."""
    values = normalised.values
    if not len(values):
        return np.full(values.shape[1], np.nan)
    means = interquartile_mean(-values).value
    blocks = pd.DataFrame(means).groupby(normalised.scores.tasks["dataset"].to_numpy()).mean()
    dataset_means = blocks.to_numpy(dtype=float)
    p = signed_rank_tests((dataset_means - dataset_means[:, [baseline]]).T)
    p[baseline] = math.nan
    return p


def cliques(table: pd.DataFrame) -> list[tuple[int, int]]:
    """Return the bars of a critical-difference diagram, as (first, last) row not told apart.

    Args:
        table: rows of one score, as of `rank_table`, best first, with a critical difference.
    """
    ranks = table["rank"].to_numpy(dtype=float)
    width = float(table["critical_difference"].iloc[0])
    bars: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = int(np.nonzero(ranks <= ranks[first] + width)[0][-1])
        if last > first and (not bars or last > bars[-1][1]):
            bars.append((first, last))
    return bars
