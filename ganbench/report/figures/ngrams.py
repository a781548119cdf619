"""The most frequent n-grams of generated sequences against real ones."""

from collections import Counter

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from ganbench.api import Dataset
from ganbench.errors import GanbenchError
from ganbench.report.figures.galleries import gallery
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.layout import styled, title
from ganbench.report.figures.lettering import short
from ganbench.report.figures.sections import section_of, seeds_of
from ganbench.report.figures.style import REAL_COLOUR, SMALL, SMALLEST
from ganbench.report.figures.typical import POINTS, Drawn
from ganbench.results import Results

ORDER = 2
MOST_REAL = 10
MOST_GENERATED = 4
BLANK = "␣"

Gram = tuple[int, ...]


def ngram_table(
    results: Results, dataset: str, order: int = ORDER, most: int = MOST_REAL
) -> pd.DataFrame:
    """Tabulate the most frequent n-grams of every cell, real and generated.

    Args:
        results: where samples are.
        dataset: of sequences.
        order: symbols of an n-gram.
        most: n-grams of the real sample; the four that a cell generates most often and that are
            not among them follow.

    Returns:
        One row for each cell and n-gram, the most frequent real ones first: architecture, loss,
        ngram (text), and its shares of all n-grams: real, generated (mean over the ok seeds),
        low and high (smallest and largest of the seeds), n (seeds).

    Raises:
        GanbenchError: if the dataset has no sequences, or they are too short.
    """
    section, data = section_of(results, dataset), results.dataset(dataset)
    if data.spec.kind != "sequence":
        raise GanbenchError("The dataset holds no sequences")
    if not 1 <= order <= data.spec.shape[0]:
        raise GanbenchError(
            f"Sequences of '{dataset}' have {data.spec.shape[0]} symbols: no n-grams of {order}"
        )
    real = _shares(data.sample(POINTS, "test", torch.Generator().manual_seed(0)), order)
    frequent = [gram for gram, _ in real.most_common(most)]
    rows = []
    for row in section.rows:
        seeds = [_shares(results.samples(run)[:POINTS], order) for run in row.runs.values()]
        total = sum(seeds, Counter[Gram]())
        own = [gram for gram, _ in total.most_common() if gram not in frequent][:MOST_GENERATED]
        for gram in [*frequent, *own] if seeds else []:
            values = [seed[gram] for seed in seeds]
            rows.append(
                {
                    "architecture": section.player(row),
                    "loss": row.loss,
                    "ngram": _written(data, gram),
                    "real": real[gram],
                    "generated": float(np.mean(values)),
                    "low": min(values),
                    "high": max(values),
                    "n": len(seeds),
                }
            )
    return pd.DataFrame(rows)


def _shares(x: Tensor, order: int) -> "Counter[Gram]":
    """Return the share of each n-gram among all of one-hot sequences (n, length, vocabulary)."""
    windows = x.argmax(2).unfold(1, order, 1).reshape(-1, order)
    grams, counts = np.unique(windows.numpy(), axis=0, return_counts=True)
    shares: Counter[Gram] = Counter()
    for gram, count in zip(grams.tolist(), counts.tolist(), strict=True):
        shares[tuple(gram)] = count / len(windows)
    return shares


def _written(data: Dataset, gram: Gram) -> str:
    one_hot = torch.nn.functional.one_hot(torch.tensor([gram]), data.spec.shape[1])
    (text,) = data.to_text(one_hot) or [" ".join(map(str, gram))]
    return text if data.symbols is None else text.replace(" ", BLANK)


@styled
def ngram_tables(results: Results, dataset: str) -> Figure:
    """Draw the shares of the most frequent n-grams, real against generated, for every cell.

    Raises:
        GanbenchError: if the dataset has no sequences.
    """
    section, order = section_of(results, dataset), _order(results, dataset)
    table = ngram_table(results, dataset, order)
    cells = {
        (section.player(row), row.loss): Drawn[pd.DataFrame](row.status, None)
        for row in section.rows
    }
    for key, part in table.groupby(["architecture", "loss"], sort=False):
        player, loss = map(str, key)
        cells[player, loss] = Drawn(f"n = {part['n'].iloc[0]}", part)
    top = 105 * float(table[["real", "high"]].to_numpy().max()) if len(table) else 100.0

    def draw(axis: Axes, part: pd.DataFrame, colour: str) -> None:
        places = np.arange(len(part))
        axis.barh(places, 100 * part["real"], 0.8, color=REAL_COLOUR, alpha=0.6)
        mean = 100 * part["generated"].to_numpy()
        reach = np.abs(100 * part[["low", "high"]].to_numpy().T - mean)
        axis.errorbar(mean, places, xerr=reach, fmt="o", ms=3, color=colour, elinewidth=1)
        names = [short(text, 12) for text in part["ngram"]]
        axis.set_yticks(places, names, family="monospace", fontsize=SMALLEST)
        axis.set_xlim(0, top)
        axis.set_ylim(len(part) - 0.4, -0.6)
        axis.xaxis.set_major_locator(MaxNLocator(3))
        axis.set_xlabel("share (%)", fontsize=SMALL)

    figure = gallery(
        section, cells, None, draw, across=1.8, least=0.95, ratio=1.3, below=0.3, seeds=False
    )
    title(figure, f"{dataset}: most frequent n-grams of {order} symbols, grey: real")
    return figure


def _order(results: Results, dataset: str) -> int:
    spec = results.dataset(dataset).spec
    return min(ORDER, spec.shape[0]) if spec.kind == "sequence" else ORDER


def _caption(results: Results, dataset: str) -> str:
    section = section_of(results, dataset)
    return (
        f"The {MOST_REAL} most frequent n-grams of {_order(results, dataset)} symbols among up to "
        f"{POINTS:,} real sequences (grey bars), then up to {MOST_GENERATED} others that the cell "
        f"generates most often. Points are shares among generated n-grams, the mean over "
        f"{seeds_of(section)}, with lines from the smallest to the largest; {BLANK} is a blank."
    )


NGRAMS = Kind("ngram-tables", "Frequent n-grams", ngram_tables, _caption)
