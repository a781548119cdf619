"""Links within the documentation lead somewhere, and every page can be found from the index."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/**/*.md")])
LINK = re.compile(r"\]\(<?([^)>\s]+)>?\)|(?:src|href)=\"([^\"]+)\"")


def prose(page):
    """Return the text of a page without its code."""
    text = re.sub(r"^(```+).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.sub(r"(`+).+?\1", "code", text)


def links(page):
    return [first or second for first, second in LINK.findall(prose(page))]


def anchors(page):
    """Name the headings as GitHub does: lower case, hyphens for spaces, no punctuation."""
    text = re.sub(r"^(```+).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    named, seen = set(), Counter()
    for title in re.findall(r"^#+ (.+)$", text, re.M):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        named.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return {*named, *re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in links(page):
        if re.match(r"https?:|mailto:", link):
            continue
        target, _, anchor = link.partition("#")
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{link}: no such file"
        if anchor:
            assert anchor in anchors(there), f"{link}: no such heading in {there.name}"


def test_every_page_is_in_the_index():
    """A page is found from docs/README.md, itself or by the index of its folder."""
    indices = [ROOT / "docs/README.md", *ROOT.glob("docs/*/README.md")]
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in indices
        for link in links(page)
    }
    pages = {path for path in ROOT.glob("docs/**/*") if path.suffix in (".md", ".ipynb")}
    assert sorted(pages - linked - {ROOT / "docs/README.md"}) == []
