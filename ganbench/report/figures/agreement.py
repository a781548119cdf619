"""Which scores say the same: rank correlations over runs."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ganbench.comparison.columns import ARROWS
from ganbench.errors import GanbenchError
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import canvas, points, room, scale_below, styled, title
from ganbench.report.figures.lettering import label, letters
from ganbench.report.figures.style import SMALLEST
from ganbench.results import Results

LEAST = 5
"""Runs that two scores must share on a dataset."""
MOST = 30
_SQUARE, _LEAST_SQUARE = 0.55, 0.24
"""Inches of a square, and of one into which a number fits."""
_COLOURS = "PuOr_r"
_SCALE = Normalize(-1, 1)


class Agreement(NamedTuple):
    """How alike scores order runs.

    Attributes:
        rho: (scores, scores) mean of Spearman's coefficients over datasets, weighted by their
            runs; NaN where no dataset has enough runs with both, or one is constant.
        n: (scores, scores) runs that these are taken from.
    """

    rho: pd.DataFrame
    n: pd.DataFrame


def agreement(frame: pd.DataFrame) -> Agreement:
    """Correlate the scores that have a better side, over the runs of each dataset.

    Scores are turned so that more is better. Ranks are taken within a dataset, since datasets
    that differ in difficulty would make all scores agree.

    Args:
        frame: tidy, as `Results.frame`.

    Raises:
        GanbenchError: if no two scores have enough runs in common.

    References:
        Spearman 1904, American Journal of Psychology 15.
    """
    scored = frame[frame["better"].isin(list(ARROWS)) & frame["headline"].eq(True)]
    sign = np.where(scored["better"].eq("lower"), -1.0, 1.0)
    scored = scored.assign(
        score=scored["metric"] + " " + scored["estimator"],
        turned=sign * scored["value"].astype(float).to_numpy(),
    )
    names = list(dict.fromkeys(scored["score"]))[:MOST]
    total = pd.DataFrame(0.0, names, names)
    n = pd.DataFrame(0, names, names)
    for _, part in scored.groupby("dataset", sort=False):
        wide = part.pivot_table(index="run_id", columns="score", values="turned")
        wide = wide.reindex(columns=names)
        there = wide.notna().to_numpy().astype(int)
        shared = pd.DataFrame(there.T @ there, names, names)
        rho = wide.corr("spearman", min_periods=LEAST)
        known = rho.notna()
        total += (rho * shared).where(known, 0.0)
        n += shared.where(known, 0)
    if (n.to_numpy() - np.diag(np.diag(n.to_numpy()))).max(initial=0) == 0:
        raise GanbenchError(f"No two scores have {LEAST} runs on a dataset in common")
    return Agreement(total / n.where(n > 0), n)


@styled
def score_agreement(found: Agreement, *, heading: str = "agreement of scores") -> Figure:
    """Draw Spearman's coefficients of all pairs of scores, with the number of runs.

    Args:
        found: as `agreement` returns it.
        heading: what is drawn.
    """
    beside = min(1.4, 0.26 * room())
    names = [label(n, letters(beside, points("ytick.labelsize")), 3) for n in found.rho.columns]
    square = min(_SQUARE, (room() - beside - 0.2) / len(names))
    side = square * len(names)
    figure = canvas(side + beside + 0.2, side + beside)
    axis = figure.subplots()
    axis.imshow(found.rho.to_numpy(), cmap=_COLOURS, norm=_SCALE)
    axis.set_facecolor("0.92")
    axis.spines[:].set_visible(False)
    size = max(SMALLEST, min(points("xtick.labelsize"), 60 * square))
    axis.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
    axis.set_yticks(range(len(names)), names, fontsize=size)
    axis.tick_params(length=0)
    counts = found.n.to_numpy(dtype=int)
    for (line, column), rho in np.ndenumerate(found.rho.to_numpy()):
        if line == column or square < _LEAST_SQUARE:
            continue
        colour = "white" if abs(rho) > 0.7 else "0.2"
        text = f"{counts[line, column]}" if column > line else _coefficient(rho)
        axis.text(column, line, text, ha="center", va="center", fontsize=6.5, color=colour)
    scale_below(figure, _COLOURS, _SCALE, "Spearman's coefficient")
    title(figure, heading)
    return figure


def _coefficient(rho: float) -> str:
    return "none" if np.isnan(rho) else f"{rho:.2f}".replace("0.", ".")


def _drawn(results: Results, name: str) -> Figure:
    return score_agreement(agreement(results.frame), heading=f"{name}: which scores say the same")


def _caption(results: Results, name: str) -> str:
    del results, name
    return (
        "Spearman's coefficient between scores, turned so that more is better, over all runs with "
        "both; taken within each dataset and averaged with its number of runs as weight. Above "
        "the diagonal, n is the number of runs; seeds of one cell are not independent of each "
        "other, so there is no interval. Pairs are grey where every dataset has fewer than "
        f"{LEAST} runs, or a score that is the same for all of them."
    )


AGREEMENT = Kind("score-agreement", "Agreement of scores", _drawn, _caption, whole=True)
