"""Tables and figures as LaTeX, on their own and as floats with captions and labels."""

from collections.abc import Iterable, Sequence

from ganbench.report.markup import in_latex

FITTED = r"""\providecommand{\fitted}[1]{\sbox0{#1}% shrinks what does not fit
  \ifdim\wd0>\linewidth\sbox0{\resizebox{\linewidth}{!}{\usebox0}}\fi
  \dimen0=\ht0 \advance\dimen0 by \dp0
  \ifdim\dimen0>0.86\textheight\sbox0{\resizebox*{!}{0.86\textheight}{\usebox0}}\fi
  \usebox0}
"""
"""A command that floats need; with it, a file of them can be put into any document."""
_FLOATS = 8
"""Floats after which those that wait are printed, so that LaTeX has never too many of them."""


def tabular(
    header: Sequence[str], groups: Iterable[Sequence[Sequence[str]]], labels: int, title: str = ""
) -> str:
    """Write a table, with lines as booktabs has them between groups of rows.

    Args:
        header: plain text.
        groups: rows of LaTeX.
        labels: number of columns that begin at the left; the others end at the right.
        title: plain text above the header.
    """
    width = len(header)
    bodies = ["\n".join(rf"{' & '.join(row)} \\" for row in rows) for rows in groups]
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{'l' * labels}{'r' * (width - labels)}}}",
            *([rf"\multicolumn{{{width}}}{{l}}{{{in_latex(title)}}} \\"] if title else []),
            r"\toprule",
            rf"{' & '.join(map(in_latex, header))} \\",
            r"\midrule",
            "\n\\midrule\n".join(filter(None, bodies)),
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def table_float(table: str, caption: str, label: str) -> str:
    """Write a table across the page; caption and label are plain text."""
    return (
        "\\begin{table*}[tp]\n\\centering\\footnotesize\\setlength{\\tabcolsep}{4pt}\n"
        f"\\caption{{{in_latex(caption)}}}\n\\label{{tab:{label}}}\n"
        f"\\fitted{{%\n{table}}}\n\\end{{table*}}\n"
    )


def figure_float(path: str, caption: str, label: str) -> str:
    """Write a figure in a column; caption and label are plain text."""
    return (
        f"\\begin{{figure}}[tp]\n\\centering\n\\fitted{{\\includegraphics{{{path}}}}}\n"
        f"\\caption{{{in_latex(caption)}}}\n\\label{{fig:{label}}}\n\\end{{figure}}\n"
    )


def with_floats(floats: Sequence[str]) -> str:
    """Put floats into a file."""
    parts = [FITTED]
    for place, each in enumerate(floats, 1):
        parts.append(each)
        if place % _FLOATS == 0:
            parts.append("\\clearpage\n")
    return "\n".join(parts)


def document(width: float) -> str:
    """Write the document that puts all files of a paper on pages, in columns of so many inches."""
    columns = 2 if width <= 4 else 1
    text = columns * width + 0.25 * (columns - 1)
    return rf"""% pdflatex paper, bibtex paper, and pdflatex paper twice
\documentclass[{"twocolumn" if columns == 2 else "onecolumn"}]{{article}}
\IfFileExists{{lmodern.sty}}{{\usepackage[T1]{{fontenc}}\usepackage{{lmodern}}}}{{}}
\usepackage[utf8]{{inputenc}}
\usepackage{{textcomp,booktabs,graphicx}}
\usepackage[paperwidth={text + 1.6:g}in,paperheight=11.69in,textwidth={text:g}in,
  textheight=10.4in,columnsep=0.25in,centering]{{geometry}}
\makeatletter % what this font does not have is a question mark
\def\UTFviii@undefined@err#1{{?}}
\makeatother
\sloppy
\begin{{document}}
\section*{{Methods}}
\input{{methods}}
\section*{{Results}}
\input{{tables}}
\input{{comparison}}
\input{{figures}}
\clearpage
\nocite{{ganbench}}
\bibliographystyle{{plain}}
\bibliography{{references}}
\end{{document}}
"""
