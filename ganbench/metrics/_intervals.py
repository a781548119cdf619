"""Normal quantiles, the interval of a rate, and p-values of permutations."""

import math
from statistics import NormalDist

import numpy as np

from ganbench.metrics._checks import Floats

ONE_SIDED_95 = NormalDist().inv_cdf(0.95)
TWO_SIDED_95 = NormalDist().inv_cdf(0.975)


def wilson(rate: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of Wilson (1927) for a binomial rate seen in `n` trials."""
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (rate * (1 - rate) + z2 / (4 * n)) / n) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def permutation_p_value(values: Floats, tie: float = 1e-5) -> float:
    """Return the share of values that reach the first one, which is the seen one.

    With B permutations behind it this is (1 + #{permuted >= seen}) / (B + 1). Values in units of
    their spread that differ by less than `tie` are ties that rounding has broken.
    """
    return float(np.mean(values >= values[0] - tie))
