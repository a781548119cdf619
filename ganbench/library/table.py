"""The table of a results folder, for notebooks and papers."""

from dataclasses import dataclass

import pandas as pd
from rich.console import Console

from ganbench.report.formats import Format, numbers, render
from ganbench.report.tables import Summary

_WIDTH = 120


@dataclass(frozen=True)
class Table:
    """Every cell over its seeds: mean and 95% interval, the best marked, the floor below.

    A notebook shows it as it is; `frame` has its numbers and `write` other formats.

    Attributes:
        summary: what it shows.
    """

    summary: Summary

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each cell: labels, and of each score mean, low, high, n, best, floor."""
        return numbers(self.summary)

    def write(self, format: Format = "md") -> str:
        """Return it as "csv", "md", "latex", "json", "html" or, for a terminal, "table"."""
        if format != "table":
            return str(render(self.summary, format))
        console = Console(width=_WIDTH, highlight=False)
        with console.capture() as captured:
            console.print(render(self.summary, "table"))
        return captured.get()

    def __str__(self) -> str:
        """Return it as a terminal shows it."""
        return self.write("table")

    def _repr_html_(self) -> str:
        return self.write("html")
