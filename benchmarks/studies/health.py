"""Does every loss and every player train at all: `python -m benchmarks.studies.health`.

Runs the grids health.toml and health-players.toml beside this module, of which only what is
missing is trained, and writes health.md: for each cell the modes that are covered, samples of
high quality and the distance from a Gaussian, over all seeds.
"""

import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pandas as pd

HERE = Path(__file__).parent
GRIDS = ("health", "health-players")
KEYS = ["generator", "discriminator", "loss"]
INTRODUCTION = """# Health of losses and players

Written by `python -m benchmarks.studies.health`; the grids are [health.toml](health.toml) and
[health-players.toml](health-players.toml), whose settings `ganbench grid show` prints. Five seeds
each, on {device}.

- modes: covered modes of eight, over the seeds (a mode counts with a fifth of its fair share).
- quality: mean and, in brackets, least share of samples within three standard deviations of a
  mode; real samples have .989.
- sw2: squared sliced Wasserstein distance from a Gaussian of unit variances and correlation .7,
  mean and, in brackets, largest over the seeds. A point at its mean has about 1.

One recipe for all, so that this says what is alive and not what is best.
"""


@click.command()
@click.option("--results", default="results", show_default=True, help="Where the runs are kept.")
@click.option("-j", "--jobs", default=2, show_default=True, help="Worker processes.")
def main(results: str, jobs: int) -> None:
    """Run both grids and write the table."""
    parts = []
    for name in GRIDS:
        folder = f"{results}/{name}"
        grid = str(HERE / f"{name}.toml")
        run = ["ganbench", "run", "--grid", grid, "--results", folder, "--no-report"]
        subprocess.run([*run, "-j", str(jobs)], check=True, stdout=subprocess.DEVNULL)
        table = ["ganbench", "table", folder, "--tidy", "--format", "csv"]
        text = subprocess.run(table, check=True, capture_output=True, text=True).stdout
        parts.append(pd.read_csv(io.StringIO(text), keep_default_na=False, na_values=[""]))
    frame = pd.concat(parts, ignore_index=True)
    sections = [f"## {name}\n\n{_table(part)}" for name, part in zip(GRIDS, parts, strict=True)]
    devices = ", ".join(sorted(frame["device"].dropna().unique()))
    page = "\n\n".join([INTRODUCTION.format(device=devices).rstrip(), *sections])
    (HERE / "health.md").write_text(f"{page}\n", encoding="utf-8")


def _table(frame: pd.DataFrame) -> str:
    lines = [
        "| generator | discriminator | loss | ok | modes | quality | sw2 of the Gaussian |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    named = frame.assign(
        loss=frame["loss"].str.partition(" [")[0]
    )  # steps differ between datasets
    for key, part in named[named["status"].ne("missing")].groupby(KEYS, sort=False):
        runs = part.drop_duplicates("run_id")
        ok = f"{runs['status'].eq('ok').sum()}/{len(runs)}"
        cells = [*key, ok, _modes(part), _spread(part, "quality", min), _spread(part, "sw2", max)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _values(part: pd.DataFrame, estimator: str) -> "pd.Series[float]":
    wanted = part["estimator"].eq(estimator)
    if estimator == "sw2":
        wanted &= part["dataset"].str.startswith("gaussian")
    return part.loc[wanted, "value"].dropna()


def _modes(part: pd.DataFrame) -> str:
    counts = sorted(_values(part, "covered").astype(int), reverse=True)
    return " ".join(map(str, counts)) or "-"


def _spread(
    part: pd.DataFrame, estimator: str, worst: Callable[["pd.Series[float]"], float]
) -> str:
    values = _values(part, estimator)
    if values.empty:
        return "-"
    return f"{values.mean():.3f} ({worst(values):.3f})"


if __name__ == "__main__":
    main()
