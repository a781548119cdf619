"""A results folder in Python: tables, figures, comparisons and the page."""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from matplotlib.figure import Figure

from ganbench.comparison import compare, compare_results
from ganbench.components import unknown
from ganbench.errors import SpecError
from ganbench.library.table import Compared, Table
from ganbench.naming import existing_folder
from ganbench.plugins import Registry, load_for_use, plugin_files
from ganbench.report.figures.drawing import chosen_kinds, draw
from ganbench.report.placing import write_page
from ganbench.report.tables import summary, tidy
from ganbench.results import Results, load_results
from ganbench.store import Store


def load(results: str | Path, plugins: Iterable[str | Path] = ()) -> "ResultSet":
    """Open a results folder.

    Args:
        results: its path, or the name of one below `results`.
        plugins: Python files of plugins that are not installed.

    Raises:
        SpecError: if there is none; lists those that are there.
    """
    with plugin_files(plugins):
        return ResultSet(Store(existing_folder(results)), load_for_use())


class ResultSet:
    """What a results folder holds; a notebook shows its table.

    Args:
        store: the results folder.
        registry: where components come from.
    """

    def __init__(self, store: Store, registry: Registry) -> None:
        self.store, self.registry = store, registry

    @functools.cached_property
    def results(self) -> Results:
        """Everything in the folder, as it was when it was first asked for."""
        return load_results(self.store, self.registry)

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.store.folder

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each run and score, in the columns that docs/commands.md describes."""
        return tidy(self.results.frame)

    def table(self) -> Table:
        """Summarise every cell over its seeds: mean and 95% interval, the best marked."""
        return Table(summary(self.results.frame))

    def plot(self, kind: str, dataset: str | None = None) -> Figure:
        """Draw a figure; docs/figures.md shows the kinds.

        Args:
            kind: of figure, such as "samples" or "heatmaps".
            dataset: its label; None for the only one.

        Raises:
            GanbenchError: if there is no such kind or dataset, or it cannot be drawn.
        """
        (found,) = chosen_kinds([kind])
        of = self.results.name if found.whole else self._dataset(dataset)
        figure = draw(self.results, found, of).figure
        return figure if isinstance(figure, Figure) else figure[-1]

    def _dataset(self, name: str | None) -> str:
        known = [str(each) for each in self.results.frame["dataset"].unique()]
        if name is None and len(known) > 1:
            raise SpecError(
                f"This figure is drawn of one dataset, and there are {len(known)}: "
                f"{', '.join(known)}. Name one of them as `dataset`."
            )
        if name is not None and name not in known:
            raise unknown("dataset", name, known)
        return name or known[0]

    def compare(
        self, by: str | None = None, baseline: str | None = None, metric: str | None = None
    ) -> Compared:
        """Compare the variants on one axis, paired by seed; see docs/comparison.md.

        Args:
            by: "loss", "architecture", "prior" or "dataset"; the first with several if None.
            baseline: the variant that others are compared with, the first one if None.
            metric: the score, each headline score if None.

        Raises:
            GanbenchError: if there is nothing to compare.
        """
        return Compared(compare(self.results.frame, by, baseline, metric))

    def compare_with(self, other: "ResultSet", metric: str | None = None) -> Compared:
        """Compare another results folder with this one, cell by cell.

        Raises:
            GanbenchError: if they have no cell in common.
        """
        names = (str(self.folder), str(other.folder))
        return Compared(compare_results(self.results, other.results, metric, names))

    def samples(self, run_id: str) -> torch.Tensor:
        """Return the stored samples (n, *shape) of a run, by its id or the beginning of it.

        Raises:
            GanbenchError: if there is no such run, or it has none, such as one that failed.
        """
        run = self._run(run_id)
        if run["status"] != "ok":
            raise SpecError(f"The run {run['run_id']} has no samples: it is {run['status']}.")
        return self.results.samples(run["run_id"])

    def history(self, run_id: str) -> pd.DataFrame:
        """Return the learning curves of a run, as of `samples`: step, quantity, value.

        Raises:
            GanbenchError: if there is no such run.
        """
        return self.results.history(self._run(run_id)["run_id"])

    def _run(self, run_id: str) -> "pd.Series[Any]":
        runs = self.results.frame.drop_duplicates("run_id")
        found = runs[runs["run_id"].str.startswith(run_id)]
        if len(found) != 1:
            many = f"{len(found)} runs begin" if len(found) else "No run begins"
            raise SpecError(
                f"{many} with '{run_id}'; give a whole id from the column run_id of `.frame`."
            )
        return found.iloc[0]

    def report(self, out: str | Path | None = None) -> Path:
        """Write the page and its figures, by default below the folder; returns its path."""
        target = None if out is None else Path(out)
        return write_page(self.results, self.registry, self.store, target)

    def __repr__(self) -> str:
        """Name the folder and count what it holds."""
        runs = self.results.frame.drop_duplicates("run_id")
        ok = int(runs["status"].eq("ok").sum())
        return f"<ResultSet {self.results.name}: {ok} of {len(runs)} runs ok, in {self.folder}>"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()
