"""README.zh.md says what README.md says: same headings, code, tables, links and figures."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMES = {"README.md", "README.zh.md"}


def sections(name):
    """Return what each heading is followed by, with its level."""
    text = (ROOT / name).read_text(encoding="utf-8")
    bare = BLOCK.sub(lambda block: block[0].replace("\n#", "\n\\#"), text)
    return [
        (len(part[1]), part[2]) for part in re.finditer(r"^(#+) (.*?)(?=^#|\Z)", bare, re.M | re.S)
    ]


def code(section):
    """Return blocks of code; comments of commands may be in any language."""
    blocks = BLOCK.findall(section)
    return [
        (kind, text if kind else re.sub(r" *#.*$", "", text, flags=re.MULTILINE))
        for kind, text in blocks
    ]


def tables(section):
    """Return each table's cells as what no translation changes: numbers and code."""
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("|")]
    return [[re.findall(r"`[^`]+`|-?[\d.]+(?:e-?\d+)?\S*", cell) for cell in row] for row in rows]


def links(section):
    return Counter(re.findall(r"\]\(([^)]+)\)", section)) - Counter(NAMES)


def paragraphs(section):
    return len(re.split(r"\n(?:\s*\n)+|\n(?=- )", BLOCK.sub("", section).strip()))


def test_the_chinese_readme_has_the_same_headings():
    levels = [[level for level, _ in sections(name)] for name in ("README.md", "README.zh.md")]
    assert levels[0] == levels[1]


@pytest.mark.parametrize("part", [code, tables, links, paragraphs])
def test_the_chinese_readme_keeps_step(part):
    for (_, one), (_, other) in zip(sections("README.md"), sections("README.zh.md"), strict=True):
        assert part(one) == part(other), one.splitlines()[0]
