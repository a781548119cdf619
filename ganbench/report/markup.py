"""Text as it is written in Markdown, LaTeX and HTML."""

import html
import re

from ganbench.escaping import plain

_TEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"},
    **{
        "±": r"$\pm$",
        "\N{MULTIPLICATION SIGN}": r"$\times$",
        "↓": r"$\downarrow$",
        "↑": r"$\uparrow$",
    },
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''"},
}


def in_markdown(text: str) -> str:
    """Escape what Markdown would take for markup."""
    return re.sub(r"([\\`*_<>|\[\]])", r"\\\1", text)


def in_html(text: str) -> str:
    """Escape what HTML would take for markup."""
    return html.escape(plain(text))


def in_latex(text: str) -> str:
    """Escape what LaTeX would take for markup."""
    return "".join(_TEX.get(sign, sign) for sign in text)
