"""Which loss for which data, where every loss has as many tries."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import qmc

from benchmarks.studies.reading import Effect, by_seed, table
from benchmarks.studies.study import Finding, Study

BASE = "ns"
RESAMPLINGS = 1000
CONFIGURATIONS = 8
PLAIN = ("ns", "lsgan", "hinge", "wgan", "rp")
REGULARIZERS = ("", "+r1(gamma={strength})", "+gp(weight={strength})", "+spectral_norm")
OTHERS = (
    "mm",
    "wgan+clip(limit={clip})",
    "wgan+lp(weight={strength})",
    "ns+dragan(weight={strength})",
    "rp+r1(gamma={strength})+r2(gamma={strength})",
    "ra",
    "fgan",
    "gmmn",
    "energy",
    "sliced",
)
METHODS = (*(base + each for base in PLAIN for each in REGULARIZERS), *OTHERS)
"""Losses with their regularizers; what is drawn stands in braces."""


def configurations(count: int) -> list[dict[str, float]]:
    """Draw settings from the wide ranges of Lucic et al. 2018 (arXiv:1711.10337).

    Uniform: beta1 in [0, 1], one or five critic steps; log-uniform: the rate of both players in
    [1e-5, 1e-2], the strength of a penalty in [0.1, 100], the limit of clipping in [1e-3, 1].
    A Latin hypercube spreads the few draws over every range.
    """
    drawn = []
    for beta1, rate, steps, strength, clip in qmc.LatinHypercube(5, rng=0).random(count):
        drawn.append(
            {
                "beta1": _short(beta1),
                "rate": _short(10 ** (3 * rate - 5)),
                "critic_steps": 1 if steps < 0.5 else 5,
                "strength": _short(10 ** (3 * strength - 1)),
                "clip": _short(10 ** (3 * clip - 3)),
            }
        )
    return drawn


def _short(value: float) -> float:
    return float(f"{value:.3g}")


def told(drawn: Mapping[str, float]) -> dict[str, Any]:
    """Say a configuration as `ganbench.run` takes it."""
    return {
        "settings": {
            "beta1": drawn["beta1"],
            "critic_steps": drawn["critic_steps"],
            "generator_rate": drawn["rate"],
            "critic_rate": drawn["rate"],
        },
        "losses": [method.format(**drawn) for method in METHODS],
    }


@dataclass(frozen=True)
class Searched:
    """What a search finds, in logarithms of the score.

    Attributes:
        curves: method -> expected score of the best of 1, 2, ... configurations.
        resampled: method -> scores of the best, over resamplings of the configurations, which
            are the same for all methods.
    """

    curves: dict[str, np.ndarray]
    resampled: dict[str, np.ndarray]

    def ratio(self, method: str, other: str) -> Effect:
        """Compare the best of two methods, with a percentile interval over the resamplings."""
        low, high = np.percentile(self.resampled[method] - self.resampled[other], [2.5, 97.5])
        mean = self.curves[method][-1] - self.curves[other][-1]
        return Effect(*np.exp([mean, low, high]), n=len(self.resampled[method]), equal=1.0)


def searched(rows: pd.DataFrame) -> Searched:
    """Choose among configurations by one seed, and score what is chosen by the others.

    Args:
        rows: of one dataset; runs that failed count as the worst that was seen.
    """
    scores = np.log(by_seed(rows, "sw2", ["method", "variant"]))
    scores = scores.fillna(np.nanmax(scores.to_numpy()))
    curves, resampled = {}, {}
    for method, part in scores.groupby(level="method", sort=False):
        values = part.to_numpy()
        folds = [(values[:, s], np.delete(values, s, axis=1).mean(axis=1))
                 for s in range(values.shape[1])]  # fmt: skip
        curves[method] = np.mean([_best_of_k(*fold) for fold in folds], axis=0)
        rng = np.random.default_rng(0)
        picks = rng.integers(len(values), size=(RESAMPLINGS, len(values)))
        resampled[method] = np.mean(
            [score[picks[np.arange(RESAMPLINGS), choice[picks].argmin(axis=1)]]
             for choice, score in folds], axis=0)  # fmt: skip
    return Searched(curves, resampled)


def _best_of_k(choice: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Return the mean over all subsets of each size of the score of the chosen configuration."""
    ranked, count = score[choice.argsort()], len(choice)
    return np.array(
        [
            sum(math.comb(count - 1 - rank, k - 1) * value for rank, value in enumerate(ranked))
            / math.comb(count, k)
            for k in range(1, count + 1)
        ]
    )


