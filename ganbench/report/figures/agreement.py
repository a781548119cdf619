"""Which scores say the same: rank correlations over runs."""

from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ganbench.comparison.columns import ARROWS
from ganbench.errors import GanbenchError
from ganbench.report.figures.kind import Kind
from ganbench.report.plots import STYLE, canvas, label, least, title
from ganbench.results import Results

LEAST = 5
"""Runs that two scores must share on a dataset."""
MOST = 30
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


@matplotlib.rc_context(STYLE)
def score_agreement(found: Agreement, *, heading: str = "agreement of scores") -> Figure:
    """Draw Spearman's coefficients of all pairs of scores, with the number of runs.

    Args:
        found: as `agreement` returns it.
        heading: what is drawn.
    """
    names = [label(name, 18, 3) for name in found.rho.columns]
    side = 0.62 * len(names)
    figure = canvas(max(least(), side + 2.6), side + 2.0)
    axis = figure.subplots()
    axis.imshow(found.rho.to_numpy(), cmap=_COLOURS, norm=_SCALE)
    axis.set_facecolor("0.92")
    axis.spines[:].set_visible(False)
    axis.set_xticks(range(len(names)), names, rotation=90)
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(length=0)
    counts = found.n.to_numpy(dtype=int)
    for (line, column), rho in np.ndenumerate(found.rho.to_numpy()):
        text = "none" if np.isnan(rho) else f"{rho:.2f}\nn = {counts[line, column]}"
        colour = "white" if abs(rho) > 0.7 else "0.2"
        axis.text(column, line, text, ha="center", va="center", fontsize=6.5, color=colour)
    bar = figure.colorbar(ScalarMappable(_SCALE, _COLOURS), ax=axis, shrink=0.6, aspect=30)
    bar.set_label("Spearman's coefficient")
    bar.outline.set_visible(False)
    title(figure, heading)
    return figure


def _drawn(results: Results, name: str) -> Figure:
    return score_agreement(agreement(results.frame), heading=f"{name}: which scores say the same")


def _caption(results: Results, name: str) -> str:
    del results, name
    return (
        "Spearman's coefficient between scores, turned so that more is better, over all runs with "
        "both; taken within each dataset and averaged with its number of runs as weight. n is the "
        "number of runs; seeds of one cell are not independent of each other, so it carries no "
        f"interval. Pairs are grey where every dataset has fewer than {LEAST} runs, or a score "
        "that is the same for all of them."
    )


AGREEMENT = Kind("score-agreement", "Agreement of scores", _drawn, _caption, whole=True)
