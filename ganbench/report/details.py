"""The cells that a page lists: how each was trained, and the command that trains it again."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from ganbench.plugins import NOTHING
from ganbench.recipe import Recipe
from ganbench.report.rerun import Rerun
from ganbench.store import Json


class Detail(NamedTuple):
    """How a cell was trained.

    Attributes:
        chosen: the settings that differ from their defaults, `name = value`; empty for a law that
            was fitted without a game.
        usual: the settings that do not.
        command: trains and scores it again.
        origin: versions of data, components and engine.
    """

    chosen: list[str]
    usual: list[str]
    command: str
    origin: str


def details(
    numbered: pd.DataFrame, places: Sequence[int], cells: Iterable[Json], rerun: Rerun
) -> Mapping[int, Detail]:
    """Describe cells.

    Args:
        numbered: one line for each run, with the place of its row as `cell`.
        places: of the cells that are asked for.
        cells: their records in experiment.json, among others.
        rerun: writes commands.

    Returns:
        Place -> detail, of the cells that have a record.
    """
    asked = numbered[numbered["cell"].isin(places)]
    place_of = dict(zip(asked["run_id"], map(int, asked["cell"]), strict=True))
    found: dict[int, Detail] = {}
    for cell in cells:
        place = next((place_of[i] for i in cell.get("runs", {}).values() if i in place_of), None)
        if place is not None:
            found[place] = _detail(cell, rerun)
    return found


def _detail(cell: Json, rerun: Rerun) -> Detail:
    game = cell["labels"]["loss"] != NOTHING.label
    recipe: Mapping[str, Any] = cell["recipe"] if game else {}
    usual = Recipe().settings
    told = {name: f"{name} = {value}" for name, value in recipe.items()}
    return Detail(
        chosen=[text for name, text in told.items() if recipe[name] != usual.get(name)],
        usual=[text for name, text in told.items() if recipe[name] == usual.get(name)],
        command=rerun.command(cell),
        origin=str(cell.get("origin", "")),
    )