def analyse(rows: pd.DataFrame) -> Finding:
    """Compare losses at equal numbers of tries."""
    rows = rows.assign(method=rows["loss"].str.replace(r"\([^)]*\)", "", regex=True))
    found = {data: searched(of) for data, of in rows.groupby("dataset", sort=False)}
    ends = pd.DataFrame(
        {data: {m: curve[-1] for m, curve in each.curves.items()} for data, each in found.items()}
    )
    leaders = []
    for data, each in found.items():
        best = ends[data].idxmin()
        near = [m for m in ends.index if m != best and not each.ratio(m, best).low > 1]
        leaders.append(
            f"on `{data}` `{best}` leads"
            + (
                f", with {each.ratio(best, BASE)} times the distance of `{BASE}`"
                if best != BASE
                else ""
            )
            + f", and {len(near)} of the {len(ends) - 1} others are not surely "
            "behind it"
        )
    tries = max(len(curve) for each in found.values() for curve in each.curves.values())
    tuned = {
        d: np.median([c[0] - c[-1] for c in each.curves.values()]) for d, each in found.items()
    }
    chosen = (ends.median() - ends.min()).to_dict()
    order = ends.corr("spearman").to_numpy()[np.triu_indices(len(found), 1)]
    gain = ", ".join(
        f"{math.exp(tuned[data]):.1f} and {math.exp(chosen[data]):.1f} (`{data}`)"
        for data in found
    )
    lines = []
    for method in ends.index:
        effects = (each.ratio(method, BASE) for each in found.values())
        lines.append((f"`{method}`", *(each.told for each in effects)))
    return Finding(
        f"With {tries} configurations for each of {len(ends)} losses: {'; '.join(leaders)}. Going "
        "from one configuration to all makes the distance of the median loss smaller by a factor, "
        f"and the best loss in place of the median one by another: {gain}. Two datasets order the "
        f"losses with rank correlations from {order.min():.2f} to {order.max():.2f}.",
        f"Squared sliced Wasserstein distance of the best of {tries} configurations, as a ratio "
        f"to that of `{BASE}` (below 1 is better), chosen by one seed and scored by the other, "
        "with a 95% interval over resampled configurations; bold where it leaves out 1.\n\n"
        + table(("loss", *(f"`{data}`" for data in found)), lines)
        + "\n\nThe configurations, as ranges in "
        "[tuning.py](../../../benchmarks/studies/tuning.py) and Lucic et al. 2018, "
        "arXiv:1711.10337 (wide ranges, without batch normalisation):\n\n"
        + table(tuple(DRAWN[0]), [tuple(each.values()) for each in DRAWN]),
        {"tuning": _drawn(found)},
        "Perceptrons, one length of training and few configurations, of which the slowest rates "
        "cannot come far in so few steps; the interval is over configurations, and two seeds say "
        "little of luck; resampling draws some configurations twice, which leaves fewer to "
        "choose from. The leader is chosen by the scores that show it. Losses that are dear on "
        "a CPU (`sinkhorn`, `cramer`, `mmd`) and most combinations with other regularizers are "
        "left out, here and in the larger grid.",
    )


def _drawn(found: Mapping[str, Searched]) -> Figure:
    figure = Figure(figsize=(9, 3 * math.ceil(len(found) / 2)), layout="constrained")
    axes = figure.subplots(math.ceil(len(found) / 2), 2, squeeze=False).flat
    for axis, (data, each) in zip(axes, found.items(), strict=False):
        order = sorted(each.curves, key=lambda method: each.curves[method][-1])
        for method in reversed(order):
            ahead = method in order[:3] or method == BASE
            style = {"label": method, "lw": 1.8} if ahead else {"color": "0.8", "lw": 0.8}
            curve = np.exp(each.curves[method])
            axis.plot(range(1, len(curve) + 1), curve, **style)
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter("")
        axis.set_title(data, fontsize=9)
        axis.legend(fontsize=7)
    figure.supxlabel("configurations tried", fontsize=9)
    figure.supylabel("squared sliced Wasserstein distance of the best", fontsize=9)
    return figure


DRAWN = configurations(CONFIGURATIONS)
STUDY = Study(
    "tuning",
    "Which loss for which data?",
    analyse,
    {f"configuration {number}": told(drawn) for number, drawn in enumerate(DRAWN, 1)},
)
