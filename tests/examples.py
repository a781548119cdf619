"""The complete examples of docs/plugins, and the page that shows them.

`python tests/examples.py > docs/plugins/README.md` writes the page anew.
"""

import ast
import re
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "docs/plugins"
ORDER = [
    "six_lines", "stateful_loss", "secant_penalty", "energy_critic", "kernel_critic",
    "frozen_player", "sequence_player", "csv_dataset", "heavy_prior", "tested_metric",
]  # fmt: skip
_HEAD = """# Ten complete examples

Each is one file, shown whole, that runs as it is from a checkout of ganbench. Copy one and change
it; to share what came of it, `ganbench plugin new` makes a package ([plugins.md](../plugins.md)).
This page is written by `python tests/examples.py`.
"""


def docstring(name: str) -> str:
    """Return what an example says of itself."""
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


def command(name: str) -> str:
    """Return the line that runs an example."""
    return re.search(r"^    (ganbench run .*)$", docstring(name), re.MULTILINE)[1]


def page() -> str:
    """Return the page: for each example its title, its words, its command and its code."""
    parts = [_HEAD]
    for name in ORDER:
        title, _, words = docstring(name).partition("\n\n")
        told = words[: words.index("\n    ganbench")].strip()
        source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        code = source.split('"""', 2)[2].strip()
        parts.append(
            f"## {title.removesuffix('.')}\n\n{told}\n\n"
            f"```\n{command(name)}\n```\n\n[{name}.py]({name}.py):\n\n```python\n{code}\n```\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201
