"""What goes into a paper: tables, figures in the width of a column, methods and citations."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from ganbench import __version__
from ganbench.comparison import Comparison, compare
from ganbench.errors import SpecError
from ganbench.naming import file_name, inside
from ganbench.plugins import Registry
from ganbench.report import comparisons
from ganbench.report.citations import bibliography, citing
from ganbench.report.figures.drawing import Outcome, chosen_kinds, written
from ganbench.report.figures.layout import laid_out
from ganbench.report.formats import latex_rows
from ganbench.report.latex import document, figure_float, table_float, tabular, with_floats
from ganbench.report.markup import in_latex
from ganbench.report.methods import methods
from ganbench.report.ranking import best_sheet, left_out
from ganbench.report.tables import Section, Summary, summary
from ganbench.report.writing import write_file
from ganbench.results import Results

ALL = "all"
"""What asks for every kind of figure."""
MOST_ROWS = 45
"""Rows of a table; a longer one goes on in another."""
_OK = "ok: seeds that succeeded of those planned, the n of a mean"


def write_paper(
    results: Results, registry: Registry, out: Path, width: float, kinds: Sequence[str] = (ALL,)
) -> list[Path]:
    """Write tables, comparisons, methods, references and figures as LaTeX, BibTeX and PDF.

    `paper.tex` puts `methods.tex`, `tables.tex`, `comparison.tex`, `figures.tex` and
    `references.bib` on pages, as an example that compiles.

    Args:
        results: what to report.
        registry: where components name their sources.
        out: folder; it is created where it does not exist.
        width: of a column in inches, 2.5 or more; no figure is wider.
        kinds: of figures, by name; "all" for those that fit.

    Returns:
        The paths of all files.

    Raises:
        SpecError: if there is no such kind of figure, it is a film, or it fits no dataset.
        OSError: if a file cannot be written.
    """
    figures = _figures(results, inside(out, out / "figures"), width, kinds)
    described, table = methods(results, registry), summary(results.frame)
    files = {
        "paper.tex": document(width),
        "methods.tex": f"{citing(described.text, described.works)}\n",
        "tables.tex": with_floats([each for s in table.sections for each in _scores(s, table)]),
        "comparison.tex": _comparison(results),
        "figures.tex": with_floats([_figure(figure, out) for figure in figures]),
        "references.bib": bibliography(described.works, __version__),
    }
    for name, text in files.items():
        write_file(out / name, text.encode("utf-8", "backslashreplace"))
    return [*(out / name for name in files), *(each.path for each in figures if each.path)]


def _figures(results: Results, folder: Path, width: float, kinds: Sequence[str]) -> list[Outcome]:
    """Draw the figures that fit; a kind that was named must fit a dataset."""
    named = [name for name in kinds if name != ALL]
    chosen = {kind.name: kind for kind in chosen_kinds(named)} if named else {}
    for kind in chosen.values():
        if kind.on_request:
            raise SpecError(f"'{kind.name}' is a film, which no paper can print.")
    if ALL in kinds:
        chosen |= {kind.name: kind for kind in chosen_kinds(())}
    with laid_out(width):
        outcomes = list(written(results, list(chosen.values()), "pdf", folder))
    drawn = {outcome.kind for outcome in outcomes if outcome.path}
    for outcome in outcomes:
        if outcome.kind in named and outcome.kind not in drawn:
            raise SpecError(f"No '{outcome.kind}' fits {outcome.of}: {outcome.caption}.")
    return [outcome for outcome in outcomes if outcome.path]


def _figure(outcome: Outcome, out: Path) -> str:
    assert outcome.path is not None
    path = outcome.path.relative_to(out).as_posix()
    return figure_float(path, f"{outcome.of}: {outcome.caption}", outcome.path.stem)


def _scores(section: Section, table: Summary) -> Iterator[str]:
    """Yield the tables of a dataset."""
    whole = best_sheet(section)
    rows, floor = latex_rows(whole)
    parts = [rows[i : i + MOST_ROWS] for i in range(0, len(rows), MOST_ROWS)]
    told = "; ".join([_OK, *table.notes, *filter(None, [left_out(section)])])
    for place, part in enumerate(parts, 1):
        which = f" ({place} of {len(parts)})" if len(parts) > 1 else ""
        yield table_float(
            tabular(whole.header, [part, floor], whole.labels),
            f"Scores on {section.dataset}{which}. {told}.",
            _label("scores", section.dataset, str(place) if which else ""),
        )


def _comparison(results: Results) -> str:
    """Write answers as paragraphs, and the tables that support them."""
    try:
        comparison = compare(results.frame)
    except SpecError as error:  # there is nothing to compare
        return f"% {' '.join(str(error).split())}\n"
    answers, tables = [], []
    for task, group in groupby(comparisons.blocks(comparison), lambda block: block.task):
        blocks = list(group)
        of = task or comparisons.SPANNING
        label = _label("comparison", of)
        told = " ".join(f"{block.score}: {block.answer}" for block in blocks)
        answers.append(
            rf"\paragraph{{{in_latex(of)}}} {in_latex(told)} (Table~\ref{{tab:{label}}})"
        )
        tables.append(_compared(comparison, of, blocks, label))
    warned = in_latex(_sentences([*comparison.warnings, *comparison.unmet]))
    return "\n\n".join([*answers, warned, with_floats(tables)])


def _compared(
    comparison: Comparison, of: str, blocks: Sequence[comparisons.Block], label: str
) -> str:
    """Write the table of a task, a group of rows for each score."""
    header = ["score", *map(str, blocks[0].rows.columns)]
    groups = [
        [
            [in_latex(block.score if place == 0 else ""), *(in_latex(str(text)) for text in row)]
            for place, row in enumerate(block.rows.to_numpy())
        ]
        for block in blocks
    ]
    against = f", against {comparison.baseline}" if comparison.baseline else ""
    caption = f"Comparison by {comparison.by}{against}: {of}. {'; '.join(comparisons.LEGEND)}."
    return table_float(tabular(header, groups, labels=2), caption, label)


def _sentences(notes: Sequence[str]) -> str:
    """Join notes to a text, each a sentence."""
    return " ".join(f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in notes)


def _label(*parts: str) -> str:
    """Make a label that LaTeX and people can read."""
    return file_name(*(re.sub(r"[^\w.]+", "-", part).strip("-") for part in parts if part))
