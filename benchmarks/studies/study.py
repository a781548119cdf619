"""What a study is, and how it becomes a folder below results/reference."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

import ganbench
from ganbench.execution.request import Request, Workers
from ganbench.grid import Grid, load_grid, make_grid, replaced
from ganbench.plugins import Registry, load_for_use, plugin_files
from ganbench.report.figures.encoding import encode
from ganbench.results import Results

GRIDS = Path(__file__).parent / "grids"
REFERENCE = Path(__file__).parents[2] / "results" / "reference"

Rows = pd.DataFrame


def scores(results: Results) -> Rows:
    """Return the tidy scores, which is what most studies need."""
    return results.frame


def points(results: Results, runs: Rows) -> Rows:
    """Return samples of runs as rows, for pictures.

    Args:
        results: which hold the runs.
        runs: a row for each.

    Returns:
        For the first samples of each run two rows, its first coordinate as the estimator "x" and
        its last as "y", of the metric "sample".
    """
    parts = [runs.iloc[:0]]
    for _, run in runs.iterrows():
        drawn = results.samples(run["run_id"])[:SHOWN].numpy()
        for name, values in (("x", drawn[:, 0]), ("y", drawn[:, -1])):
            row = pd.DataFrame([run] * len(values))
            parts.append(row.assign(metric="sample", estimator=name, value=values))
    return pd.concat(parts, ignore_index=True)


SHOWN = 400
"""Samples of a run that pictures show."""


@dataclass(frozen=True)
class Finding:
    """What a study says.

    Attributes:
        answer: one paragraph with effect sizes and intervals, from the rows.
        tables: Markdown below it.
        figures: name -> figure.
        limits: what it does not show.
    """

    answer: str
    tables: str
    figures: Mapping[str, Figure]
    limits: str


@dataclass(frozen=True)
class Study:
    """A question, the runs that answer it, and how they are read.

    Attributes:
        name: of its grids, `grids/NAME.toml` and `grids/NAME-gpu.toml`, and of its folder.
        question: in one sentence.
        analyse: rows of all variants, with a column `variant` -> what they say.
        variants: name -> axes of the grid that are replaced, and "settings" of the recipe.
        plugins: files of plugins that the grid needs.
        collect: what is kept of the results of a variant.
    """

    name: str
    question: str
    analyse: Callable[[Rows], Finding]
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"": {}})
    plugins: tuple[Path, ...] = ()
    collect: Callable[[Results], Rows] = scores

    def run(self, results: Path, size: str, jobs: int) -> None:
        """Train what is missing and keep the rows.

        Args:
            results: folder of the results folders.
            size: "" for two cores, "-gpu" for a GPU.
            jobs: worker processes.
        """
        parts = []
        for variant, told in self.variants.items():
            folder = results / f"study-{self.name}{size}" / (variant or "all")
            folder.parent.mkdir(parents=True, exist_ok=True)
            with plugin_files(self.plugins):
                registry = load_for_use()
                grid = self.grid(size, told, registry)
                found = ganbench.run(grid, results=folder, workers=Workers(jobs=jobs))
                asked = Request(grid, folder).dry(registry).run_ids
                parts.append(self.collect(_only(found.results, asked)).assign(variant=variant))
        kept = self.kept(size)
        kept.mkdir(parents=True, exist_ok=True)
        pd.concat(parts, ignore_index=True).to_parquet(self.rows(size), index=False)
        self.write(size)

    def grid(self, size: str, told: Mapping[str, Any], registry: Registry) -> Grid:
        """Return the grid of a variant.

        Args:
            size: as of `run`.
            told: what the variant says: axes, and "settings" of the recipe.
            registry: of the components.
        """
        fields = load_grid(str(GRIDS / f"{self.name}{size}.toml"), registry).model_dump()
        axes = {name: value for name, value in told.items() if name != "settings"}
        return make_grid(
            replaced({**fields, **axes}, told.get("settings", {})), origin=f"The grid {self.name}"
        )

    def finding(self, size: str = "") -> Finding | None:
        """Read the kept rows, None where there are none."""
        rows = self.rows(size)
        return self.analyse(pd.read_parquet(rows)) if rows.is_file() else None

    def setup(self, size: str = "") -> str:
        """Say what was run, where, how long it took and what failed."""
        rows = pd.read_parquet(self.rows(size))
        runs = rows.drop_duplicates("run_id")
        failed = int(runs["status"].ne("ok").sum())
        minutes = (runs["train_seconds"].sum() + runs["eval_seconds"].sum()) / 60
        machine = " and ".join(sorted(runs["hardware"].dropna().unique()))
        variants = "" if len(self.variants) == 1 else f" in {len(self.variants)} variants"
        grid = f"{self.name}{size}.toml"
        return (
            f"Set-up: the grid [{grid}](../../../benchmarks/studies/grids/{grid}){variants}, "
            f"{len(runs)} distinct runs of which {failed} failed, {minutes:.0f} minutes of "
            f"training and scoring in all, on {machine}."
        )

    def kept(self, size: str = "") -> Path:
        """Return the folder of what is kept."""
        return REFERENCE / f"{self.name}{size}"

    def rows(self, size: str = "") -> Path:
        """Return the file of the kept rows."""
        return self.kept(size) / "rows.parquet"

    def write(self, size: str = "") -> None:
        """Write the finding, its tables and its figures beside the kept rows.

        Raises:
            FileNotFoundError: if there are none.
        """
        finding, kept = self.finding(size), self.kept(size)
        if finding is None:
            raise FileNotFoundError(f"There are no rows in {kept} yet.")
        for name, figure in finding.figures.items():
            (kept / f"{name}.png").write_bytes(encode(figure, "png"))
        (kept / "README.md").write_text(self.page(finding, size), encoding="utf-8")

    def page(self, finding: Finding, size: str = "") -> str:
        """Return the finding as Markdown."""
        pictures = "\n\n".join(f"![{name}]({name}.png)" for name in finding.figures)
        command = f"python -m benchmarks.studies {self.name}{' --gpu' if size else ''}"
        limits = finding.limits
        if size:
            limits = f"(Of the grid for two cores; sizes and lengths differ here.) {limits}"
        parts = [
            f"# {self.question}",
            finding.answer,
            pictures,
            finding.tables,
            f"**What it does not show.** {limits}",
            self.setup(size),
            f"`{command}` trains and writes this, `{command} --redraw` writes it from the rows "
            "that are kept here.",
        ]
        return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _only(results: Results, asked: set[str]) -> Results:
    """Leave out what a folder holds of other settings, and names that told it apart."""
    frame = results.frame[results.frame["run_id"].isin(asked)]
    return replace(results, frame=frame.assign(loss=frame["loss"].str.partition(" [")[0]))


def findings(groups: Mapping[str, Iterable[Study]]) -> str:
    """Return the answers of all studies that have rows, as one page below docs.

    Args:
        groups: heading -> its studies.
    """
    parts = [
        "# Findings",
        "What the suite says to the questions it was made for, each from one command; written by "
        "`python -m benchmarks.studies`. Tables, figures and limits are behind the links; nothing "
        "here holds beyond the data, players and budgets that they name.",
    ]
    for heading, studies in groups.items():
        parts.append(f"## {heading}")
        for study in studies:
            found = study.finding()
            if found is None:
                continue
            place = f"../results/reference/{study.name}"
            parts += [f"### {study.question}", found.answer]
            parts += [f"![{name}]({place}/{name}.png)" for name in list(found.figures)[:1]]
            parts += [f"**What it does not show.** {found.limits} [All of it]({place}/README.md)."]
    return "\n\n".join(parts) + "\n"
