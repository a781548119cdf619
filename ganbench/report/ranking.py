"""The best cells of a dataset, where there are more than anybody reads."""

from dataclasses import replace

import pandas as pd

from ganbench.comparison.columns import ARROWS, Column, runs
from ganbench.report.tables import Section, Sheet, cell_numbers, sheet
from ganbench.results import Results

MOST_ROWS = 300
"""Rows of a table for people; of more, the best are shown."""
MOST_DRAWN = 100
"""Cells that figures show; of more, the best `DRAWN_OF_MANY`."""
DRAWN_OF_MANY = 12


def best_cells(section: Section, most: int) -> list[int]:
    """Return the places of the best rows by the first score that has a better side.

    Where no more than `most` are there, these are all rows in their order.
    """
    places = range(len(section.rows))
    if len(places) <= most:
        return list(places)
    column = _leading(section)
    if column is None:
        return list(places[:most])
    order = list(section.contests[column.name].order) if column.name in section.contests else []
    return [*order, *(place for place in places if place not in set(order))][:most]


def listed(section: Section) -> list[int]:
    """Return the places of the rows that a table for people has."""
    return best_cells(section, MOST_ROWS)


def best_sheet(section: Section) -> Sheet:
    """Lay out the best rows of a section as text."""
    return sheet(section, listed(section))


def numbered(frame: pd.DataFrame, section: Section) -> pd.DataFrame:
    """Return one line for each run of a section, with the place of its row as `cell`."""
    part = frame[frame["dataset"].eq(section.dataset) & frame["status"].ne("incompatible")]
    return runs(part.assign(cell=cell_numbers(part)))


def left_out(section: Section) -> str:
    """Say how many rows a table does without, nothing where it has all."""
    count = len(section.rows)
    if count <= MOST_ROWS:
        return ""
    shown = _which(section, MOST_ROWS)
    return f"{count - MOST_ROWS:,} of {count:,} cells are left out; shown are {shown}"


def undrawn(section: Section) -> str:
    """Say which cells figures show, nothing where they show all."""
    if len(section.rows) <= MOST_DRAWN:
        return ""
    return f"figures show {_which(section, DRAWN_OF_MANY)}"


def _which(section: Section, most: int) -> str:
    column = _leading(section)
    return f"the first {most}" if column is None else f"the best {most} by {column.name}"


def _leading(section: Section) -> Column | None:
    return next((each for each in section.columns if each.better in ARROWS), None)


def drawn(results: Results, section: Section) -> Results:
    """Return the results of one dataset that figures show: all, or those of its best cells."""
    frame = results.frame[results.frame["dataset"].eq(section.dataset)]
    if len(section.rows) > MOST_DRAWN:
        frame = _cells(frame, best_cells(section, DRAWN_OF_MANY))
    return replace(results, frame=frame)


def _cells(frame: pd.DataFrame, places: list[int]) -> pd.DataFrame:
    """Select the rows of some of the compatible cells."""
    compatible = frame[frame["status"].ne("incompatible")]
    return compatible[cell_numbers(compatible).isin(places)]
