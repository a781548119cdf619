"""Non-saturating against minimax, and what the critic's loss says of the divergence."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from benchmarks.studies.reading import by_seed, difference, table
from benchmarks.studies.study import Finding, Study
from ganbench.results import Results

WINDOW = 20
"""Last points of the curve of the critic's loss that are averaged: a tenth of the training."""
STEPS = ("100", "300", "1000", "3000")
BARE = ("ns", "mm")
"""Losses whose critic has no penalty."""
KEYS = ["variant", "dataset", "loss"]


def collect(results: Results) -> pd.DataFrame:
    """Keep the scores, and the divergence that the critic's last losses imply.

    The critic's loss is -E log D(x) - E log(1 - D(G(z))), which is 2 log 2 - 2 JSD for the best
    critic and larger for any other: log 2 - loss / 2 is a bound of the JSD from below, in
    expectation (Goodfellow et al. 2014, arXiv:1406.2661, theorem 1). That of a loss with a
    penalty has the penalty in it, and is not read.
    """
    frame = results.frame
    runs = frame.drop_duplicates("run_id")
    implied = runs[runs["status"].eq("ok")].assign(metric="critic", estimator="implied")
    implied["value"] = [_implied(results.history(name)) for name in implied["run_id"]]
    return pd.concat([frame, implied], ignore_index=True)


def _implied(history: pd.DataFrame) -> float:
    losses = history.loc[history["quantity"].eq("critic_loss"), "value"]
    return math.log(2) - float(losses.tail(WINDOW).mean()) / 2


def analyse(rows: pd.DataFrame) -> Finding:
    """Compare both losses, and the critic's word with the divergence of the samples."""
    true, told = (
        by_seed(rows, "known", KEYS),
        by_seed(rows[rows["loss"].isin(BARE)], "implied", KEYS),
    )
    lines, against = [], []
    for pair in (("mm", "ns"), ("mm+r1(gamma=0.1)", "ns+r1(gamma=0.1)")):
        for data in dict.fromkeys(rows["dataset"]):
            one, two = (true.loc[(STEPS[-1], data, loss)] for loss in pair)
            effect = difference(one, two)
            against.append((data, pair, effect))
            lines.append((f"`{data}`", f"`{pair[0]}`", f"`{pair[1]}`",
                          f"{one.mean():.3f}", f"{two.mean():.3f}", effect))  # fmt: skip
    orders, below = [], []
    for data in dict.fromkeys(rows["dataset"]):
        y = told.xs(data, level="dataset", drop_level=False)
        x, y = (each.to_numpy().ravel() for each in (true.loc[y.index], y))
        there = np.isfinite(x) & np.isfinite(y)
        tau = stats.spearmanr(x[there], y[there]).statistic
        orders.append(f"{tau:.2f} (`{data}`, {there.sum()} pairs)")
        below.append(np.mean(y[there] < x[there]))
    ends = [
        round(float(each.stack().median()), 3) + 0.0
        for each in (true.loc[told.index].loc[STEPS[-1]], told.loc[STEPS[-1]])
    ]
    sure = [(data, pair, each) for data, pair, each in against if each.sure]
    return Finding(
        f"After {STEPS[-1]} steps the JSD of minimax surely differs from that of the "
        f"non-saturating loss in {len(sure)} of {len(against)} comparisons"
        + "".join(
            f"; on `{data}`, `{pair[0]}` has {each} nats more than `{pair[1]}`"
            for data, pair, each in sure
        )
        + ". The critic's own loss, where nothing is added to it, goes with the JSD of the "
        "samples "
        "over runs and moments of training by a rank correlation of "
        f"{', '.join(orders)}. The divergence that it implies is a bound from below, and is "
        f"below in {np.mean(below):.0%} of them; how far tells how little it says: at the end of "
        f"training it is in the median {ends[1]:.3f} nats where the samples have {ends[0]:.3f}.",
        "JSD in nats (`jsd known`, itself a bound from below on held-out samples, with the real "
        "density known) after the whole training, mean over seeds, and the mean "
        "difference of paired seeds with its 95% interval, each of its own.\n\n"
        + table(("data", "minimax", "non-saturating", "JSD", "JSD", "difference"), lines),
        {"minimax": _drawn(rows, true, told)},
        "The critic has one step for each of the generator's; one that is trained to its optimum "
        "at each moment comes nearer to the divergence. Seeds of a cell are independent, moments "
        "of a seed are not, so that no interval is given for the correlation.",
    )


def _drawn(rows: pd.DataFrame, true: pd.DataFrame, told: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(8, 3), layout="constrained")
    datasets = list(dict.fromkeys(rows["dataset"]))
    for axis, data in zip(figure.subplots(1, len(datasets)), datasets, strict=True):
        for loss in BARE:
            cells = [(steps, data, loss) for steps in STEPS]
            axis.plot(true.loc[cells].to_numpy().ravel(), told.loc[cells].to_numpy().ravel(),
                      ".", alpha=0.6, label=loss)  # fmt: skip
        axis.axline((0, 0), slope=1, color="0.5", lw=1)
        axis.set(title=data, xlabel="JSD of the samples, nats")
        axis.title.set_fontsize(9)
    figure.axes[0].set_ylabel("implied by the critic's loss")
    figure.axes[0].legend(fontsize=7)
    return figure


STUDY = Study(
    "minimax",
    "Non-saturating or minimax, and does the critic's loss estimate the JSD?",
    analyse,
    {
        steps: {"settings": {"generator_steps": int(steps), "schedule": "constant", "ema": 0.0}}
        for steps in STEPS
    },
    collect=collect,
)
