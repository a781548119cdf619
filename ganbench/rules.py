"""Which overrides and excludes of a grid are about which cells."""

import functools
from collections.abc import Sequence

from ganbench import components
from ganbench.axes import Parts, several
from ganbench.components import Component
from ganbench.grid import Grid, Override, Rule
from ganbench.plugins import Built

_PLACES = {
    "dataset": ("dataset", slice(None)),
    "prior": ("prior", slice(None)),
    "loss": ("loss", slice(None)),
    "architecture": ("players", slice(None)),
    "generator": ("players", slice(0, 1)),
    "discriminator": ("players", slice(1, 2)),
}
"""Part of a `where` -> the axis that it looks at, and what of it."""


class Rules:
    """The rules of a grid; each is compared with each value of an axis once, not with each cell.

    A set of rules is a number with a bit for each of them.

    Args:
        grid: whose rules they are.
    """

    def __init__(self, grid: Grid) -> None:
        self._rules: tuple[Rule, ...] = (*grid.override, *grid.exclude)
        self._overrides = (1 << len(grid.override)) - 1
        self._used = 0
        self._allowed_by = functools.cache(self._allowing)
        self._patterns = functools.cache(_patterns)

    def matched(self, parts: Parts) -> int:
        """Return the rules whose `where` fits this combination.

        Raises:
            SpecError: if a `where` is no expression.
        """
        found = (1 << len(self._rules)) - 1
        for axis, value in zip(Parts._fields, parts, strict=True):
            found &= self._allowed_by(axis, value)
        self._used |= found
        return found

    def exclude(self, found: int) -> bool:
        """Whether one of these rules excludes its cells."""
        return found > self._overrides

    def overrides(self, found: int) -> list[Override]:
        """List the overrides among these rules, weakest first."""
        return [rule for rule in self._among(found) if isinstance(rule, Override)]

    @property
    def idle(self) -> Sequence[Rule]:
        """The rules that have matched no cell so far."""
        return self._among(~self._used)

    def _among(self, found: int) -> list[Rule]:
        return [rule for place, rule in enumerate(self._rules) if found >> place & 1]

    def _allowing(self, axis: str, value: tuple[Built, ...]) -> int:
        """Return the rules that have nothing against this value of an axis."""
        return sum(
            1 << place for place, rule in enumerate(self._rules) if self._fits(rule, axis, value)
        )

    def _fits(self, rule: Rule, axis: str, value: tuple[Built, ...]) -> bool:
        for part, texts in rule.where.items():
            place, which = _PLACES[part]
            if place == axis:
                patterns = [self._patterns(part, text) for text in several(texts)]
                if not any(_agrees(pattern, value[which]) for pattern in patterns):
                    return False
        return True


def _patterns(part: str, text: str) -> tuple[Component, ...]:
    return components.parse_pair(text) if part == "architecture" else components.parse(text)


def _agrees(pattern: tuple[Component, ...], actual: tuple[Built, ...]) -> bool:
    return len(pattern) == len(actual) and all(map(_is_like, pattern, actual))


def _is_like(want: Component, have: Built) -> bool:
    """Whether the names agree and every parameter that is wanted has (one of) its values."""
    return want.name == have.entry.name and all(
        key in have.params and have.params[key] in (value if isinstance(value, list) else [value])
        for key, value in want.params
    )
