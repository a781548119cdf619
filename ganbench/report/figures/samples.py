"""Panels of generated samples beside real ones."""

from collections.abc import Callable, Mapping

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ganbench.api import DataKind, Dataset
from ganbench.report.figures.clouds import vectors
from ganbench.report.figures.images import SIDE, images
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import styled, title
from ganbench.report.figures.marginals import columns_drawn, tables
from ganbench.report.figures.sections import section_of
from ganbench.report.figures.texts import LETTERS, LINES, texts
from ganbench.report.figures.typical import POINTS, Cells, Drawn, typical_seed
from ganbench.report.tables import Row, Section
from ganbench.results import Results


@styled
def samples(results: Results, dataset: str) -> Figure:
    """Draw samples of the median seed of every architecture and loss beside real ones.

    Raises:
        GanbenchError: the dataset's plugin is not installed.
    """
    section = section_of(results, dataset)
    data = results.dataset(dataset)
    cells = {
        (section.player(row), row.loss): _drawn(results, section, row) for row in section.rows
    }
    real = data.sample(POINTS, "test", torch.Generator().manual_seed(0))
    figure = _PICTURES[data.spec.kind](section, cells, data, real)
    title(figure, f"{dataset}: real and generated")
    return figure


def _drawn(results: Results, section: Section, row: Row) -> Drawn[Tensor]:
    if not row.runs:
        return Drawn(row.status, None)
    seed = typical_seed(section, row)
    return Drawn(str(seed), results.samples(row.runs[seed])[:POINTS].cpu())


_PICTURES: Mapping[DataKind, Callable[[Section, Cells, Dataset, Tensor], Figure]] = {
    "image": images,
    "table": tables,
    "vector": vectors,
    "sequence": texts,
}

_CAPTIONS: Mapping[DataKind, str] = {
    "image": f"The first {SIDE**2} images of each sample.",
    "table": (
        "The laws of up to {columns} columns, one block per loss: real samples in grey, "
        "generated ones as outlines. The outermost bins hold the tails, and rare categories "
        "are gathered as 'other'; under a histogram stands how much of the real column is missing."
    ),
    "sequence": (
        f"The first {LINES} sequences of each sample, up to {LETTERS} letters; what cannot be "
        "printed is a dot, and symbols without a text are numbers."
    ),
    "vector": (
        "Where the real density is known, contours enclose 50, 90 and 99% of it. Samples of "
        "more than two dimensions are projected on the two main directions of the real sample."
    ),
}


def _caption(results: Results, dataset: str) -> str:
    """Say what the panels show, and which seed."""
    columns = section_of(results, dataset).columns
    which = f"the seed with the median {columns[0].name}" if columns else "the first ok seed"
    what = _CAPTIONS[results.dataset(dataset).spec.kind].format(columns=columns_drawn())
    return f"{what} Shown is {which} (named above each panel), up to {POINTS} samples."


SAMPLES = Kind("samples", "Samples", samples, _caption)
