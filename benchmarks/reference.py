"""The results that others compare theirs with: `python -m benchmarks.reference [GRID...]`.

Runs named grids, of which only what is missing is trained, and keeps of each, below
results/reference, the scores of every run with grid, commands and environment (scores.parquet)
and the table (table.md). `ganbench compare results/GRID results/reference/GRID` reads them.
"""

import subprocess
from pathlib import Path

import click

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
GRIDS = (
    *("smoke", "default", "losses-quick", "architectures-quick", "priors-quick"),
    *("images-quick", "tables-quick", "text-quick"),
)


@click.command()
@click.argument("grids", nargs=-1, metavar="[GRID]...")
@click.option("-j", "--jobs", default=2, show_default=True, help="Worker processes.")
def main(grids: tuple[str, ...], jobs: int) -> None:
    """Run grids, all of them if none is named, and keep their scores."""
    for grid in grids or GRIDS:
        kept = REFERENCE / grid
        kept.mkdir(parents=True, exist_ok=True)
        run = ["run", "--grid", grid, "--no-report", "--quiet", "-j", str(jobs)]
        _ganbench(*run, codes=(0, 1))  # failed runs are rows
        _ganbench("store", "export", grid, "--out", str(kept / "scores.parquet"))
        _ganbench("table", grid, "--out", str(kept / "table.md"))


def _ganbench(*words: str, codes: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run(["ganbench", *words], stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in codes:
        raise click.ClickException(f"`ganbench {' '.join(words)}` ended with {done.returncode}.")


if __name__ == "__main__":
    main()
