"""From the results of single calls to what is known of each estimator."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kstest

from benchmarks.calibration.estimators import ESTIMATORS
from benchmarks.calibration.pairs import PAIRS
from benchmarks.calibration.study import Section

Row = dict[str, Any]

LEVELS = (0.01, 0.05, 0.1)
POWER_LEVEL = 0.05


def summarise(section: Section, rows: Sequence[Mapping[str, Any]]) -> Row:
    """Return repeats, failed calls and one summary for each pair, sample size and score."""
    failed = pd.DataFrame([row for row in rows if "failed" in row])
    table, summaries = tidy(rows), []
    for (pair, n, name), group in table.groupby(["pair", "n", "name"], sort=False):
        facts = {"pair": pair, "n": int(n), "estimator": name, "repeats": len(group)}
        summaries.append({**facts, **_SUMMARIES[section](str(pair), group)})
    return {
        "repeats": {
            str(n): int(count) for n, count in table.groupby("n")["repeat"].nunique().items()
        },
        "failed": [] if failed.empty else _failures(failed),
        "rows": summaries,
    }


def tidy(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one line per score, in the order of pairs, sample sizes and estimators."""
    order = [*PAIRS]
    lines = [
        {**{key: row[key] for key in ("pair", "n", "repeat", "estimator", "seconds")}, **score}
        for row in rows
        if "failed" not in row
        for score in row["scores"]
    ]
    columns = ["pair", "n", "repeat", "estimator", "seconds", "name", "value", "low", "high"]
    table = pd.DataFrame(lines, columns=[*columns, "p_value", "error"])
    table[["low", "high", "p_value", "error"]] = table[["low", "high", "p_value", "error"]].astype(
        float
    )
    table["place"] = table["pair"].map(order.index)
    return table.sort_values(["place", "n", "estimator", "repeat"], kind="stable")


def bias(pair: str, group: pd.DataFrame) -> Row:
    """Compare the estimates of one law with the truth.

    Returns:
        `bias` with its standard error, `sd` of one estimate, `error_ratio` of the mean stated
        error to it, the share of intervals that `covered` the truth and of lower ends `below` it.
    """
    target = ESTIMATORS[group["estimator"].iloc[0]].target
    values, sd = group["value"].to_numpy(), float(group["value"].std())
    facts: Row = {"mean": values.mean(), "sd": sd, "seconds": group["seconds"].mean()}
    if not target:
        return _rounded(facts)
    truth = getattr(PAIRS[pair], target)
    facts.update(truth=truth, bias=values.mean() - truth, bias_error=sd / np.sqrt(len(values)))
    if group["error"].notna().all() and sd > 0:
        facts["error_ratio"] = group["error"].mean() / sd
    if group["low"].notna().all():
        facts["below"] = (group["low"] <= truth).mean()
        # An interval for the accuracy of a fitted classifier claims nothing of the best one.
        if group["high"].notna().all() and target != "accuracy":
            facts["covered"] = ((group["low"] <= truth) & (truth <= group["high"])).mean()
    return _rounded(facts)


def floor(_: str, group: pd.DataFrame) -> Row:
    """Return where scores of equal laws lie."""
    values = group["value"]
    facts = {"mean": values.mean(), "sd": values.std(), "p95": values.quantile(0.95)}
    return _rounded(facts)


def null(_: str, group: pd.DataFrame) -> Row:
    """Return how often true nulls are rejected.

    Returns:
        Shares `rejected` by level; `ks`, the largest gap between the distribution of p-values
        and the uniform one; `excess`, the largest gap on the side of too many rejections.
    """
    p_values = group["p_value"].dropna()
    if p_values.empty:
        return {}
    rejected = {str(level): float((p_values <= level).mean()) for level in LEVELS}
    ks = kstest(p_values, "uniform").statistic
    excess = kstest(p_values, "uniform", alternative="greater").statistic
    return {"rejected": rejected, **_rounded({"ks": ks, "excess": excess})}


def power(_: str, group: pd.DataFrame) -> Row:
    """Return the share of rejections at the level .05."""
    p_values = group["p_value"].dropna()
    return {"power": float((p_values <= POWER_LEVEL).mean())} if len(p_values) else {}


_SUMMARIES = {"bias": bias, "floors": floor, "null": null, "power": power}


def _failures(failed: pd.DataFrame) -> list[Row]:
    keys = ["pair", "n", "estimator", "failed"]
    return [
        {**dict(zip(keys, key, strict=True)), "calls": len(group)}
        for key, group in failed.groupby(keys)
    ]


def _rounded(facts: Mapping[str, Any]) -> Row:
    return {name: float(f"{value:.5g}") for name, value in facts.items()}
