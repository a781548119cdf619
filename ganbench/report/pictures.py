"""The figures that a page shows of each dataset: title, function and caption."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from ganbench.errors import GanbenchError
from ganbench.escaping import said
from ganbench.report.figures.encoding import encode_all
from ganbench.report.figures.kinds import KINDS
from ganbench.results import Results

SHOWN = ("heatmaps", "seed-strips", "learning-curves", "samples", "pareto", "mode-histograms",
         "density", "ngram-tables", "correlation-maps")  # fmt: skip
"""The kinds of figures that a page shows of each dataset, as far as they fit."""
SHOWN_OF_ALL = ("critical-differences", "performance-profiles", "score-agreement")
"""The kinds that it shows of all datasets together."""
EXPECTED = ("heatmaps", "seed-strips", "learning-curves", "samples")
"""Of these a page says why one is not drawn; the others are for some data only."""


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


def pictures(results: Results, dataset: str) -> Iterator[Picture]:
    """Draw the figures of a dataset; one that cannot be drawn says why, if others would ask."""
    return _pictures(results, dataset, SHOWN)


def pictures_of_all(results: Results) -> Iterator[Picture]:
    """Draw the figures that take in all datasets."""
    return _pictures(results, results.name, SHOWN_OF_ALL)


def _pictures(results: Results, of: str, kinds: Sequence[str]) -> Iterator[Picture]:
    for name in kinds:
        kind = KINDS[name]
        try:
            figure, caption = kind.draw(results, of), kind.caption(results, of)
        except GanbenchError as error:
            told = str(error)
        except Exception as error:  # of a dataset's own code, or of names too long to draw
            told = said(error)
        else:
            assert isinstance(figure, Figure)
            files = encode_all(figure, ("png", "svg"))
            yield Picture(kind.title, caption, files, figure.get_figwidth())
            continue
        if name in EXPECTED:
            yield Picture(kind.title, f"Not drawn: {told}", {})
