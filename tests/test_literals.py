"""Numbers in the source mean the same wherever Python compiles it."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("folder", ["ganbench", "plugins"])
def test_no_literal_is_subnormal(folder):
    """Training flushes such numbers to zero; compiled there first, a 0 stays in the cache."""
    found = [
        f"{file}:{node.lineno}"
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, float)
        and 0 < abs(node.value) < sys.float_info.min
    ]
    assert found == []
