"""How many cells and runs a grid stands for, counted before any is made."""

import math

from ganbench import components
from ganbench.errors import SpecError
from ganbench.grid import Grid

MOST_CELLS = 1_000_000
MOST_RUNS = 10_000_000


def check_extent(grid: Grid) -> None:
    """Refuse a grid of more cells or runs than can be planned.

    Raises:
        SpecError: if it has, or an expression in it cannot be read.
    """
    datasets = sum(map(_alternatives, grid.datasets))
    games = math.prod(sum(map(_alternatives, axis)) for axis in (grid.losses, grid.priors))
    games *= sum(map(_pairs, grid.architectures))
    cells = datasets * (games + sum(map(_alternatives, grid.baselines)))
    for what, count, most in (
        ("cells", cells, MOST_CELLS),
        ("runs", cells * len(grid.seed_list), MOST_RUNS),
    ):
        if count > most:
            raise SpecError(
                f"The grid stands for {_short(count)} {what}, and at most {most:,} are planned; "
                "divide it into several grids."
            )


def _short(count: int) -> str:
    return f"{count:,}" if count < 10**15 else f"more than 10^{math.floor(math.log10(count))}"


def _alternatives(text: str) -> int:
    return math.prod(part.alternatives for part in components.parse(text))


def _pairs(entry: str | dict[str, str | list[str]]) -> int:
    if isinstance(entry, str):
        first, second = components.parse_pair(entry)
        return first.alternatives * (1 if first == second else second.alternatives)
    roles = [[texts] if isinstance(texts, str) else texts for texts in entry.values()]
    return math.prod(sum(map(_alternatives, texts)) for texts in roles)
