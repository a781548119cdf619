"""Whether generator and discriminator must be alike."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.studies.reading import by_seed, ratio, table
from benchmarks.studies.study import Finding, Study

NO_NETWORKS = ("elm_ridge", "mmd_witness", "kernel_logistic", "neighbours", "trees")
"""Discriminators that no gradient trains."""
MOMENTS = ("linear", "quadratic")
"""Discriminators that see means, or means and covariances, and nothing else."""


def analyse(rows: pd.DataFrame) -> Finding:
    """Compare pairs of one kind with pairs of two, and what is no network with what is."""
    pair = ["generator", "discriminator"]
    scores, modes = by_seed(rows, "sw2", pair), by_seed(rows, "covered", pair).mean(axis=1)
    means = np.exp(np.log(scores).mean(axis=1))
    square = means.unstack(sort=False)
    own = []
    for name in (each for each in square.index if each in square.columns):
        rival = square.loc[name].drop(name).idxmin()
        pair_of = scores.loc[(name, name)], scores.loc[(name, rival)]
        own.append((name, rival, ratio(*pair_of, comparisons=square.shape[1] - 1)))
    surely = sum(each.low > 1 for *_, each in own)
    unclear = sum(not each.sure for *_, each in own)
    plain = means.index.get_level_values("discriminator").isin(NO_NETWORKS)
    network, other = means[~plain].idxmin(), means[plain].idxmin()
    against = ratio(scores.loc[other], scores.loc[network])
    spreads = _spreads(square.drop(columns=[*MOMENTS], errors="ignore"))
    more, less = sorted(spreads, key=spreads.__getitem__, reverse=True)
    told = "is not told apart from"
    if against.sure:
        told = "is surely nearer than" if against.high < 1 else "is surely behind"
    return Finding(
        f"For {surely} of {len(own)} generators some discriminator of another kind is surely "
        "better than one of their own, by intervals that hold for all of their rivals at once, "
        f"and for {unclear} that is open. The squared sliced Wasserstein "
        "distance with their own is that with the best other times "
        + ", ".join(f"{each} ({name}, with {rival})" for name, rival, each in own)
        + f". Averages over the other player have a geometric standard deviation of "
        f"{spreads[more]:.1f} between {more}s and of {spreads[less]:.1f} between {less}s "
        f"(without {' and '.join(MOMENTS)} "
        "discriminators, which see moments only). The best pair with a "
        f"discriminator that no gradient trains ({' with '.join(other)}) has {against} times the "
        f"distance of the best with a trained network ({' with '.join(network)}), and {told} it.",
        "Squared sliced Wasserstein distance, geometric mean over seeds (and covered modes of "
        "eight); rows are generators.\n\n"
        + table(
            ("", *square.columns),
            [
                (g, *(f"{square.loc[g, d]:.3g} ({modes[(g, d)]:.1f})" for d in square.columns))
                for g in square.index
            ],
        ),
        {"players": _drawn(square)},
        "One law in the plane, one loss, one recipe for all: who is far behind may want other "
        "settings. The best of many is chosen by the seeds that compare it, which flatters it.",
    )


def _spreads(square: pd.DataFrame) -> dict[str, float]:
    """Return geometric standard deviations of averages over the other player."""
    logs = np.log(square)
    return {
        "discriminator": float(np.exp(logs.mean(axis=0).std())),
        "generator": float(np.exp(logs.mean(axis=1).std())),
    }


def _drawn(square: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(7.5, 3.4), layout="constrained")
    axis = figure.subplots()
    shown = axis.imshow(np.log10(square.to_numpy()), cmap="viridis_r", aspect="auto", vmax=0)
    axis.set_xticks(range(square.shape[1]), square.columns, rotation=60, ha="right")
    axis.set_yticks(range(square.shape[0]), square.index)
    axis.set(xlabel="discriminator", ylabel="generator")
    figure.colorbar(shown, label="log10 of the distance", extend="max")
    return figure


STUDY = Study("players", "Must G and D be alike?", analyse)
