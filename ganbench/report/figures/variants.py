"""How variants stand over all datasets, as `ganbench.comparison` finds it."""

import pandas as pd
from matplotlib.figure import Figure

from ganbench.comparison import cliques, compare
from ganbench.errors import GanbenchError
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.standings import critical_differences, performance_profiles
from ganbench.results import Results


def _ranks(results: Results, name: str) -> Figure:
    """Draw mean ranks over datasets by the first score that has them."""
    comparison = compare(results.frame)
    ranks = _first(comparison.ranks, "critical_difference", comparison.unmet)
    variants = list(ranks["variant"])
    return critical_differences(
        dict(zip(variants, ranks["rank"], strict=True)),
        [variants[first : last + 1] for first, last in cliques(ranks)],
        cd=float(ranks["critical_difference"].iloc[0]),
        heading=f"{name}: mean rank by {ranks['score'].iloc[0]} over "
        f"{ranks['datasets'].iloc[0]} datasets",
    )


def _profiles(results: Results, name: str) -> Figure:
    """Draw the profiles of the first score that has them."""
    comparison = compare(results.frame)
    profiles = _first(comparison.profiles, "share", comparison.unmet)
    score = profiles["score"].iloc[0]
    return performance_profiles(profiles, heading=f"{name}: runs above a normalised {score}")


def _first(frame: pd.DataFrame, column: str, unmet: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows of the first score that has numbers in a column.

    Raises:
        GanbenchError: if there is none; says why.
    """
    known = frame[frame[column].notna()] if column in frame else frame
    if known.empty:
        raise GanbenchError(" ".join(unmet).rstrip(".") or "Nothing spans all datasets")
    return known[known["score"].eq(known["score"].iloc[0])]


def _ranks_caption(results: Results, name: str) -> str:
    del name
    ranks = compare(results.frame).ranks
    return (
        f"Mean rank over {ranks['datasets'].iloc[0]} datasets, seeds averaged first and failures "
        "ranked worst; bars join variants whose ranks differ by less than the critical "
        "difference of Nemenyi's test at 5% (Demsar 2006)."
    )


def _profiles_caption(results: Results, name: str) -> str:
    del results, name
    return (
        "Share of runs whose score, 0 for the worst baseline (or variant) and 1 for real data, is "
        "above the threshold, with pointwise 95% intervals of a bootstrap over seeds within tasks."
    )


CRITICAL_DIFFERENCES = Kind(
    "critical-differences", "Ranks over datasets", _ranks, _ranks_caption, whole=True
)
PROFILES = Kind(
    "performance-profiles", "Performance profiles", _profiles, _profiles_caption, whole=True
)
