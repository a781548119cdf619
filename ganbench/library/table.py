"""Tables of a results folder, for notebooks and papers."""

from dataclasses import dataclass
from typing import get_args

import pandas as pd
from rich.console import Console, RenderableType

from ganbench.comparison import Comparison
from ganbench.components import unknown
from ganbench.report.comparisons import render_comparison
from ganbench.report.formats import Format, numbers, render
from ganbench.report.tables import Summary

_WIDTH = 120


class Shown:
    """What a notebook shows as tables, and `write` writes in any format."""

    def rendered(self, format: Format) -> RenderableType:
        """Return it in a format: text, or for "table" what rich prints."""
        raise NotImplementedError

    def write(self, format: Format = "md") -> str:
        """Return it as "csv", "md", "latex", "json", "html" or, for a terminal, "table".

        Raises:
            GanbenchError: if there is no such format.
        """
        if format not in get_args(Format):
            raise unknown("format", str(format), get_args(Format))
        if format != "table":
            return str(self.rendered(format))
        console = Console(width=_WIDTH, highlight=False)
        with console.capture() as captured:
            console.print(self.rendered("table"))
        return captured.get()

    def __str__(self) -> str:
        """Return it as a terminal shows it."""
        return self.write("table")

    def _repr_html_(self) -> str:
        return self.write("html")


@dataclass(frozen=True)
class Table(Shown):
    """Every cell over its seeds: mean and 95% interval, the best marked, the floor below.

    Attributes:
        summary: what it shows.
    """

    summary: Summary

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each cell: labels, and of each score mean, low, high, n, best, floor."""
        return numbers(self.summary)

    def rendered(self, format: Format) -> RenderableType:
        """Return the table."""
        return render(self.summary, format)


@dataclass(frozen=True)
class Compared(Shown):
    """Who won, by how much and how surely.

    Attributes:
        comparison: its frames, answers and warnings.
    """

    comparison: Comparison

    def rendered(self, format: Format) -> RenderableType:
        """Return answers, tables and warnings."""
        return render_comparison(self.comparison, format)
