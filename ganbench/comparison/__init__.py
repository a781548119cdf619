"""Statistics across variants: pure functions on the tidy frame of a results folder.

`compare` compares the variants of one axis, `compare_results` two result sets cell by cell. What
each number means, and when not to trust it, is in docs/comparison.md.
"""

from ganbench.comparison.aggregates import Normalised, aggregate, normalise, profiles
from ganbench.comparison.comparing import Comparison, compare, compare_results
from ganbench.comparison.pairing import AXES, Axis, Scores
from ganbench.comparison.ranks import cliques, critical_difference

__all__ = [
    "AXES",
    "Axis",
    "Comparison",
    "Normalised",
    "Scores",
    "aggregate",
    "cliques",
    "compare",
    "compare_results",
    "critical_difference",
    "normalise",
    "profiles",
]
