"""Sources as components name them, read as citations and written as BibTeX."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ganbench.report.markup import in_latex

_NAME = r"(?:(?:van|von|der|den|de|la|le) )*[A-ZÀ-ÖØ-ÞŁŚŠŽ][\w'-]+"
_AUTHORS = rf"{_NAME}(?:(?:, | & ){_NAME})*(?: et al\.)?"
_SOURCE = re.compile(rf"(?P<authors>{_AUTHORS}) (?P<year>\d{{4}})(?:, (?P<place>.+))?$")
_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
_DOI = re.compile(r"doi:(10\.\S+?)(?=[\s,;]|$)")


@dataclass(frozen=True)
class Citation:
    """A work that a component names as its source.

    Attributes:
        authors: "Gretton et al.", "Lopez-Paz & Oquab".
        year: of publication.
        place: where it appeared, or its identifier; may be empty.
    """

    authors: str
    year: str
    place: str

    def __str__(self) -> str:
        """The work as an entry of a list of references."""
        return ", ".join(filter(None, (f"{self.authors} ({self.year})", self.place)))

    @property
    def short(self) -> str:
        """The work as a text cites it."""
        return f"{self.authors} {self.year}"

    def bibtex(self, key: str) -> str:
        """Write the entry; of titles and further authors nothing is known here."""
        authors = re.sub(", | & ", " and ", self.authors.replace(" et al.", " and others"))
        fields = {"author": authors, "year": self.year, "note": self.place}
        if arxiv := _ARXIV.search(self.place):
            fields |= {"eprint": arxiv[1], "archiveprefix": "arXiv"}
        if doi := _DOI.search(self.place):
            fields["doi"] = doi[1]
        return _entry("misc", key, fields)


def _entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{_braced(value)}}},\n" for name, value in fields.items() if value]
    return f"@{kind}{{{key},\n{''.join(lines)}}}\n"


def _braced(value: str) -> str:
    """Take out of a value what would end it, or command TeX."""
    return re.sub(r"([&%$#_])", r"\\\1", re.sub(r"[{}\\]", "", " ".join(value.split())))


def citations(source: str) -> list[Citation]:
    """Read what a docstring names after `Source:`; what is no work with a year is left out."""
    found = (_SOURCE.search(part.strip()) for part in source.split(";"))
    return [Citation(m["authors"], m["year"], _whole(m["place"] or "")) for m in found if m]


def _whole(place: str) -> str:
    """Drop a bracket that was opened before the citation began."""
    return place.rstrip(" .)") if place.count(")") > place.count("(") else place.rstrip(" .")


def bibliography(works: Iterable[Citation], version: str) -> str:
    """Write BibTeX entries of ganbench and of each work once, under keys such as gretton2012."""
    software = {"title": "ganbench", "author": "ganbench developers", "version": version}
    entries = [_entry("software", "ganbench", software)]
    entries += [work.bibtex(key) for key, work in _keyed(_distinct(works))]
    return "\n".join(entries)


def citing(text: str, works: Iterable[Citation]) -> str:
    r"""Write a text as LaTeX, in which brackets that hold works alone become `\cite`.

    Args:
        text: plain.
        works: those that `bibliography` is given.
    """
    keys: dict[str, list[str]] = {}
    for key, work in _keyed(_distinct(works)):
        keys.setdefault(work.short, []).append(key)
    if not keys:
        return in_latex(text)
    known = "|".join(re.escape(short) for short in sorted(keys, key=len, reverse=True))
    parts = re.split(rf" \[((?:{known})(?:; (?:{known}))*)\]", text)
    return "".join(
        rf"~\cite{{{','.join(dict.fromkeys(k for each in part.split('; ') for k in keys[each]))}}}"
        if place % 2
        else in_latex(part)
        for place, part in enumerate(parts)
    )


def _distinct(works: Iterable[Citation]) -> list[Citation]:
    """Keep one of those that name the same work, with the shortest remark."""
    found: dict[tuple[str, str, str], Citation] = {}
    for work in works:
        named = _ARXIV.search(work.place) or _DOI.search(work.place)
        same = (work.authors, work.year, named[1] if named else work.place)
        kept = found.setdefault(same, work)
        found[same] = min(kept, work, key=lambda each: len(each.place))
    return list(found.values())


def _keyed(works: Sequence[Citation]) -> Iterator[tuple[str, Citation]]:
    """Name each work after its first author and year, with a letter where that names another."""
    taken: dict[str, int] = {}
    for work in works:
        author = re.split(r" et al\.| & |, ", work.authors)[0]
        stem = "".join(filter(str.isalnum, author.casefold())) or "work"
        name = f"{stem}{work.year}"
        count = taken[name] = taken.get(name, 0) + 1
        yield name if count == 1 else f"{name}{_letter(count)}", work


def _letter(count: int) -> str:
    return chr(ord("a") + count - 1) if count <= 26 else f"-{count}"
