"""The figures of the study."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.stats import binom, norm, t

from benchmarks.calibration.pairs import PAIRS
from benchmarks.calibration.summary import LEVELS
from ganbench.metrics._intervals import TWO_SIDED_95, wilson

Row = Mapping[str, Any]

ENOUGH_REPEATS = 20
"""Fewer say nothing of how often something holds."""
MARKERS = "osD^vPXh*<"


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """Draw every figure whose section is there."""
    mpl.use("agg")
    for section, figures in _FIGURES.items():
        rows = results.get(section, {}).get("rows", [])
        for name, figure in figures.items():
            with sns.axes_style("whitegrid"), sns.plotting_context("notebook", font_scale=0.8):
                drawn = figure(rows)
            if drawn is not None:
                drawn.savefig(folder / f"{name}.png", dpi=110, bbox_inches="tight")
                plt.close(drawn)


def _biases(prefix: str, what: str, band: float) -> Callable[[Sequence[Row]], Figure | None]:
    """Draw bias against sample size, a panel for each pair."""

    def figure(rows: Sequence[Row]) -> Figure | None:
        chosen = [row for row in rows if row["estimator"].startswith(prefix) and "bias" in row]
        if not chosen:
            return None
        table = pd.DataFrame(chosen)
        names = list(dict.fromkeys(table["estimator"]))
        grid = sns.FacetGrid(
            table,
            col="pair",
            hue="estimator",
            hue_order=names,
            hue_kws={"marker": [*MARKERS[: len(names)]], "shift": _shifts(len(names))},
            col_wrap=5,
            height=1.9,
            aspect=1.25,
            sharey=False,
            palette="colorblind",
        )
        for axis in grid.axes.flat:
            axis.axhspan(-band, band, color="0.92", zorder=0)
            axis.axhline(0, color="0.4", linewidth=1)
        grid.map_dataframe(_error_bars)
        grid.set(xscale="log")
        _size_ticks(grid, table)
        grid.set_axis_labels("rows per sample", what)
        grid.set_titles("{col_name}")
        _legend_below(grid, names)
        return grid.figure

    return figure


def _error_bars(data: pd.DataFrame, shift: float, **looks: Any) -> None:
    sizes = data["n"] * shift
    half = TWO_SIDED_95 * data["bias_error"]
    faint = {"color": looks["color"], "fmt": "none", "elinewidth": 1, "alpha": 0.5}
    plt.errorbar(sizes, data["bias"], data["sd"], **faint)
    plt.errorbar(sizes, data["bias"], half, markersize=4, elinewidth=2.2, linewidth=1, **looks)


def _shifts(count: int) -> list[float]:
    return [*1.05 ** (np.arange(count) - (count - 1) / 2)]


def _size_ticks(grid: sns.FacetGrid, table: pd.DataFrame) -> None:
    sizes = sorted(table["n"].unique())
    labels = [f"{n // 1000}k" if n >= 1000 else str(n) for n in sizes]
    for axis in grid.axes.flat:
        axis.set_xticks(sizes, labels)
        axis.minorticks_off()
        axis.set_xlim(sizes[0] / 1.4, sizes[-1] * 1.4)


def _legend_below(grid: sns.FacetGrid, names: Sequence[str]) -> None:
    colours = sns.color_palette("colorblind", len(names))
    handles = {
        name: Line2D([], [], color=colour, marker=marker)
        for name, colour, marker in zip(names, colours, MARKERS, strict=False)
    }
    columns = len(names) if len(names) < 6 else -(-len(names) // 2)
    grid.add_legend(handles, title="")
    sns.move_legend(grid, "upper center", ncol=columns, bbox_to_anchor=(0.5, 0.0))


def _mmd(rows: Sequence[Row]) -> Figure | None:
    """Draw the bias of MMD in its own standard errors, Student's quantiles made normal ones."""
    chosen = [
        {**row, "z": norm.isf(t.sf(row["bias"] / row["bias_error"], row["repeats"] - 1))}
        for row in rows
        if row["estimator"].startswith("mmd2") and row.get("bias_error")
    ]
    if not chosen:
        return None
    table = pd.DataFrame(chosen)
    names = [name for name in PAIRS if name in set(table["pair"])]
    table["place"] = table["pair"].map(names.index)
    grid = sns.relplot(
        table,
        x="z",
        y="place",
        col="estimator",
        hue=table["n"].astype(str),
        style=table["n"].astype(str),
        palette="viridis",
        height=0.22 * len(names) + 1.2,
        aspect=4.2 / (0.22 * len(names) + 1.2),
    )
    for axis in grid.axes.flat:
        axis.axvspan(-3, 3, color="0.92", zorder=0)
        axis.set_yticks(range(len(names)), names)
    grid.set(ylim=(len(names) - 0.5, -0.5))
    grid.set_axis_labels("bias in standard errors (grey: ±3)", "")
    grid.set_titles("{col_name}")
    grid.legend.set_title("rows")
    return grid.figure


