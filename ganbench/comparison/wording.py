"""Numbers as people read them."""

import math
import re

ABSENT = "-"
TIMES = "\N{MULTIPLICATION SIGN}"
"""Marks a ratio."""


def number(mean: float, half: float = math.nan) -> str:
    """Write a mean with three significant digits, and its half-width to the same place."""
    if not math.isfinite(mean):
        return ABSENT if math.isnan(mean) else str(mean)
    known = math.isfinite(half)
    scale = max(abs(mean), half) if known else abs(mean)
    power = math.floor(math.log10(scale)) if scale else 2
    if -4 < power < 5:
        digits = max(0, 2 - power)
        parts = [mean, half] if known else [mean]
        return " ± ".join(_fixed(part, digits) for part in parts)
    unit = 10.0**power
    text = f"({mean / unit:.2f} ± {half / unit:.2f})" if known else f"{mean / unit:.2f}"
    return f"{text}e{power}"


def _fixed(value: float, digits: int) -> str:
    # Adding zero takes the sign of a zero away.
    return re.sub(r"^(-?)0\.", r"\1.", f"{value + 0.0:.{digits}f}")
