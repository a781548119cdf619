"""How complete a results folder is: what was planned, what came of it, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from ganbench.comparison.columns import CELL, row_labels, runs
from ganbench.comparison.wording import ABSENT
from ganbench.plugins import NOTHING
from ganbench.results import Results

SILENT = ("ok", "missing", "incompatible")
MOST_LISTED = 300
"""Variants, failures, warnings and incompatible cells that a page lists, each."""


class Listed(NamedTuple):
    """What a page lists, and how many more there are."""

    items: Sequence[Any]
    more: int


def sentence(frame: pd.DataFrame) -> str:
    """Say how many runs are ok, and what the others are."""
    every = runs(frame)["status"].value_counts()
    planned = int(every.drop("incompatible", errors="ignore").sum())
    rest = [f"{count} {status}" for status, count in every.items() if status != "ok"]
    tail = f"; {', '.join(rest)}" if rest else ""
    return f"{every.get('ok', 0)} of {planned} compatible runs are ok{tail}."


# -------------------------------------------------------------------------------------- matrix


class Share(NamedTuple):
    """What came of the runs of one cell.

    Attributes:
        state: "whole", "part", "none", "missing", "barred" or "absent", for its colour.
        text: the same in words.
    """

    state: str
    text: str


class Matrix(NamedTuple):
    """What came of every variant on every dataset.

    Attributes:
        datasets: the columns.
        rows: a variant and what came of it, for each dataset; where they are too many, those that
            are not whole come first.
        more: number of variants that are left out.
    """

    datasets: list[str]
    rows: list[tuple[str, list[Share]]]
    more: int


Labels = tuple[str, str, str, str]
"""Prior, generator, discriminator and loss."""
_ABSENT = Share("absent", ABSENT)


def matrix(frame: pd.DataFrame) -> Matrix:
    """Count what came of every variant on every dataset."""
    every = runs(frame)
    counts: dict[Labels, dict[str, dict[str, int]]] = {}
    names = (*CELL[1:], "dataset", "status")
    sizes = Counter(zip(*(every[name] for name in names), strict=True))
    for (prior, generator, discriminator, loss, dataset, status), count in sizes.items():
        counts.setdefault((prior, generator, discriminator, loss), {}).setdefault(dataset, {})[
            status
        ] = count
    datasets = list(dict.fromkeys(every["dataset"]))
    chosen = list(counts)
    if len(chosen) > MOST_LISTED:
        chosen.sort(key=lambda labels: _is_whole(counts[labels]))
    priors = every["prior"][every["prior"].ne(NOTHING.label)].nunique() > 1
    rows = [
        (
            _variant(labels, priors),
            [_share(counts[labels].get(dataset, {})) for dataset in datasets],
        )
        for labels in chosen[:MOST_LISTED]
    ]
    return Matrix(datasets, rows, max(0, len(chosen) - MOST_LISTED))


def _is_whole(counts: Mapping[str, Mapping[str, int]]) -> bool:
    return all(set(of_dataset) == {"ok"} for of_dataset in counts.values())


def _variant(labels: Labels, priors: bool) -> str:
    """Name what is trained, whatever the dataset; the prior where there are several."""
    prior, architecture, loss = row_labels(*labels)
    parts = [architecture, loss, *([prior] if priors else [])]
    return " · ".join(part for part in parts if part != NOTHING.label)


def _share(counts: Mapping[str, int]) -> Share:
    if not counts:
        return _ABSENT
    if set(counts) == {"incompatible"}:
        return Share("barred", "incompatible")
    ok, planned = counts.get("ok", 0), sum(counts.values())
    if ok == planned:
        return Share("whole", f"{ok}/{planned}")
    rest = ", ".join(f"{count} {status}" for status, count in counts.items() if status != "ok")
    state = "part" if ok else "missing" if set(counts) == {"missing"} else "none"
    return Share(state, f"{ok}/{planned}, {rest}")


def counts(frame: pd.DataFrame) -> Mapping[str, Any]:
    """Count runs by dataset and status."""
    every = runs(frame)
    table = pd.crosstab(every["dataset"], every["status"])
    order = ["ok", *table.columns.drop("ok", errors="ignore")]
    table = table.reindex(index=every["dataset"].unique(), columns=order, fill_value=0)
    return {"header": order, "rows": list(table.itertuples(name=None))}


# --------------------------------------------------------------------------------------- lists


def failures(results: Results) -> Listed:
    """List the runs that failed, with the reason in full."""
    every = runs(results.frame)
    failed = every[~every["status"].isin(SILENT)]
    first = [
        {
            **{key: str(row[key]) for key in ("run_id", "status", "seed", "dataset")},
            "cell": ", ".join(str(row[key]) for key in CELL[1:]),
            "reason": str(row["reason"]),
            "full": results.reason(str(row["run_id"])),
        }
        for row in failed.head(MOST_LISTED).to_dict("records")
    ]
    return Listed(first, len(failed) - len(first))


def warnings(results: Results) -> Listed:
    """Collect why cells can hardly succeed."""
    cells = results.experiment.get("cells", {}).values()
    found = list(dict.fromkeys(text for cell in cells for text in cell.get("warnings", ())))
    return Listed(found[:MOST_LISTED], max(0, len(found) - MOST_LISTED))


def barred(frame: pd.DataFrame) -> Listed:
    """List the cells that cannot be trained, with the reason."""
    cells = frame[frame["status"].eq("incompatible")].drop_duplicates(CELL)
    first = [
        {"cell": ", ".join(str(row[key]) for key in CELL), "reason": str(row["reason"])}
        for row in cells.head(MOST_LISTED).to_dict("records")
    ]
    return Listed(first, len(cells) - len(first))
