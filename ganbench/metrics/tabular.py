"""Scores of generated tables: marginals, associations, and what a learner makes of them.

Columns of numbers, dates and spans of time are numeric, all others (text, booleans, pandas
categories) categorical: cast numbers that stand for categories to the dtype "category". Missing
is a category of its own. A numeric column with gaps in one of the tables counts twice: as
numbers, with the mean of the real table in the gaps, and as the categorical column "NAME is
missing".
"""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats.contingency import association

from ganbench.metrics._checks import Floats, listed, sameness
from ganbench.metrics._intervals import wilson
from ganbench.metrics._tables import Codes, Tables, as_tables
from ganbench.metrics.score import Score

_NAMED = 50


def column_fidelity(real: pd.DataFrame, fake: pd.DataFrame) -> list[Score]:
    """Compare the columns of two tables one by one.

    Args:
        real: real table.
        fake: generated table with the same columns.

    Returns:
        Distances between 0 and 1, the means over columns, whose largest values are in `details`:
        "ks", the Kolmogorov-Smirnov statistic of numeric columns, and "tv", the total variation
        between the frequencies of categorical ones, where a table has such columns; "columns",
        the mean over all (SDMetrics' KSComplement, TVComplement and Column Shapes are 1 minus
        these). Then "range": the share of generated rows with a number outside the real range or
        a category that `real` has not, with its Wilson interval. All are above 0 for finite
        samples of one law.

    Raises:
        MetricError: if a table makes no sense or their columns differ.

    References:
        Massey 1951, JASA 46 (the statistic). Patki et al. 2016, The Synthetic Data Vault,
        doi:10.1109/DSAA.2016.49; docs.sdv.dev/sdmetrics.
    """
    tables = as_tables({"real": real, "fake": fake})
    outside = np.zeros(len(fake), dtype=bool)
    ks, tv = {}, {}
    for name, values in tables.numbers.items():
        first, second = tables.split(values)
        ks[name] = _kolmogorov_smirnov(first, second)
        outside |= (second < first.min()) | (second > first.max())
    for name, codes in tables.codes.items():
        tv[name] = _total_variation(tables, codes)
        known, seen = tables.split(codes)
        outside |= ~np.isin(seen, known)
    rate = float(outside.mean())
    n, m = tables.sizes
    distances = {"ks": ks, "tv": tv, "columns": {**ks, **tv}}
    range_ = Score(rate, *wilson(rate, m), n_real=n, n_fake=m, estimator="range")
    return [*_means(distances, tables, "columns", []), range_]


def association_gap(real: pd.DataFrame, fake: pd.DataFrame) -> list[Score]:
    """Compare how the columns of two tables depend on each other, pair by pair.

    Args:
        real: real table.
        fake: generated table with the same columns.

    Returns:
        Means over pairs of columns, those whose kinds a table has; the largest gaps are in
        `details`. "correlation": the absolute difference of Pearson's correlations of numeric
        columns, up to 2. "contingency": the total variation between the joint frequencies of
        categorical ones, up to 1 (SDMetrics' ContingencySimilarity is 1 minus it). "mixed": the
        absolute difference of the correlation ratios eta of a numeric column given a categorical
        one, up to 1. A column that is constant in a table has correlation and eta 0 there, and
        `details` warn of it. All are above 0 for finite samples of one law.

    Raises:
        MetricError: if a table makes no sense or their columns differ.

    References:
        Fisher 1925, Statistical Methods for Research Workers (eta). Patki et al. 2016, The
        Synthetic Data Vault, doi:10.1109/DSAA.2016.49; docs.sdv.dev/sdmetrics.
    """
    tables = as_tables({"real": real, "fake": fake})
    correlation = {}
    if len(tables.numbers) > 1:
        first, second = (
            _correlations(part) for part in tables.split(np.stack([*tables.numbers.values()], 1))
        )
        names = itertools.combinations(tables.numbers, 2)
        gaps = np.abs(first - second)[np.triu_indices(len(first), 1)]
        correlation = {_both(*pair): float(gap) for pair, gap in zip(names, gaps, strict=True)}
    contingency = {
        _both(a, b): _total_variation(
            tables, tables.codes[a] * len(tables.levels[b]) + tables.codes[b]
        )
        for a, b in itertools.combinations(tables.codes, 2)
    }
    mixed = {
        _both(a, b): _eta_gap(tables, codes, values)
        for a, codes in tables.codes.items()
        for b, values in tables.numbers.items()
    }
    gaps_by_kind = {"correlation": correlation, "contingency": contingency, "mixed": mixed}
    return _means(gaps_by_kind, tables, "pairs", _constant(tables))


