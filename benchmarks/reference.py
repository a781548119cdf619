"""The results that others compare theirs with: `python -m benchmarks.reference [GRID...]`.

Runs named grids, of which only what is missing is trained, and keeps of each, below
results/reference, the scores of every run with grid, commands and environment (scores.parquet),
figures of samples, and a small page (README.md) with the table, a figure of all scores, command
and environment. `ganbench compare results/GRID results/reference/GRID` reads the scores.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ganbench.report.figures.drawing import chosen_kinds, written
from ganbench.report.tidyfile import read_tidy

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
GRIDS = (
    *("smoke", "default", "losses-quick", "architectures-quick", "priors-quick"),
    *("images-quick", "tables-quick", "text-quick"),
)
TOLD = ("python", "torch", "cpu", "cores", "device", "git_commit")
"""What the page says of the environment; the rest is in the file of scores."""


@click.command()
@click.argument("grids", nargs=-1, metavar="[GRID]...")
@click.option("--redraw", is_flag=True, help="Train nothing; write pages of the scores kept.")
@click.option("-j", "--jobs", default=2, show_default=True, help="Worker processes.")
def main(grids: tuple[str, ...], redraw: bool, jobs: int) -> None:
    """Run grids, all of them if none is named, and keep their scores."""
    for grid in grids or GRIDS:
        kept = REFERENCE / grid
        kept.mkdir(parents=True, exist_ok=True)
        if not redraw:
            run = ["run", "--grid", grid, "--no-report", "--quiet", "-j", str(jobs)]
            _ganbench(*run, codes=(0, 1))  # failed runs are rows
            _ganbench("store", "export", grid, "--out", str(kept / "scores.parquet"))
            _ganbench("figure", grid, "--kind", "samples", "--out", str(kept / "figures"))
        results = read_tidy(kept / "scores.parquet")
        list(written(results, chosen_kinds(["heatmaps"]), "png", kept / "figures"))
        (kept / "README.md").write_text(page(kept), encoding="utf-8")


def page(kept: Path) -> str:
    """Return the page of a folder, with its scores.parquet and its figures, as Markdown."""
    results = read_tidy(kept / "scores.parquet")
    figures = sorted((kept / "figures").glob("*.png"))
    pictures = (f"![{each.stem}](figures/{each.name})" for each in figures)
    tables = _ganbench("table", str(kept), "--format", "md").strip()
    parts = [
        f"# The grid {results.name}",
        "\n".join(["```", *results.experiment["commands"], "```"]),
        _environment(results.experiment["environment"]),
        f"`ganbench compare results/{results.name} results/reference/{results.name}` tells "
        "whether another installation does as this one did; [scores.parquet](scores.parquet) has "
        f"every score of every run. `python -m benchmarks.reference {results.name}` writes all "
        "of it.",
        "## Scores",
        tables,
        "## Figures",
        *pictures,
    ]
    return "\n\n".join(parts) + "\n"


def _environment(environment: Mapping[str, Any]) -> str:
    lines = [f"| {name} | {environment[name]} |" for name in TOLD if environment.get(name)]
    return "\n".join(["| environment | |", "| --- | --- |", *lines])


def _ganbench(*words: str, codes: tuple[int, ...] = (0,)) -> str:
    command = Path(sys.executable).with_name("ganbench")  # of this environment
    done = subprocess.run([command, *words], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in codes:
        raise click.ClickException(f"`ganbench {' '.join(words)}` ended with {done.returncode}.")
    return done.stdout


if __name__ == "__main__":
    main()
