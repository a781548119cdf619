"""Questions that the suite answers: `python -m benchmarks.studies [NAME...]`."""

from pathlib import Path

import click

from benchmarks.studies import minimax, noise, players, seeds, settings
from benchmarks.studies.study import Study, findings

STUDIES: dict[str, Study] = {
    module.STUDY.name: module.STUDY for module in (players, noise, settings, seeds, minimax)
}

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
    for name in names or STUDIES:
        if name not in STUDIES:
            raise click.BadParameter(f"'{name}' is no study; choose of {', '.join(STUDIES)}.")
        size = "-gpu" if gpu else ""
        if redraw:
            STUDIES[name].write(size)
        else:
            STUDIES[name].run(results, size, jobs)
    FINDINGS.write_text(findings(STUDIES.values()), encoding="utf-8")


if __name__ == "__main__":
    main()
