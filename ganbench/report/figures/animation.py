"""A film of how the law of a generator on the plane comes about."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from matplotlib.figure import Figure
from torch import Tensor

from ganbench.errors import GanbenchError
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import canvas, styled, title
from ganbench.report.figures.plane import OUTLINE, Plane, plane_of
from ganbench.report.figures.sections import looks, section_of
from ganbench.report.figures.typical import typical_seed
from ganbench.report.ranking import best_cells
from ganbench.report.tables import Row, Section
from ganbench.results import Results
from ganbench.training.loop import train

FRAMES = 40
SHOWN = 500
"""Points of each frame."""


def animation(results: Results, dataset: str) -> Sequence[Figure]:
    """Train the median seed of the best cell once more, and draw it now and then.

    On the CPU; where the run was trained on one, its numbers come again to the bit.

    Args:
        results: with players that can be rebuilt; of one run, to choose it.
        dataset: a law on the plane.

    Returns:
        The pictures, the first before the first step, for `film`.

    Raises:
        GanbenchError: if the dataset is no law on the plane, or nothing was trained on it.
    """
    section, plane = section_of(results, dataset), plane_of(results.dataset(dataset))
    row = best_game(section)
    run = row.runs[typical_seed(section, row)]
    colour, _ = looks(section)[section.player(row)]
    return [
        _picture(plane, x, colour, f"{row.loss}, step {step:,}")
        for step, x in retrained(results, run)
    ]


def best_game(section: Section) -> Row:
    """Return the best row that was trained.

    Raises:
        GanbenchError: if there is none.
    """
    games = replace(section, rows=tuple(row for row in section.games if row.runs))
    if not games.rows:
        raise GanbenchError(f"No run on '{section.dataset}' was trained and is ok")
    return games.rows[best_cells(games, 1)[0]]


def retrained(results: Results, run_id: str) -> Iterator[tuple[int, Tensor]]:
    """Train a run once more; yield the step and samples (n, *shape) now and then."""
    stored = results.stored(run_id)
    for progress in train(stored.cell, [stored.seed], stored.device, pauses=FRAMES):
        yield progress.step, progress.ensemble.generate(SHOWN, "animation")[0]


@styled
def _picture(plane: Plane, x: Tensor, colour: str, text: str) -> Figure:
    figure = canvas(3.4, 3.6)
    axis = figure.subplots()
    axis.set(xticks=[], yticks=[])
    plane.outline(axis)
    first, second = x.flatten(1).numpy().T
    axis.scatter(first, second, s=5, color=colour, alpha=0.7, lw=0)
    plane.frame(axis)
    title(figure, text)
    return figure


def _caption(results: Results, dataset: str) -> str:
    section = section_of(results, dataset)
    row = best_game(section)
    return (
        f"{SHOWN} samples of the averaged generator of {section.player(row)} with {row.loss}, "
        f"seed {typical_seed(section, row)}, from the first step to the last; equal noise "
        f"in all pictures. {OUTLINE}"
    )


ANIMATION = Kind("animation", "Training as a film", animation, _caption, on_request=True)
