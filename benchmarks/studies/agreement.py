"""Whether scores agree, and which to report."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.studies.reading import table
from benchmarks.studies.study import Finding, Study

STEPS = ("30", "300", "3000")
CELL = ["variant", "loss"]
RESAMPLINGS = 200
NEAR = 0.03
KNOWN = {"lower": 1.0, "higher": -1.0}


def analyse(rows: pd.DataFrame) -> Finding:
    """Correlate the ranks of all runs by one score with those by another."""
    laid = {data: _laid(of) for data, of in rows.groupby("dataset", sort=False)}
    each = {data: frame.corr("spearman") for data, frame in laid.items()}
    scores = list(dict.fromkeys(name for frame in laid.values() for name in frame.columns))
    square = _mean(each.values(), scores)
    steady = pd.DataFrame([_steadiness(frame) for frame in laid.values()]).mean()
    others = square.where(~np.eye(len(square), dtype=bool))
    shared = others.mean()[
        [name for name in scores if all(name in each for each in laid.values())]
    ]
    agreeing, lone = shared.idxmax(), shared.idxmin()
    near = ", ".join(f"`{name}`" for name in shared.index[shared >= shared.max() - NEAR])
    pairs = others.stack()
    lowest = pairs.idxmin()
    overall = "; ".join(f"{_interval(frame)} (`{data}`)" for data, frame in laid.items())
    late = "; ".join(
        f"{_overall(frame.loc[frame.index[-1][0]]):.2f} (`{data}`)" for data, frame in laid.items()
    )
    lines = [
        (
            f"`{name}`",
            f"{others[name].mean():.2f}",
            f"{others[name].min():.2f} (`{others[name].idxmin()}`)",
            f"{steady[name]:.2f}",
            sum(name in frame for frame in laid.values()),
        )
        for name in others.mean().sort_values(ascending=False).index
    ]
    return Finding(
        f"Two scores order the runs of one dataset with a mean rank correlation of "
        f"{overall}; among the longest runs alone with {late}. Of scores that all data have, "
        f"`{agreeing}` agrees most with the others ({shared[agreeing]:.2f} on average) and "
        f"`{lone}` least ({shared[lone]:.2f}); `{lowest[0]}` and `{lowest[1]}` agree least with "
        f"each other ({pairs.min():.2f}). To report one score, take one that agrees with the "
        f"others and is steady: {near} are within {NEAR} of each other; "
        f"`{lone}` says something else, and stands in for none. "
        f"Seeds of one cell are ordered against other cells most steadily by `{steady.idxmax()}` "
        f"({steady.max():.2f}) and least by `{steady.idxmin()}` ({steady.min():.2f}).",
        "Of each score: mean and least rank correlation with the others over the runs of a "
        "dataset, averaged over datasets that have both; steadiness, the rank correlation of its "
        "values at one seed with those at another over all cells; number of datasets that have "
        "it. Signs are turned so that 1 is full agreement.\n\n"
        + table(("score", "mean", "least", "steadiness", "datasets"), lines),
        {"agreement": _drawn(square)},
        "Runs from 30 to 3,000 steps: among runs that are all bad or all good, scores agree less. "
        "A score that agrees with many that are alike is not thereby right. Intervals resample "
        "cells of one dataset; four datasets say little of a fifth.",
    )


def _laid(rows: pd.DataFrame) -> pd.DataFrame:
    """Lay scores out, runs (variant, loss, seed) by scores, so that smaller is better."""
    kept = rows[rows["better"].isin(KNOWN) & (rows["headline"] | rows["metric"].eq("prdc"))]
    metric = kept["metric"].str.partition("(")[0]
    kept = kept.assign(
        value=kept["value"] * kept["better"].map(KNOWN),
        score=kept["estimator"].where(kept["metric"].eq("prdc"), metric),
    )
    frame = kept.pivot_table("value", [*CELL, "seed"], "score", sort=False)
    return frame.loc[:, frame.nunique() > 1]


def _steadiness(frame: pd.DataFrame) -> pd.Series:
    """Return the mean rank correlation of each score between two seeds, over cells."""
    found = {}
    for name, values in frame.items():
        wide = values.unstack("seed").corr("spearman").to_numpy()
        found[name] = np.nanmean(wide[np.triu_indices(len(wide), 1)])
    return pd.Series(found)


def _mean(parts: Iterable[pd.DataFrame], scores: list[str]) -> pd.DataFrame:
    """Average frames that lack some of the scores."""
    aligned = [part.reindex(scores, columns=scores) for part in parts]
    return sum(each.fillna(0) for each in aligned) / sum(each.notna() for each in aligned)


def _interval(frame: pd.DataFrame) -> str:
    """Say the mean correlation of two scores with its interval over resampled cells."""
    cells = [part for _, part in frame.groupby(level=CELL, sort=False)]
    rng = np.random.default_rng(0)
    drawn = [
        _overall(pd.concat([cells[at] for at in rng.integers(len(cells), size=len(cells))]))
        for _ in range(RESAMPLINGS)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{_overall(frame):.2f} [{low:.2f}, {high:.2f}]"


def _overall(frame: pd.DataFrame) -> float:
    square = frame.corr("spearman")
    return float(np.nanmean([square.loc[pair] for pair in combinations(square, 2)]))


def _drawn(square: pd.DataFrame) -> Figure:
    order = square.mean().sort_values(ascending=False).index
    shown = square.loc[order, order]
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    axis = figure.subplots()
    axis.set_facecolor("0.8")  # of pairs that no dataset has
    image = axis.imshow(shown, vmin=-1, vmax=1, cmap="RdBu")
    axis.set_xticks(range(len(order)), order, rotation=60, ha="right", fontsize=8)
    axis.set_yticks(range(len(order)), order, fontsize=8)
    figure.colorbar(image, label="rank correlation")
    return figure


STUDY = Study(
    "agreement",
    "Do scores agree, and which should be reported?",
    analyse,
    {
        steps: {"settings": {"generator_steps": int(steps), "schedule": "constant"}}
        for steps in STEPS
    },
)
