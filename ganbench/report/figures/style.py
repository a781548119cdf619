"""Colours, markers and sizes that all figures have in common."""

from itertools import cycle, islice
from typing import Any

import seaborn as sns

STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "0.9",
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "pdf.fonttype": 42,
    "svg.hashsalt": "ganbench",
    "text.parse_math": False,
}
COLUMN: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.titlepad": 3,
    "axes.labelpad": 2,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "xtick.major.pad": 2,
    "ytick.major.pad": 2,
    "legend.fontsize": 7.5,
}
"""What is smaller in the column of a paper."""
SMALL = 7.0
"""Points of what is said in passing."""
SMALLEST = 6.0
"""Points below which nothing is written."""
REAL_COLOUR = "0.6"
DASHES = ("-", "--", ":", "-.")
MARKERS = "osD^vPX"


def palette(count: int) -> list[str]:
    """Return so many colours that most colour-blind people tell apart, again from the tenth on."""
    return list(islice(cycle(sns.color_palette("colorblind").as_hex()), count))


def dashes(count: int) -> list[str]:
    """Return so many line styles, a new one where colours begin again."""
    return [DASHES[place // 10 % len(DASHES)] for place in range(count)]


def markers(count: int) -> list[str]:
    """Return so many markers."""
    return list(islice(cycle(MARKERS), count))
