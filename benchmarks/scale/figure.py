"""The figure of the scale benchmark."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

COST = {
    "execute_cpu_seconds": "drive, publishing included",
    "publish_cpu_seconds": "of it publishing",
    "plan_cpu_seconds": "plan",
    "record_cpu_seconds": "record",
    "index_cold_cpu_seconds": "index, cold",
    "index_warm_cpu_seconds": "index, warm",
    "results_cpu_seconds": "load results",
}
STAGES = {
    "plan_cpu_seconds": "plan",
    "table_cpu_seconds": "ganbench table",
    "status_cpu_seconds": "ganbench status",
    "report_cpu_seconds": "ganbench report",
}
MEMORY = {
    "driver_peak_mib": "driver",
    "table_peak_mib": "ganbench table",
    "status_peak_mib": "ganbench status",
    "report_peak_mib": "ganbench report",
}


def draw(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw CPU per run, CPU of whole stages and peak memory against the number of runs."""
    mpl.use("agg")
    table = pd.DataFrame(rows).set_index("runs")
    with sns.axes_style("whitegrid"), sns.plotting_context("notebook", font_scale=0.8):
        figure, axes = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
        each = table[list(COST)].mul(1000).div(table.index, axis=0)
        panels = (
            (each, COST, "CPU milliseconds per run"),
            (table, STAGES, "CPU seconds"),
            (table, MEMORY, "peak of resident memory, MiB"),
        )
        for axis, (frame, names, title) in zip(axes, panels, strict=True):
            tidy = frame[list(names)].rename(columns=names)
            sns.lineplot(tidy, ax=axis, markers=True, dashes=False)
            axis.set(xscale="log", xlabel="runs, one per cell", title=title)
            axis.set_xticks(list(table.index), [f"{runs:,}" for runs in table.index])
            axis.minorticks_off()
            axis.legend(fontsize=7)
        axes[0].set_yscale("log")
        axes[1].set_yscale("log")
        axes[2].set_ylim(bottom=0)
        figure.savefig(path, dpi=110)
    plt.close(figure)
