"""How often the intervals of a comparison hold: `python -m benchmarks.calibration.comparisons`.

Writes comparisons.json and comparisons.png beside this file, in about two minutes on one core.
Paired differences are of two variants whose seeds share part of their luck; aggregates are of two
variants over several tasks. docs/comparison.md quotes the figures.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from numpy.typing import NDArray
from scipy import stats

from ganbench.comparison import Normalised, Scores, aggregate
from ganbench.comparison.aggregates import trimmed_mean
from ganbench.comparison.columns import Column
from ganbench.comparison.estimates import interquartile_mean, mean, median

Floats = NDArray[np.float64]

SEED = 20240612
SEEDS = (5, 10, 20)
LEVEL = 0.95
PAIRED_REPEATS = 20_000
BOOTSTRAP_REPEATS = 1000
AGGREGATE_REPEATS = 1000
SHARED = 0.5
"""Correlation of the two variants at one seed."""
SHIFT = -np.log(2)
"""Effect on the working scale: half, where this is logarithmic."""
POPULATION = 200_000
"""Draws for each task that stand for the truth of an aggregate."""


def _working(rng: np.random.Generator, repeats: int, n: int) -> tuple[Floats, Floats]:
    """Draw both variants (repeats, n), standard normal with a shared part."""
    shared, x, y = rng.standard_normal((3, repeats, n))
    return tuple(np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * each for each in (x, y))


def _held(low: Floats, high: Floats, truth: float) -> dict[str, float]:
    inside = (low <= truth) & (truth <= high)
    rate = float(inside.mean())
    return {"coverage": rate, "error": float(np.sqrt(rate * (1 - rate) / len(inside)))}


def _percentile_bootstrap(differences: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    n = differences.shape[-1]
    places = rng.integers(n, size=(len(differences), 1000, n))
    means = np.take_along_axis(differences[:, None], places, -1).mean(-1)
    low, high = np.percentile(means, [2.5, 97.5], axis=-1)
    return low, high


def _paired(n: int) -> Iterator[dict[str, Any]]:
    """Mean paired differences: normal, lognormal as they are and as logarithms."""
    rng = np.random.default_rng([SEED, n])
    y, x = _working(rng, PAIRED_REPEATS, n)
    x = x + SHIFT
    gap = (np.exp(SHIFT) - 1) * np.exp(0.5)
    cases = {
        "normal": (x - y, SHIFT),
        "lognormal": (np.exp(x) - np.exp(y), gap),
        "lognormal, as logarithms": (x - y, SHIFT),
    }
    for law, (differences, truth) in cases.items():
        interval = mean(differences)
        held = _held(interval.low, interval.high, truth)
        yield {"what": "paired difference, t", "law": law, "n": n, **held}
        few = differences[:BOOTSTRAP_REPEATS]
        held = _held(*_percentile_bootstrap(few, rng), truth)
        yield {"what": "paired difference, percentile bootstrap", "law": law, "n": n, **held}


def _single(n: int) -> Iterator[dict[str, Any]]:
    """Mean, median and interquartile mean of one variant."""
    z = np.random.default_rng([SEED, n, 1]).standard_normal((PAIRED_REPEATS, n))
    quartiles = stats.norm.cdf(stats.norm.ppf([0.25, 0.75]) - 1)
    middle = 2 * np.exp(0.5) * float(np.diff(quartiles)[0])
    truths = {
        "normal": (z, dict.fromkeys(("mean", "median", "iqm"), 0.0)),
        "lognormal": (np.exp(z), {"mean": np.exp(0.5), "median": 1.0, "iqm": middle}),
    }
    statistics = {"mean": mean, "median": median, "iqm": interquartile_mean}
    for law, (values, truth) in truths.items():
        for name, statistic in statistics.items():
            interval = statistic(values)
            if not np.isnan(interval.low).all():
                held = _held(interval.low, interval.high, float(truth[name]))
                yield {"what": f"{name} of one variant", "law": law, "n": n, **held}


_LAWS: Mapping[str, Callable[[Floats], Floats]] = {
    "normal": lambda z: 0.15 * z,
    "lognormal": lambda z: -0.1 * np.exp(z),
}


def _normalised(z: Floats, law: str) -> Floats:
    """Return normalised scores (..., T, 2, N) of tasks that differ; the first variant leads."""
    tasks = z.shape[-3]
    ease = np.linspace(0.2, 0.8, tasks)[:, None, None]
    shift = np.array([0.0, 0.5])[None, :, None]  # on the working scale: more is worse
    return ease + _LAWS[law](z + shift if law == "lognormal" else z - shift)


def _aggregated(tasks: int, n: int, law: str) -> Iterator[dict[str, Any]]:
    """Aggregates of two variants over tasks, with the stratified bootstrap."""
    rng = np.random.default_rng([SEED, tasks, n, len(law)])
    population = _normalised(rng.standard_normal((tasks, 2, POPULATION)), law)
    truths = {
        "iqm": float(trimmed_mean(population[:, 1].ravel())),
        "mean": float(population[:, 1].mean()),
        "improvement": float(stats.norm.cdf(-0.5 / np.sqrt(2))),
    }
    ends = []
    for _ in range(AGGREGATE_REPEATS):
        values = _normalised(rng.standard_normal((tasks, 2, n)), law)
        found = aggregate(Normalised(_scores(values), values, ()), 0, int(rng.integers(2**31)))
        ends.append(found.iloc[1])
    frame = pd.DataFrame(ends).astype(float, errors="ignore")
    for name, truth in truths.items():
        low, high = (frame[f"{name}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
        what = f"{name} over {tasks} tasks, bootstrap"
        yield {"what": what, "law": law, "n": n, **_held(low, high, truth)}


def _scores(values: Floats) -> Scores:
    """Wrap normalised values as scores of which higher is better."""
    tasks, variants, seeds = values.shape
    unknown = np.full((tasks, variants), np.nan)
    return Scores(
        column=Column("score", "", "higher"),
        variants=("first", "second"),
        tasks=pd.DataFrame({"dataset": [str(task) for task in range(tasks)]}),
        seeds=tuple(range(seeds)),
        values=values,
        planned=np.full((tasks, variants), seeds),
        floor=unknown,
        floor_p95=unknown,
        anchors=np.full(tasks, np.nan),
    )


def measure() -> list[dict[str, Any]]:
    """Return the coverage of every kind of interval."""
    cases = [(5, "normal"), (5, "lognormal"), (20, "normal")]
    rows: list[dict[str, Any]] = []
    for n in SEEDS:
        rows += [*_paired(n), *_single(n)]
        for tasks, law in cases:
            rows += _aggregated(tasks, n, law)
    return rows


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw coverage against seeds, a panel for each kind of interval."""
    mpl.use("agg")
    table = pd.DataFrame(rows)
    with sns.axes_style("whitegrid"), sns.plotting_context("notebook", font_scale=0.75):
        grid = sns.FacetGrid(
            table, col="what", hue="law", col_wrap=4, height=2.1, aspect=1.45, palette="colorblind"
        )
        grid.map_dataframe(_bars)
        for axis in grid.axes.flat:
            axis.axhline(LEVEL, color="0.4", linewidth=1, linestyle="--")
        grid.set(xticks=SEEDS, ylim=(0.65, 1.0))
        grid.set_axis_labels("seeds", "coverage of 95% intervals")
        grid.set_titles("{col_name}")
        grid.add_legend(title="")
        grid.savefig(path, dpi=110)
        plt.close(grid.figure)


def _bars(data: pd.DataFrame, **looks: Any) -> None:
    half = 1.96 * data["error"]
    plt.errorbar(data["n"], data["coverage"], half, marker="o", markersize=4, **looks)


@click.command(help=__doc__)
def main() -> None:
    """Measure, write and draw."""
    rows = measure()
    repeats = {
        "paired": PAIRED_REPEATS,
        "percentile bootstrap": BOOTSTRAP_REPEATS,
        "aggregate": AGGREGATE_REPEATS,
    }
    lines = ",\n  ".join(json.dumps(row) for row in rows)
    head = json.dumps({"seed": SEED, "repeats": repeats})[:-1]
    path = Path(__file__).with_suffix(".json")
    path.write_text(f'{head}, "rows": [\n  {lines}\n]}}\n', encoding="utf-8")
    draw(rows, path.with_suffix(".png"))


if __name__ == "__main__":
    main()
