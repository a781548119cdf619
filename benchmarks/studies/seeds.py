"""How many seeds are enough to rank losses."""

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from benchmarks.studies.reading import by_seed, table
from benchmarks.studies.study import Finding, Study

SIZES = (1, 2, 3, 5, 8, 12, 16)
DRAWS = 400


def analyse(rows: pd.DataFrame) -> Finding:
    """Rank by few seeds, and see whether all others agree."""
    lines, figure = [], Figure(figsize=(6, 3.2), layout="constrained")
    axis, enough = figure.subplots(), {}
    for dataset, marker in zip(rows["dataset"].unique(), cycle("os^"), strict=False):
        of = rows[rows["dataset"].eq(dataset)]
        scores = np.log(by_seed(of, "sw2", ["loss"]).to_numpy())
        found = {size: _agreement(scores, size) for size in SIZES}
        axis.plot(SIZES, [tau for tau, _ in found.values()], marker=marker, label=dataset)
        lines += [
            (dataset, size, f"{tau:.2f}", f"{same:.2f}") for size, (tau, same) in found.items()
        ]
        enough[dataset] = next((size for size, (_, same) in found.items() if same >= 0.9), None)
    axis.set(xlabel="seeds", ylabel="Kendall's tau with other seeds", ylim=(0, 1))
    axis.legend(loc="lower right")
    told = "; ".join(
        f"on {name} the leader is that of the other seeds in nine of ten draws "
        + (
            f"from {size} seed{'s' * (size > 1)} on"
            if size
            else f"with no number up to {SIZES[-1]}"
        )
        for name, size in enough.items()
    )
    losses, seeds = rows["loss"].nunique(), rows["seed"].nunique()
    one = ", ".join(f"{tau}" for _, size, tau, _ in lines if size == 1)
    most = ", ".join(f"{tau}" for _, size, tau, _ in lines if size == SIZES[-1])
    return Finding(
        f"Of {losses} losses, ranked by the geometric mean of the squared sliced Wasserstein "
        f"distance: {told}. Kendall's tau with the ranking by other seeds is {one} with one seed "
        f"and {most} with {SIZES[-1]} ({DRAWS} draws of disjoint seeds out of {seeds}).",
        table(("dataset", "seeds", "tau", "same leader"), lines),
        {"seeds": figure},
        "Rankings of losses that are nearer to each other, or noisier, need more seeds: the table "
        "is of these losses and settings, and of one score. With more seeds on the one side fewer "
        "are left on the other, which blurs the end of the curve. Draws share seeds with each "
        "other, so that their number is no sample size.",
    )


def _agreement(scores: np.ndarray, size: int) -> tuple[float, float]:
    """Compare rankings by `size` seeds with those by all others: mean tau, share of same leaders.

    Args:
        scores: (losses, seeds), smaller is better.
        size: how many seeds are few.
    """
    rng, taus, same = np.random.default_rng(size), [], []
    for _ in range(DRAWS):
        order = rng.permutation(scores.shape[1])
        few, rest = (scores[:, part].mean(axis=1) for part in (order[:size], order[size:]))
        taus.append(stats.kendalltau(few, rest).statistic)
        same.append(few.argmin() == rest.argmin())
    return float(np.mean(taus)), float(np.mean(same))


STUDY = Study("seeds", "How many seeds are enough?", analyse)
