"""How right the scores are where the truth is known: `python -m benchmarks.calibration`.

Calls are appended to rows/ as they come, so that an interrupted study goes on where it stopped;
their summary goes to results.json, tables.md and figures. `report` only writes these; `truths`
computes the constants of all pairs anew and prints them beside those in use.
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read when the libraries load

import click
import torch

from benchmarks.calibration.closed_forms import population_mmd2
from benchmarks.calibration.estimators import ESTIMATORS, TESTS
from benchmarks.calibration.figures import draw
from benchmarks.calibration.pairs import PAIRS
from benchmarks.calibration.study import PLANS, SEED, Plan, Section, read_rows, run
from benchmarks.calibration.summary import summarise
from benchmarks.calibration.tables import write_tables
from benchmarks.calibration.truths import divergences
from ganbench import environment, isolation
from ganbench.plugins import load_plugins

SECTIONS: tuple[Section, ...] = get_args(Section)


def _counts(_: click.Context, __: click.Parameter, texts: Sequence[str]) -> dict[int, int]:
    try:
        return {int(n): int(repeats) for n, repeats in (text.split("=") for text in texts)}
    except ValueError as error:
        raise click.BadParameter("Write ROWS=REPEATS, such as 500=50.") from error


def _narrowed(
    plan: Plan, pairs: Sequence[str], estimators: Sequence[str], repeats: dict[int, int]
) -> Plan:
    chosen = {
        name: each
        for name, each in plan.estimators.items()
        if not estimators or name in estimators
    }
    kept = [pair for pair in plan.pairs if not pairs or pair in pairs]
    return replace(plan, estimators=chosen, pairs=kept, repeats=repeats or plan.repeats)


def _truths() -> None:
    for name, pair in PAIRS.items():
        found = divergences(name)
        click.echo(
            f"{name}: JSD {found.jsd:.12f} +- {found.jsd_error:.1g} ({pair.jsd:.12f}), "
            f"accuracy {found.accuracy:.8f} +- {found.accuracy_error:.1g} ({pair.accuracy:.8f}), "
            f"MMD2 {population_mmd2(pair.p, pair.q, pair.kernel):.12f} ({pair.mmd2:.12f})"
        )


def _calls(folder: Path, section: Section) -> Path:
    return folder / "rows" / f"{section}.jsonl"


def _shared(folder: Path, section: Section) -> list[dict[str, Any]]:
    """Return what another section has measured for this one: floors of the null pairs."""
    if section != "floors":
        return []
    return [row for row in read_rows(_calls(folder, "bias")) if PAIRS[row["pair"]].null]


def _text(results: dict[str, Any]) -> str:
    """Write JSON with a line for each of the innermost tables."""
    text = json.dumps(results, indent=1)
    return re.sub(r"\{[^{}]*\}", lambda found: " ".join(found[0].split()), text) + "\n"


@click.command(help=__doc__)
@click.argument("sections", nargs=-1, type=click.Choice([*SECTIONS, "report", "truths"]))
@click.option("-p", "--pair", "pairs", multiple=True, type=click.Choice([*PAIRS]), metavar="NAME")
@click.option(
    "-e",
    "--estimator",
    "estimators",
    multiple=True,
    type=click.Choice([*ESTIMATORS, *TESTS]),
    metavar="NAME",
)
@click.option(
    "-r",
    "--repeats",
    multiple=True,
    callback=_counts,
    metavar="ROWS=REPEATS",
    help="Sample sizes and repeats instead of those of the study.",
)
@click.option("-j", "--jobs", default=2, show_default=True, help="Worker processes.")
@click.option("--fresh", is_flag=True, help="Forget the calls made before.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(__file__).parent,
    help="Where to write, by default beside the code.",
)
def main(
    sections: Sequence[Section],
    pairs: Sequence[str],
    estimators: Sequence[str],
    repeats: dict[int, int],
    jobs: int,
    fresh: bool,
    folder: Path,
) -> None:
    """Run the chosen sections, by default all, then summarise all calls there are."""
    isolation.make_deterministic()
    if "truths" in sections:
        _truths()
        return
    out = folder / "results.json"
    results = json.loads(out.read_text()) if out.exists() else {}
    for section in SECTIONS:
        path = _calls(folder, section)
        if section in (sections or SECTIONS):
            if fresh:
                path.unlink(missing_ok=True)
            run(section, _narrowed(PLANS[section], pairs, estimators, repeats), path, jobs)
            facts = environment.describe(torch.device("cpu"), load_plugins())
            kept = ("cpu", "python", "threads_per_worker", "git_commit", "distributions")
            results["environment"] = {name: facts[name] for name in kept}
            results["seed"] = SEED
        if path.exists():
            results[section] = summarise(section, read_rows(path) + _shared(folder, section))
    out.write_text(_text(results), encoding="utf-8")
    write_tables(results, folder / "tables.md")
    draw(results, folder)


if __name__ == "__main__":
    main()
