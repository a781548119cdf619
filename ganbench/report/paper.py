"""What goes into a paper: tables, figures in the width of a column, methods and citations."""

import logging
from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure

from ganbench import __version__
from ganbench.comparison import compare
from ganbench.errors import SpecError
from ganbench.naming import file_name, inside
from ganbench.plugins import Registry
from ganbench.report.citations import bibliography
from ganbench.report.comparisons import render_comparison
from ganbench.report.figures.drawing import draw
from ganbench.report.figures.kinds import KINDS
from ganbench.report.formats import render
from ganbench.report.markup import in_latex
from ganbench.report.methods import methods
from ganbench.report.pictures import SHOWN, SHOWN_OF_ALL
from ganbench.report.plots import encode, laid_out
from ganbench.report.tables import summary
from ganbench.report.writing import write_file
from ganbench.results import Results

log = logging.getLogger(__name__)

_MAIN = r"""\documentclass[twocolumn]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp,booktabs,graphicx}
\begin{document}
%s
\end{document}
"""


def write_paper(results: Results, registry: Registry, out: Path, width: float) -> list[Path]:
    """Write `tables.tex`, `comparison.tex`, `methods.tex`, `references.bib` and `figures/*.pdf`.

    `paper.tex` puts all of it on pages, as an example that compiles.

    Args:
        results: what to report.
        registry: where components name their sources.
        out: folder; it is created where it does not exist.
        width: of a column in inches. Figures are laid out for it as far as their panels and
            names allow; those that need more are wider, for LaTeX to shrink.

    Returns:
        The paths of all files.

    Raises:
        OSError: if a file cannot be written.
    """
    described = methods(results, registry)
    files = {
        "methods.tex": f"{in_latex(described.text)}\n",
        "references.bib": bibliography(described.works, __version__),
        "tables.tex": str(render(summary(results.frame), "latex")),
    }
    try:
        files["comparison.tex"] = str(render_comparison(compare(results.frame), "latex"))
    except SpecError as error:  # there is nothing to compare
        files["comparison.tex"] = f"% {error}\n"
    figures = dict(_figures(results, width))
    files["paper.tex"] = _MAIN % "\n".join(
        [
            r"\section*{Methods}\input{methods.tex}",
            *(
                rf"\begin{{table*}}\centering\resizebox{{\textwidth}}{{!}}{{{table}}}\end{{table*}}"
                for table in _tabulars(files["tables.tex"])
            ),
            *(
                rf"\begin{{figure}}\includegraphics[width=\linewidth]{{figures/{name}}}"
                rf"\caption{{{in_latex(caption)}}}\end{{figure}}\clearpage"
                for name, (_, caption) in figures.items()
            ),
        ]
    )
    paths = []
    for name, text in files.items():
        write_file(out / name, text.encode())
        paths.append(out / name)
    for name, (data, _) in figures.items():
        write_file(inside(out, out / "figures") / name, data)
        paths.append(out / "figures" / name)
    return paths


def _tabulars(tables: str) -> list[str]:
    """Return the tables of a text, each by itself."""
    return [part for part in tables.split("\n\n") if part.startswith(r"\begin{tabular}")]


def _figures(results: Results, width: float) -> Iterator[tuple[str, tuple[bytes, str]]]:
    """Yield each figure that fits: the name of its file, its PDF and its caption."""
    datasets = [str(name) for name in dict.fromkeys(results.frame["dataset"])]
    wanted = [(name, dataset) for dataset in datasets for name in SHOWN]
    taken: set[str] = set()
    for kind, of in [*wanted, *((name, results.name) for name in SHOWN_OF_ALL)]:
        try:
            with laid_out(width):
                picture = draw(results, KINDS[kind], of)
        except Exception:
            # It is for other kinds of data, or a dataset's own code failed.
            log.debug("The figure %s of %s is left out.", kind, of, exc_info=True)
            continue
        if isinstance(picture.figure, Figure):
            name = file_name(of, kind, taken=taken)
            taken.add(name)
            yield f"{name}.pdf", (encode(picture.figure, "pdf"), f"{of}: {picture.caption}")
