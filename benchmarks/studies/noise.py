"""What the noise must be, and whether the Gaussian is special."""

from itertools import repeat

import pandas as pd
from matplotlib.figure import Figure

from benchmarks.studies.reading import by_seed, intervals, ratio, ratios, table
from benchmarks.studies.study import Finding, Study

BASE = "normal"
"""Of sixteen dimensions, which is the default."""


def analyse(rows: pd.DataFrame) -> Finding:
    """Compare each law of noise with the normal one of sixteen dimensions."""
    scores = by_seed(rows, "sw2", ["dataset", "prior"])
    lines, found = [], {}
    priors = list(dict.fromkeys(rows["prior"]))
    datasets = list(dict.fromkeys(rows["dataset"]))
    for prior in priors:
        for data in datasets:
            found[data, prior] = ratio(scores.loc[(data, prior)], scores.loc[(data, BASE)])
        told = [found[data, prior] for data in datasets]
        lines.append((f"`{prior}`", *(each.told for each in told)))
    return Finding(
        " ".join(
            [
                *(_of(found, priors, data) for data in datasets),
                _shapes(scores, priors, datasets),
                _sums(found),
                _learned(found),
            ]
        ),
        f"Ratio of the squared sliced Wasserstein distance to that with `{BASE}`, of sixteen "
        "dimensions (below 1 is better), geometric mean over paired seeds with 95% interval, each "
        "of its own; bold where it leaves out 1. Noise has sixteen dimensions, and a sum two "
        "terms, "
        "where the name tells no others.\n\n"
        + table(("noise", *(f"`{data}`" for data in datasets)), lines),
        {"noise": _drawn(found, priors, datasets)},
        "One small generator, one loss and one budget; a longer training may make up for noise "
        "that fits badly. The distance sees heavy tails as far as 1,000 samples have them.",
    )


def _of(found: dict, priors: list[str], data: str) -> str:
    """Say which dimensions of normal noise are too few, and what beats the base."""
    few = [p for p in priors if p.startswith("normal") and p != BASE and found[data, p].low > 1]
    better = [p for p in priors if found[data, p].high < 1]
    told = f"On `{data}`, of the normal noises "
    told += (
        "surely worse than sixteen dimensions: "
        + ", ".join(f"`{p}` ({found[data, p]})" for p in few)
        if few
        else "none is surely worse than sixteen dimensions"
    )
    told += "; surely better than it: "
    return told + (", ".join(f"`{p}` ({found[data, p]})" for p in better) or "none") + "."


def _sums(found: dict) -> str:
    sums = [key for key in found if key[1].startswith("uniform_sum")]
    sure = [key for key in sums if found[key].sure]
    return (
        f"Of {len(sums)} comparisons of sums of uniforms with the normal law, "
        f"{len(sure)} leave out equality (ratios from {min(found[k].mean for k in sums):.2f} to "
        f"{max(found[k].mean for k in sums):.2f}, intervals within "
        f"[{min(found[k].low for k in sums):.2f}, {max(found[k].high for k in sums):.2f}])"
        + (f" ({', '.join(f'`{p}` on `{d}`: {found[d, p]}' for d, p in sure)})" if sure else "")
        + f", where {0.05 * len(sums):.1f} would by chance."
    )


def _shapes(scores: pd.DataFrame, priors: list[str], datasets: list[str]) -> str:
    """Compare uniform with normal noise of as many dimensions, where there are few."""
    found = {
        (data, prior): ratio(
            scores.loc[(data, prior)], scores.loc[(data, prior.replace("uniform", "normal"))]
        )
        for data in datasets
        for prior in priors
        if prior.startswith("uniform(dim") and prior.replace("uniform", "normal") in priors
    }
    sure = [f"`{prior}` {each} (`{data}`)" for (data, prior), each in found.items() if each.sure]
    return (
        "Beside normal noise of as few dimensions, uniform noise has another distance in "
        f"{len(sure)} of {len(found)} comparisons"
        + (f", {', '.join(sure)} times." if sure else ".")
    )


def _learned(found: dict) -> str:
    learned = {data: each for (data, prior), each in found.items() if prior.startswith("learned")}
    told = ", ".join(f"{each} (`{data}`)" for data, each in learned.items())
    return f"A learned mixture in place of the normal law has {told} times the distance."


def _drawn(found: dict, priors: list[str], datasets: list[str]) -> Figure:
    figure = Figure(figsize=(1.5 + 1.9 * len(datasets), 4.4), layout="constrained")
    axes = figure.subplots(1, len(datasets), sharey=True)
    for axis, data in zip(axes, datasets, strict=True):
        intervals(axis, (found[data, prior] for prior in priors), repeat("C0"))
        ratios(axis)
        axis.set_title(data, fontsize=7)
    axes[0].set_yticks(range(len(priors)), priors, fontsize=8)
    axes[0].invert_yaxis()
    figure.supxlabel("ratio of the squared sliced Wasserstein distance", fontsize=9)
    return figure


STUDY = Study(
    "noise",
    "What must Z be, and is the Gaussian special among shapes and sums of uniforms?",
    analyse,
)
