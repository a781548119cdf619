"""The command sample: draw from a stored generator."""

import sys
from pathlib import Path

import click

from ganbench.cli.common import find_run, plugin_option, run_argument
from ganbench.escaping import echo, plain


@click.command()
@run_argument
@click.option(
    "-n",
    "count",
    type=click.IntRange(1),
    metavar="N",
    default=1000,
    show_default=True,
    help="How many.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File: .csv, .parquet, .npy, .txt (sequences) or .png (images). CSV, or lines of text, "
    "on stdout if left out.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    metavar="N",
    default=0,
    show_default=True,
    help="Names the noise.",
)
@plugin_option
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N, mps.")
def sample(
    run: str, results: str | None, count: int, out: Path | None, seed: int, device: str
) -> None:
    """Draw new samples from the generator of RUN, with the data's own columns and values.

    RUN is an id or its beginning, or the path of a run's folder. A baseline is fitted anew.
    Equal seeds give equal samples.
    """
    from ganbench.environment import find_device
    from ganbench.errors import StoreError
    from ganbench.plugins import load_for_use
    from ganbench.report.export import check_ending, frame, one_line, write_samples
    from ganbench.restoring import restored

    store, run_id = find_run(run, results)
    stored = restored(store, load_for_use(), run_id, find_device(device))
    dataset = stored.cell.dataset.value.judged
    check_ending(out or Path("samples.csv"), dataset)  # what stdout gets
    x = stored.drawn(count, seed)
    if out is None:
        text = dataset.to_text(x)
        lines = frame(x, dataset).to_csv(index=False).splitlines() if text is None else text
        said = "\n".join(lines if text is None else map(one_line, lines))
        click.echo(plain(said) if sys.stdout.isatty() else said)
        return
    try:
        write_samples(x, dataset, out)
    except OSError as error:
        raise StoreError(f"Cannot write '{out}': {error.strerror or error}.") from None
    echo(f"{count} samples of {stored.cell.title}, seed {stored.seed}: {out}", err=True)
