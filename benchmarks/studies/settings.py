"""What the recipe does beside the loss."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.studies.reading import by_seed, ratio, ratios, table
from benchmarks.studies.study import Finding, Study

BASE = "base"
STARVED = "wgan"
SOLVING = ("k=2", "both rates x 4")
RESAMPLINGS = 500
TOLD = 5
VARIANTS = {
    BASE: {},
    "k=2": {"critic_steps": 2},
    "k=5": {"critic_steps": 5},
    "beta1=0": {"beta1": 0.0},
    "beta1=.9": {"beta1": 0.9},
    "critic rate x 4": {"critic_rate": 0.004},
    "generator rate x 4": {"generator_rate": 0.004},
    "both rates x 4": {"critic_rate": 0.004, "generator_rate": 0.004},
    "no EMA": {"ema": 0.0},
    "batch 32": {"batch_size": 32},
    "batch 512": {"batch_size": 512},
    "4 x the steps": {"generator_steps": 6000},
    "simultaneous": {"updates": "simultaneous"},
    "cosine": {"schedule": "cosine"},
}
KEYS = ["variant", "dataset", "loss"]


def analyse(rows: pd.DataFrame) -> Finding:
    """Compare each setting with the base, and with what changing the loss does."""
    scores = by_seed(rows, "sw2", KEYS)
    base = scores.loc[BASE]
    lines, effects = [], {}
    for name in list(VARIANTS)[1:]:
        found = [ratio(scores.loc[(name, *cell)], base.loc[cell]) for cell in base.index]
        effects[name] = found
        lines.append((name, *(each.told for each in found)))
    fed = [cell for cell in base.index if not cell[1].startswith(STARVED)]
    return Finding(
        "By which factor the squared sliced Wasserstein "
        f"distance changes, on average over cells and whichever way: {_factors(scores, fed)}. "
        f"With the losses `{STARVED}` as well, whose critic one step starves: "
        f"{_factors(scores, list(base.index))}. {_always(effects)} {_together(scores, fed)}",
        "Ratio of the distance to that of the base (below 1 is better), geometric mean over "
        "paired seeds with 95% interval, each of its own; bold where it leaves out 1. The base "
        "has k = 1, beta1 = .5, rates of .001, EMA, batches of 128 and 1500 steps.\n\n"
        + table(("setting", *(f"{loss}, {data}" for data, loss in base.index)), lines),
        {"settings": _drawn(effects, _losses(base))},
        "One setting is changed at a time, so that no two are seen together, and budgets differ "
        "(k, batches and steps cost what they cost). The penalised Wasserstein loss recommends "
        "beta1 = 0, so that the base has it there. An average factor hides single cells, such as "
        "that of the generator's rate with R1 on the ring, and noise alone makes it larger than "
        "1. Small players in the plane.",
    )


def _losses(scores: pd.DataFrame) -> list[float]:
    """Return the ratios of every two losses on each dataset."""
    found = []
    for _, part in scores.groupby(level="dataset", sort=False):
        rows = part.to_numpy()
        found += [ratio(one, two).mean for at, one in enumerate(rows) for two in rows[:at]]
    return found


def _factors(scores: pd.DataFrame, cells: list[tuple[str, str]]) -> str:
    """Say how much another loss and the settings matter, with intervals over resampled seeds."""
    logs = np.log(scores)
    values = {
        name: np.array([logs.loc[(name, *cell)] - logs.loc[(BASE, *cell)] for cell in cells])
        for name in list(VARIANTS)[1:]
    }
    values["another loss"] = np.array(
        [logs.loc[(BASE, *one)] - logs.loc[(BASE, *two)]
         for at, one in enumerate(cells) for two in cells[:at] if one[0] == two[0]]
    )  # fmt: skip
    factor = {name: _factor(each) for name, each in values.items()}
    order = sorted(factor, key=factor.__getitem__, reverse=True)
    told = [f"{name} {factor[name]:.1f} {_interval(values[name])}" for name in order]
    place = order.index("another loss") + 1
    return (
        f"{', '.join(told[:TOLD])}; {told[place - 1]} is number {place} of {len(told)}, and the "
        f"last is {told[-1]}"
    )


def _factor(logs: np.ndarray) -> float:
    """Return the mean factor, up or down, of cells by seeds."""
    return float(np.exp(np.abs(logs.mean(axis=1)).mean()))


def _interval(logs: np.ndarray) -> str:
    rng = np.random.default_rng(0)
    picks = rng.integers(logs.shape[1], size=(RESAMPLINGS, logs.shape[1]))
    low, high = np.percentile([_factor(logs[:, pick]) for pick in picks], [2.5, 97.5])
    return f"[{low:.1f}, {high:.1f}]"


def _together(scores: pd.DataFrame, cells: list[tuple[str, str]]) -> str:
    """Say what one loss has of the distance of another, in the base and where settings help."""
    told = []
    for at, (data, one) in enumerate(cells):
        for other_data, other in cells[:at]:
            if other_data == data:
                found = (
                    f"{ratio(scores.loc[(name, data, one)], scores.loc[(name, data, other)])} "
                    f"({name})"
                    for name in (BASE, *SOLVING)
                )
                told.append(f"`{one}` has {', '.join(found)} of that of `{other}` on `{data}`")
    return f"One loss beside another, by setting: {'; '.join(told)}."


def _always(effects: dict) -> str:
    helps = [name for name, found in effects.items() if all(each.high < 1 for each in found)]
    harms = [name for name, found in effects.items() if all(each.low > 1 for each in found)]
    told = [
        f"{', '.join(names) or 'nothing'} {verb} in every cell"
        for names, verb in ((helps, "helping"), (harms, "harming"))
    ]
    return f"Intervals show {' and '.join(told)}."


def _drawn(effects: dict, losses: list[float]) -> Figure:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axis = figure.subplots()
    for row, found in enumerate(effects.values()):
        axis.plot([each.mean for each in found], [row] * len(found), "o", color="C0", alpha=0.6)
    every = [value for ratio_ in losses for value in (ratio_, 1 / ratio_)]
    axis.plot(every, [len(effects)] * len(every), "s", color="C1", alpha=0.6)
    axis.set_yticks(range(len(effects) + 1), [*effects, "another loss"])
    ratios(axis)
    axis.set(xlabel="ratio of the squared sliced Wasserstein distance")
    axis.invert_yaxis()
    return figure


STUDY = Study(
    "settings",
    "How much do k, momentum, two rates, EMA and budgets matter beside the loss?",
    analyse,
    {name: {"settings": settings} for name, settings in VARIANTS.items()},
)
