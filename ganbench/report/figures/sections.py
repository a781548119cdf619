"""What figures of one dataset name, colour and count."""

from weakref import WeakKeyDictionary

from ganbench.errors import GanbenchError
from ganbench.report.figures.style import markers, palette
from ganbench.report.tables import Section, summary
from ganbench.results import Results

_known: WeakKeyDictionary[Results, dict[str, Section]] = WeakKeyDictionary()


def section_of(results: Results, dataset: str) -> Section:
    """Summarise one dataset, once for all figures of the same results.

    Raises:
        GanbenchError: if none of its cells is compatible.
    """
    known = _known.setdefault(results, {})
    if dataset not in known:
        sections = summary(results.frame[results.frame["dataset"].eq(dataset)]).sections
        if not sections:
            raise GanbenchError(f"No cell of the dataset '{dataset}' is compatible")
        known[dataset] = sections[0]
    return known[dataset]


def players_of(section: Section) -> list[str]:
    """Name the architectures, in the order of the rows."""
    return list(dict.fromkeys(map(section.player, section.rows)))


def losses_of(section: Section) -> list[str]:
    """Name the losses, in the order of the rows."""
    return list(dict.fromkeys(row.loss for row in section.rows))


def looks(section: Section) -> dict[str, tuple[str, str]]:
    """Give each architecture a colour and a marker."""
    players = players_of(section)
    pairs = zip(palette(len(players)), markers(len(players)), strict=True)
    return dict(zip(players, pairs, strict=True))


def seeds_of(section: Section) -> str:
    """Say how many seeds of each cell are ok."""
    counts = sorted({len(row.runs) for row in section.rows})
    if counts[0] == counts[-1]:
        return f"n = {counts[0]} ok seed{'s' if counts[0] != 1 else ''}"
    return f"n = {counts[0]} to {counts[-1]} ok seeds"