def associations(real: pd.DataFrame, fake: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how strongly the columns of two tables depend on each other, table by table.

    Args:
        real: real table.
        fake: generated table with the same columns.

    Returns:
        Two symmetric matrices with the columns as names: Pearson's correlation of two numeric
        columns, from -1 to 1; the correlation ratio eta of a numeric and a categorical one, and
        Cramer's V of two categorical ones, from 0 to 1. A constant column depends on none.

    Raises:
        MetricError: if a table makes no sense or their columns differ.

    References:
        Cramer 1946, Mathematical Methods of Statistics, section 21.9; for eta see
        `association_gap`.
    """
    tables = as_tables({"real": real, "fake": fake})
    names = [*tables.numbers, *tables.codes]
    numbers = [tables.split(values) for values in tables.numbers.values()]
    codes = [tables.split(values) for values in tables.codes.values()]
    first, second = (
        _associations([each[side] for each in numbers], [each[side] for each in codes])
        for side in (0, 1)
    )
    return pd.DataFrame(first, names, names), pd.DataFrame(second, names, names)


def _associations(numbers: Sequence[Floats], codes: Sequence[Codes]) -> Floats:
    d = len(numbers)
    matrix = np.eye(d + len(codes))
    if numbers:
        matrix[:d, :d] = _correlations(np.stack(numbers, 1))
    for place, coded in enumerate(codes, d):
        matrix[place, :d] = [_eta(coded, values) for values in numbers]
    for one, two in itertools.combinations(range(len(codes)), 2):
        matrix[d + two, d + one] = _cramer(codes[one], codes[two])
    lower = np.tril(matrix, -1)
    symmetric: Floats = lower + lower.T + np.eye(len(matrix))
    return symmetric


def _cramer(first: Codes, second: Codes) -> float:
    """Return Cramer's V of two categorical columns, zero where one is constant."""
    counts = pd.crosstab(first, second).to_numpy()
    least = min(counts.shape) - 1
    return float(association(counts, "cramer", correction=False)) if least else 0.0


def _means(
    columns: Mapping[str, Mapping[str, float]], tables: Tables, key: str, warnings: list[str]
) -> list[Score]:
    """Average each estimator that has values, and keep the largest of them in `details`."""
    n, m = tables.sizes
    rows = np.column_stack([*tables.numbers.values(), *tables.codes.values()]).astype(float)
    first, second = tables.split(rows)
    warnings = [*sameness(first, second, ("real", "fake")), *warnings]
    scores = []
    for estimator, values in columns.items():
        if not values:
            continue
        largest = sorted(values.items(), key=lambda item: -item[1])[:_NAMED]
        details: dict[str, object] = {"count": len(values), key: dict(largest)}
        if warnings:
            details["warnings"] = warnings
        mean = float(np.mean([*values.values()]))
        scores.append(Score(mean, n_real=n, n_fake=m, estimator=estimator, details=details))
    return scores


def _constant(tables: Tables) -> list[str]:
    constant = [
        name
        for name, values in tables.numbers.items()
        if any(np.ptp(part) == 0 for part in tables.split(values))
    ]
    if not constant:
        return []
    return [f"Constant in a table, and so without association there: {listed(constant)}."]


def _both(a: str, b: str) -> str:
    return f"{a} ~ {b}"


def _kolmogorov_smirnov(first: Floats, second: Floats) -> float:
    points = np.concatenate([first, second])
    shares = [
        np.searchsorted(np.sort(part), points, side="right") / len(part)
        for part in (first, second)
    ]
    return float(np.abs(shares[0] - shares[1]).max())


def _total_variation(tables: Tables, codes: Codes) -> float:
    _, ranks = np.unique(codes, return_inverse=True)
    first, second = (
        np.bincount(part, minlength=ranks.max() + 1) / len(part) for part in tables.split(ranks)
    )
    return float(np.abs(first - second).sum() / 2)


def _correlations(rows: Floats) -> Floats:
    """Return Pearson's correlations (d, d), zero for constant columns."""
    centred = rows - rows.mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0))
    norms[np.ptp(rows, axis=0) == 0] = np.inf
    unit = centred / norms
    products: Floats = unit.T @ unit
    return np.clip(products, -1, 1)


def _eta_gap(tables: Tables, codes: Codes, values: Floats) -> float:
    first, second = (
        _eta(*parts) for parts in zip(tables.split(codes), tables.split(values), strict=True)
    )
    return abs(first - second)


def _eta(codes: Codes, values: Floats) -> float:
    """Return the correlation ratio: the root of the variance that categories explain."""
    if np.ptp(values) == 0:
        return 0.0
    centred = values - values.mean()
    counts = np.bincount(codes)
    sums = np.bincount(codes, centred)
    between = (sums[counts > 0] ** 2 / counts[counts > 0]).sum()
    return math.sqrt(min(1.0, float(between / (centred**2).sum())))
