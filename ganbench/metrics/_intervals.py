"""Normal quantiles and the interval of a rate."""

import math
from statistics import NormalDist

ONE_SIDED_95 = NormalDist().inv_cdf(0.95)
TWO_SIDED_95 = NormalDist().inv_cdf(0.975)


def wilson(rate: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of Wilson (1927) for a binomial rate seen in `n` trials."""
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (rate * (1 - rate) + z2 / (4 * n)) / n) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)
