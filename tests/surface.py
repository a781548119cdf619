"""The public interface as text, read from the source: names, signatures and hooks.

`python tests/surface.py > docs/api.txt` writes it anew.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
_METHODS = ("__init__", "__call__")


def surface() -> str:
    """Return one block for each name of `ganbench.api.__all__`, then one line for each hook."""
    names = ast.literal_eval(_assigned("ganbench.api", "__all__"))
    blocks = ["\n".join(_told(*_home(name))) for name in sorted(names)]
    hooks = [
        _header(node) for node in _body("ganbench.hookspecs") if isinstance(node, ast.FunctionDef)
    ]
    return "\n".join(["# ganbench.api", *blocks, "", "# Hooks", *hooks]) + "\n"


@cache
def _body(module: str) -> list[ast.stmt]:
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8")).body


def _home(name: str) -> tuple[str, str]:
    """Return the module that a name of `ganbench.api` is imported from, and the name."""
    for node in _body("ganbench.api"):
        if isinstance(node, ast.ImportFrom) and any(each.name == name for each in node.names):
            return str(node.module), name
    return "ganbench.api", name


def _named(node: ast.stmt) -> str | None:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return targets[0].id if isinstance(targets[0], ast.Name) else None


def _find(module: str, name: str) -> ast.stmt:
    return next(node for node in _body(module) if _named(node) == name)


def _assigned(module: str, name: str) -> str:
    return ast.unparse(_find(module, name).value)  # type: ignore[attr-defined]


def _told(module: str, name: str) -> Iterator[str]:
    node = _find(module, name)
    if not isinstance(node, ast.ClassDef):
        yield _header(node)
        return
    marks = "".join(f"@{ast.unparse(mark)} " for mark in node.decorator_list)
    bases = ", ".join(map(ast.unparse, node.bases))
    yield f"{marks}class {node.name}" + (f"({bases})" if bases else "")
    yield from (f"    {_header(member)}" for member in _members(module, node).values())


def _members(module: str, node: ast.ClassDef) -> dict[str, ast.stmt]:
    """Return what a class has, by name, with what it has from private classes beside it."""
    members: dict[str, ast.stmt] = {}
    for base in node.bases:
        origin = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(origin, ast.Name) and origin.id.startswith("_"):
            parent = _find(module, origin.id)
            assert isinstance(parent, ast.ClassDef)
            members |= _members(module, parent)
    own = {_named(member): member for member in node.body}
    public = (name for name in own if name and (not name.startswith("_") or name in _METHODS))
    return members | {name: own[name] for name in public}


def _header(node: ast.stmt) -> str:
    """Write a function without its body, and anything else in one line."""
    if not isinstance(node, ast.FunctionDef):
        return " ".join(ast.unparse(node).split())
    is_property = any(ast.unparse(mark) == "property" for mark in node.decorator_list)
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    arguments = "" if is_property else f"({ast.unparse(node.args)})"
    return f"{'property' if is_property else 'def'} {node.name}{arguments}{returns}"


if __name__ == "__main__":
    print(surface(), end="")  # noqa: T201
