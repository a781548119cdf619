"""The figures that a page shows of each dataset: title, function and caption."""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.figure import Figure

from ganbench.errors import GanbenchError
from ganbench.report import plots, samples
from ganbench.report.tables import Section
from ganbench.results import Results

HEATMAPS = (
    "Mean of each score over {n}; where fewer runs than planned are ok, their number stands "
    "below the mean. Each panel has its own colours, and darker is better, but for grey panels, "
    "whose scores have no better side."
)
STRIPS = (
    "Pale points are single seeds; beneath them their mean with its 95% t interval, over {n}. "
    "The dotted line is the mean of the same score between two real samples, and the grey band "
    "reaches to its 95% point."
)
CURVES = (
    "Mean (line) and smallest to largest value (band) over {n}. Objectives of different losses "
    "are on scales of their own, running scores on one."
)


class Figured(NamedTuple):
    """A kind of figure.

    Attributes:
        title: its heading.
        draw: makes it of results and the label of a dataset.
        caption: what it shows, of the same and of a text that says how many seeds are ok.
    """

    title: str
    draw: Callable[[Results, str], Figure]
    caption: Callable[[Results, str, str], str]


FIGURES = (
    Figured("Scores at a glance", plots.heatmaps, lambda _, __, n: HEATMAPS.format(n=n)),
    Figured("Scores by seed", plots.seed_strips, lambda _, __, n: STRIPS.format(n=n)),
    Figured("Learning curves", plots.learning_curves, lambda _, __, n: CURVES.format(n=n)),
    Figured("Samples", samples.samples, lambda found, name, _: samples.caption(found, name)),
)


@dataclass(frozen=True)
class Picture:
    """A figure of the page, or the sentence that stands in for it.

    Attributes:
        title: its heading.
        caption: what is drawn, of how many seeds, and what the interval is.
        files: format -> bytes; empty where there is no figure.
        width: in inches, so that letters have one size in all figures.
    """

    title: str
    caption: str
    files: Mapping[str, bytes]
    width: float = 0.0

    @property
    def source(self) -> str:
        """The figure as a link that carries its own data."""
        return f"data:image/png;base64,{base64.b64encode(self.files['png']).decode()}"


def pictures(results: Results, section: Section) -> Iterator[Picture]:
    """Draw all figures of a dataset; one that cannot be drawn says why."""
    n = _seeds(section)
    for title, draw, caption in FIGURES:
        try:
            figure = draw(results, section.dataset)
            files = {suffix: plots.encode(figure, suffix) for suffix in ("png", "svg")}
            said = caption(results, section.dataset, n)
            picture = Picture(title, said, files, figure.get_figwidth())
        except GanbenchError as error:
            picture = Picture(title, f"Not drawn: {error}", {})
        except Exception as error:  # of a dataset's own code, or of names too long to draw
            picture = Picture(title, f"Not drawn: {type(error).__name__}: {error}", {})
        yield picture


def _seeds(section: Section) -> str:
    counts = sorted({len(row.runs) for row in section.rows})
    if counts[0] == counts[-1]:
        return f"n = {counts[0]} ok seeds"
    return f"n = {counts[0]} to {counts[-1]} ok seeds"