def _type_one(rows: Sequence[Row]) -> Figure | None:
    """Draw rejections of true nulls, with the band where 99% of exact tests lie."""
    chosen = [row for row in rows if "rejected" in row]
    if not chosen:
        return None
    table = pd.DataFrame(
        {
            "null": f"{row['pair']}, n={row['n']}",
            "test": row["estimator"],
            "level": level,
            "rate": rate,
        }
        for row in chosen
        for level, rate in row["rejected"].items()
    )
    repeats = min(row["repeats"] for row in chosen)
    tests = table["test"].nunique()
    grid = sns.catplot(
        table,
        kind="bar",
        x="rate",
        y="test",
        hue="level",
        col="null",
        col_wrap=2,
        sharey=False,
        height=0.42 * tests + 1,
        aspect=4.6 / (0.42 * tests + 1),
        palette="crest",
        errorbar=None,
    )
    for axis in grid.axes.flat:
        for level in LEVELS:
            low, high = binom.interval(0.99, repeats, level)
            axis.axvspan(low / repeats, high / repeats, color="0.85", zorder=0)
            axis.axvline(level, color="0.3", linewidth=1, linestyle="--")
    grid.set_axis_labels(f"share of {repeats} true nulls rejected", "")
    grid.set_titles("{col_name}")
    return grid.figure


def _power(rows: Sequence[Row]) -> Figure | None:
    """Draw power against sample size with Wilson intervals."""
    chosen = [row for row in rows if "power" in row]
    if not chosen:
        return None
    table = pd.DataFrame(chosen)
    names = list(dict.fromkeys(table["estimator"]))
    grid = sns.FacetGrid(
        table,
        col="pair",
        hue="estimator",
        hue_order=names,
        hue_kws={"marker": [*MARKERS[: len(names)]], "shift": _shifts(len(names))},
        height=3.2,
        aspect=1.15,
        palette="colorblind",
    )
    grid.map_dataframe(_wilson_bars)
    grid.set(xscale="log", ylim=(-0.02, 1.02))
    _size_ticks(grid, table)
    for axis in grid.axes.flat:
        axis.axhline(0.05, color="0.4", linewidth=1, linestyle="--")
    grid.set_axis_labels("rows per sample", "power at level .05")
    grid.set_titles("{col_name}")
    _legend_below(grid, names)
    return grid.figure


def _wilson_bars(data: pd.DataFrame, shift: float, **looks: Any) -> None:
    ends = [wilson(rate, n) for rate, n in zip(data["power"], data["repeats"], strict=True)]
    low, high = np.array(ends).T
    gaps = [np.maximum(data["power"] - low, 0), np.maximum(high - data["power"], 0)]
    plt.errorbar(data["n"] * shift, data["power"], gaps, markersize=5, elinewidth=1, **looks)


def _held(rows: Sequence[Row]) -> Figure | None:
    """Draw how often intervals and lower bounds of divergences hold, where repeats can tell."""
    chosen = [row for row in rows if "below" in row and not row["estimator"].startswith("c2st")]
    table = pd.DataFrame(chosen)
    if table.empty:
        return None
    table = table[table["repeats"] >= min(ENOUGH_REPEATS, table["repeats"].max())].copy()
    table["right"] = table.get("covered", table["below"])
    table["right"] = table["right"].fillna(table["below"])
    ends = np.where(table.get("covered", table["below"] * np.nan).isna(), " (low)", "")
    table["column"] = table["estimator"] + ends + ", " + table["n"].astype(str)
    wide = table.pivot(index="pair", columns="column", values="right")
    columns = table.sort_values(["estimator", "n"])["column"]
    wide = wide.loc[[*dict.fromkeys(table["pair"])], [*dict.fromkeys(columns)]]
    figure, axis = plt.subplots(figsize=(2.2 + 0.42 * wide.shape[1], 1.6 + 0.26 * len(wide)))
    sns.heatmap(
        wide,
        vmin=0.5,
        vmax=1,
        cmap="rocket",
        annot=wide.map(lambda value: "" if pd.isna(value) else f"{value:.2f}".lstrip("0")),
        fmt="",
        annot_kws={"size": 7},
        cbar_kws={"label": "share of repeats in which it holds"},
        ax=axis,
    )
    axis.set(xlabel="", ylabel="")
    axis.grid(visible=False)
    return figure


_FIGURES: dict[str, dict[str, Callable[[Sequence[Row]], Any]]] = {
    "bias": {
        "jsd": _biases("jsd", "bias, nats", 0.02),
        "c2st": _biases("c2st", "accuracy - Bayes", 0.0),
        "mmd": _mmd,
        "intervals": _held,
    },
    "null": {"type_one": _type_one},
    "power": {"power": _power},
}
