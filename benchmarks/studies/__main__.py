"""Questions that the suite answers: `python -m benchmarks.studies [NAME...]`."""

from pathlib import Path

import click

from benchmarks.studies import (
    agreement,
    minimax,
    noise,
    paper_ctgan,
    paper_dirac,
    paper_mmdgan,
    paper_pacgan,
    paper_r3gan,
    paper_seqgan,
    paper_text,
    paper_unrolled,
    paper_wgangp,
    players,
    seeds,
    settings,
    tuning,
)
from benchmarks.studies.study import Study, findings

GROUPS: dict[str, list[Study]] = {
    "Questions": [
        module.STUDY for module in (tuning, players, noise, settings, agreement, seeds, minimax)
    ],
    "Published results": [
        module.STUDY
        for module in (
            *(paper_dirac, paper_unrolled, paper_wgangp, paper_pacgan, paper_mmdgan),
            *(paper_r3gan, paper_text, paper_seqgan, paper_ctgan),
        )
    ],
}
STUDIES = {study.name: study for group in GROUPS.values() for study in group}

FINDINGS = Path(__file__).parents[2] / "docs" / "findings.md"


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--redraw", is_flag=True, help="Train nothing; read the rows that are kept.")
@click.option("--gpu", is_flag=True, help="The larger grid, made for a GPU.")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default="results",
    show_default=True,
    help="Where the runs are kept.",
)
@click.option("-j", "--jobs", default=2, show_default=True, help="Worker processes.")
def main(names: tuple[str, ...], redraw: bool, gpu: bool, results: Path, jobs: int) -> None:
    """Run studies, all of them if none is named, and write what they find."""
    size = "-gpu" if gpu else ""
    for name in names:
        if name not in STUDIES:
            raise click.UsageError(f"'{name}' is no study; choose of {', '.join(STUDIES)}.")
        if redraw and not STUDIES[name].rows(size).is_file():
            raise click.UsageError(f"Nothing is kept of '{name}' yet; run it without --redraw.")
    for study in [STUDIES[name] for name in names] or STUDIES.values():
        if not redraw:
            study.run(results, size, jobs)
        elif study.rows(size).is_file():
            study.write(size)
    FINDINGS.write_text(findings(GROUPS), encoding="utf-8")


if __name__ == "__main__":
    main()
