"""The result of every estimator."""

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ganbench.errors import MetricError


@dataclass(frozen=True)
class Score:
    """One estimate with its uncertainty.

    Attributes:
        value: the estimate; unbiased estimators may be negative, and are kept so.
        low: lower end of the 95% interval, None where there is none.
        high: upper end of the 95% interval, None where there is none (one-sided bounds have
            only `low`).
        p_value: of the test that both samples have one law, None where there is no test.
        n_real: rows of the real sample that were used.
        n_fake: rows of the generated sample that were used.
        estimator: how the value was computed, in one short name.
        details: anything else worth keeping, JSON-compatible.

    Raises:
        MetricError: if what should be a number is none.
    """

    value: float
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    n_real: int = 0
    n_fake: int = 0
    estimator: str = ""
    details: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("value", "low", "high", "p_value", "n_real", "n_fake"):
            given = getattr(self, name)
            optional = name in ("low", "high", "p_value")
            if not (isinstance(given, numbers.Real) or (optional and given is None)):
                raise MetricError(f"The `{name}` of a score must be a number, not {given!r}.")


def in_base(score: Score, base: float | None) -> Score:
    """Express a score in nats by another base of the logarithm; None leaves it in nats.

    Raises:
        MetricError: if `base` is no number above 1.
    """
    if base is None:
        return score
    if not (isinstance(base, int | float) and 1 < base < math.inf):
        raise MetricError(f"`base` must be a number above 1, such as 2 for bits, not {base!r}.")
    unit = math.log(base)
    low, high = (None if end is None else end / unit for end in (score.low, score.high))
    details = dict(score.details)
    if "standard_error" in details:
        details["standard_error"] = float(str(details["standard_error"])) / unit
    return replace(score, value=score.value / unit, low=low, high=high, details=details)
