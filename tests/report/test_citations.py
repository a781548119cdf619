"""Sources of components, as citations and as BibTeX."""

import re

import pytest

from ganbench.report.citations import Citation, bibliography, citations, citing


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Gretton et al. 2012, JMLR 13", [("Gretton et al.", "2012", "JMLR 13")]),
        (
            "Ross 2014, PLoS ONE 9(2); Lopez-Paz & Oquab 2017, arXiv:1610.06545",
            [("Ross", "2014", "PLoS ONE 9(2)"), ("Lopez-Paz & Oquab", "2017", "arXiv:1610.06545")],
        ),
        (
            "the set's own; the reader is Lhoest et al. 2021, arXiv:2109.02846",
            [("Lhoest et al.", "2021", "arXiv:2109.02846")],
        ),
        (
            "Street, Wolberg & Mangasarian 1993, UCI",
            [("Street, Wolberg & Mangasarian", "1993", "UCI")],
        ),
        (
            "scikit-image (van der Walt et al. 2014, PeerJ 2)",
            [("van der Walt et al.", "2014", "PeerJ 2")],
        ),
        ("Székely & Rizzo 2013", [("Székely & Rizzo", "2013", "")]),
        ("the file", []),
        ("", []),
    ],
)
def test_sources_are_read(source, expected):
    assert [(c.authors, c.year, c.place) for c in citations(source)] == expected


def test_a_citation_reads_like_one():
    work = Citation("Gretton et al.", "2012", "JMLR 13")
    assert (str(work), work.short) == ("Gretton et al. (2012), JMLR 13", "Gretton et al. 2012")
    assert str(Citation("Sklar", "1959", "")) == "Sklar (1959)"


def test_bibtex_names_authors_and_identifiers_once():
    works = citations(
        "Lin et al. 2018, arXiv:1712.04086; Lin & Ye 2018, doi:10.1109/x.2; "
        "Lin et al. 2018, arXiv:1712.04086"
    )
    text = bibliography(works, "1.2")
    assert re.findall(r"@(\w+)\{(.+),", text) == [
        ("software", "ganbench"), ("misc", "lin2018"), ("misc", "lin2018b"),
    ]  # fmt: skip
    assert "author = {Lin and others}" in text
    assert "author = {Lin and Ye}" in text
    assert "eprint = {1712.04086}" in text
    assert "doi = {10.1109/x.2}" in text


def test_no_field_ends_early_or_commands_tex():
    text = bibliography([Citation("A}", "2020", "x}, evil = {\\input{y} 50% & #1_a")], "}\\x")
    assert text.count("{") == text.count("}")
    assert "\\input" not in text
    assert r"50\% \& \#1\_a" in text


def test_brackets_of_works_become_citations():
    works = citations(
        "Lin et al. 2018, arXiv:1712.04086; Lin et al. 2018, arXiv:1712.04086 (its priors); "
        "Lin & Ye 2018, doi:10.1109/x.2"
    )
    text = "50% [sure] of ring_8 [Lin et al. 2018; Lin & Ye 2018] and c [Lin et al. 2018]"
    assert citing(text, works) == (
        r"50\% [sure] of ring\_8~\cite{lin2018,lin2018b} and c~\cite{lin2018}"
    )
    assert bibliography(works, "1").count("1712.04086},\n  eprint") == 1
    assert citing("a_b", []) == r"a\_b"
