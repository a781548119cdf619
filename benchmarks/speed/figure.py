"""The figure of the speed benchmark."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

NAMES = {
    "engine_per_second": "ganbench",
    "jax_per_second": "JAX, compiled",
    "hand_per_second": "PyTorch loop, seed by seed",
}


def draw(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw seed-steps per CPU second against the number of seeds, a panel for each game."""
    mpl.use("agg")
    table = pd.DataFrame(rows)
    table["game"] = table["case"] + ", " + table["loss"]
    present = [name for name in NAMES if name in table]
    tidy = table.melt(["game", "seeds"], present, "what", "speed").replace({"what": NAMES})
    with sns.axes_style("whitegrid"), sns.plotting_context("notebook"):
        grid = sns.relplot(
            tidy,
            x="seeds",
            y="speed",
            hue="what",
            style="what",
            col="game",
            col_wrap=3,
            kind="line",
            markers=True,
            dashes=False,
            height=2.6,
            aspect=1.3,
            facet_kws={"sharey": False},
        )
        grid.set(xscale="log", xlabel="seeds trained together")
        grid.set_ylabels("seed-steps per CPU second")
        grid.set_titles("{col_name}")
        ticks = sorted(tidy["seeds"].unique())
        for axis in grid.axes.flat:
            axis.set_xticks(ticks, map(str, ticks))
            axis.minorticks_off()
            axis.set_ylim(bottom=0)
        sns.move_legend(grid, "lower center", ncol=3, title=None, bbox_to_anchor=(0.42, -0.06))
        grid.savefig(path, dpi=110)
    plt.close(grid.figure)
