"""Names as figures write them: broken to lines, shortened, without what cannot be printed."""

import textwrap

from ganbench.report.tables import wrapped

_EM = 0.6
"""Width of a letter as a share of its height."""


def letters(inches: float, points: float) -> int:
    """Return how many letters of a size fit side by side."""
    return max(4, int(inches / (_EM * points / 72)))


def inches(letters: int, points: float) -> float:
    """Return the room that letters of a size take side by side."""
    return letters * _EM * points / 72


def label(text: str, width: int = 22, lines: int = 6) -> str:
    """Break a name to lines of about `width`; of a very long one the middle is left out."""
    parts = [
        part
        for line in wrapped(printable(text), width).split("\n")
        for part in (textwrap.wrap(line, width) if len(line) > width + 2 else [line])
    ]
    if len(parts) > lines:
        parts = [*parts[: lines // 2], "…", *parts[len(parts) - (lines - 1) // 2 :]]
    return "\n".join(parts)


def height(names: list[str]) -> int:
    """Return the lines of the longest of some names."""
    return max((name.count("\n") + 1 for name in names), default=0)


def short(text: str, letters: int) -> str:
    """Return what fits into so many letters, with a sign that something was cut."""
    text = printable(text)
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def printable(text: str) -> str:
    """Show what cannot be printed, such as tabs and ends of lines, as a dot."""
    return "".join(c if c.isprintable() else "·" for c in text)
