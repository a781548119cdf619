"""Mescheder et al. 2018 (arXiv:1801.04406): which Dirac-GANs converge."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.studies.reading import table
from benchmarks.studies.study import Finding, Study
from ganbench.results import Results

RATE, STEPS, START = 0.2, 500, (1.0, -1.0)
ORDERS: dict[str, dict[str, Any]] = {
    "simultaneous": {"updates": "simultaneous", "critic_steps": 1},
    "generator first": {"updates": "generator_first", "critic_steps": 1},
    "generator first, k=5": {"updates": "generator_first", "critic_steps": 5},
    "critic first": {"updates": "alternating", "critic_steps": 1},
    "critic first, k=5": {"updates": "alternating", "critic_steps": 5},
}
CONVERGES = {
    "mm": "no",
    "ns": "not found in what we could read",
    "wgan+clip(limit=1.0)": "no",
    "wgan+gp(weight=0.35)": "no",
    "mm+r1(gamma=0.3)": "yes",
    "mm+r1(gamma=1.0)": "yes",
    "ns+r1(gamma=0.3)": "yes",
}
"""What the paper's abstract says, of finitely many critic steps."""
ARRIVED = 1e-3
"""From this distance from the equilibrium on a game counts as converged."""


def collect(results: Results) -> pd.DataFrame:
    """Keep how far from the equilibrium each game ends, |(theta, psi)|."""
    frame = results.frame
    runs = frame[frame["status"].eq("ok")].drop_duplicates("run_id")
    runs = runs.assign(metric="dirac", estimator="norm")
    stored = [results.stored(name) for name in runs["run_id"]]
    runs["value"] = [
        math.hypot(float(each.generator["theta"]), float(each.critic["psi"])) for each in stored
    ]
    return pd.concat([frame, runs], ignore_index=True)


def analyse(rows: pd.DataFrame) -> Finding:
    """Compare where the games end with the same steps written out."""
    norms = rows[rows["estimator"].eq("norm")]
    ours = norms.pivot_table("value", "loss", "variant", sort=False)
    theirs = {
        (loss, order): math.hypot(*trajectory(loss, **ORDERS[order])[-1])
        for loss in ours.index
        for order in ours.columns
    }
    gap = max(abs(ours.loc[key] - value) for key, value in theirs.items())
    lines = []
    for loss in ours.index:
        arrived = (ours.loc[loss] < ARRIVED).all()
        published = CONVERGES[loss]
        agrees = {"yes": arrived, "no": not arrived}.get(published)
        cells = [f"{ours.loc[loss, o]:.3f} ({theirs[loss, o]:.3f})" for o in ours.columns]
        told = "open" if agrees is None else "yes" if agrees else "no"
        lines.append((f"`{loss}`", published, *cells, told))
    known = [line[-1] for line in lines if line[-1] != "open"]
    return Finding(
        f"Of {len(known)} published statements {known.count('yes')} hold. In every order of "
        f"updates {_names(ours, (ours < ARRIVED).all(axis=1))} end at the equilibrium and "
        f"{_names(ours, (ours >= ARRIVED).all(axis=1))} beside it, from {math.hypot(*START):.2f}; "
        f"of these {_nearest(ours[(ours >= ARRIVED).all(axis=1)])}. The engine's {STEPS} steps "
        "end where the "
        f"recursion ends that is written out by hand, with differences of at most {gap:.0e} over "
        f"{len(theirs)} games.",
        f"Distance from the equilibrium after {STEPS} steps at a rate of {RATE} from (theta, psi) "
        f"= (1, -1), in brackets that of the recursion; a game converges if all end below "
        f"{ARRIVED}. The figure follows the recursion, critic first, from dark to light.\n\n"
        + table(("loss", "published: converges", *ours.columns, "agrees"), lines),
        {"paper-dirac": _drawn(list(ours.index))},
        "Two numbers that follow gradients without noise: it says what a penalty does beside the "
        "equilibrium, and nothing of networks. Instance noise and consensus optimisation, which "
        "the paper has as well, are not in the table.",
    )


def _names(table: pd.DataFrame, which: pd.Series) -> str:
    return ", ".join(f"`{loss}`" for loss in table.index[which])


def _nearest(beside: pd.DataFrame) -> str:
    best = beside.idxmin().unique()
    told = (
        f"`{name}` ({beside.loc[name].min():.2f} to {beside.loc[name].max():.2f})" for name in best
    )
    return f"{' or '.join(told)} comes nearest, whatever the order"


def trajectory(loss: str, updates: str, critic_steps: int) -> list[tuple[float, float]]:
    """Follow (theta, psi) by the gradients of D(x) = psi x at the real point 0 and the fake theta.

    Args:
        loss: of `CONVERGES`.
        updates: as in the recipe.
        critic_steps: k.
    """
    points = [START]
    for _ in range(STEPS):
        theta, psi = points[-1]
        if updates == "simultaneous":
            points.append((_generator(loss, theta, psi), _critic(loss, theta, psi)))
            continue
        if updates == "generator_first":
            theta = _generator(loss, theta, psi)
        for _ in range(critic_steps):
            psi = _critic(loss, theta, psi)
        if updates == "alternating":
            theta = _generator(loss, theta, psi)
        points.append((theta, psi))
    return points


def _critic(loss: str, theta: float, psi: float) -> float:
    """Return psi after a step."""
    base, _, penalty = loss.partition("+")
    strength = float(penalty.partition("=")[2].rstrip(")") or 0)
    slope = theta if base == "wgan" else theta * _sigmoid(psi * theta)
    if penalty.startswith("gp"):
        slope += 2 * strength * (abs(psi) - 1) * math.copysign(1, psi)
    if penalty.startswith("r1"):
        slope += strength * psi
    moved = psi - RATE * slope
    return min(max(moved, -strength), strength) if penalty.startswith("clip") else moved


def _generator(loss: str, theta: float, psi: float) -> float:
    """Return theta after a step."""
    base = loss.partition("+")[0]
    push = {"mm": _sigmoid(psi * theta), "ns": _sigmoid(-psi * theta), "wgan": 1.0}[base]
    return theta + RATE * push * psi


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def _drawn(losses: list[str]) -> Figure:
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    axes = figure.subplots(2, 4, sharex=True, sharey=True).ravel()
    for axis, loss in zip(axes, losses, strict=False):
        points = np.array(trajectory(loss, **ORDERS["critic first"]))
        axis.scatter(*points.T, c=np.arange(len(points)), s=3, cmap="viridis")
        axis.plot(0, 0, "+", color="C3", markersize=9)
        axis.set_title(loss, fontsize=8)
    for axis in axes[len(losses) :]:
        axis.set_axis_off()
    figure.supxlabel("theta", fontsize=9)
    figure.supylabel("psi", fontsize=9)
    return figure


STUDY = Study(
    "paper-dirac",
    "Which Dirac-GANs converge (Mescheder et al. 2018)?",
    analyse,
    {name: {"settings": settings} for name, settings in ORDERS.items()},
    (Path(__file__).parent / "dirac.py",),
    collect,
)
