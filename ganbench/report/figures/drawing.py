"""From kinds of figures to files."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ganbench.components import unknown
from ganbench.errors import GanbenchError, SpecError
from ganbench.escaping import said
from ganbench.naming import file_name
from ganbench.report.figures.encoding import encode, film
from ganbench.report.figures.kind import Kind
from ganbench.report.figures.kinds import KINDS
from ganbench.report.figures.sections import section_of
from ganbench.report.ranking import drawn
from ganbench.results import Results


@dataclass(frozen=True)
class Outcome:
    """What came of one figure.

    Attributes:
        kind: its name.
        of: the dataset, or the name of the results where it takes in all of them.
        caption: what is drawn, or why nothing is.
        path: of its file, None where there is none.
    """

    kind: str
    of: str
    caption: str
    path: Path | None = None

    @property
    def record(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "kind": self.kind,
            "of": self.of,
            "path": None if self.path is None else str(self.path),
            "caption": self.caption,
        }


@dataclass(frozen=True)
class Picture:
    """A figure, or the pictures of a film, and what it shows."""

    figure: Figure | Sequence[Figure]
    caption: str

    def encoded(self, format: str) -> tuple[bytes, str]:
        """Return its file and the ending of its name; a film is a GIF."""
        if isinstance(self.figure, Figure):
            return encode(self.figure, format), format
        return film(self.figure), "gif"


def chosen_kinds(names: Sequence[str]) -> list[Kind]:
    """Return the kinds of these names, or, without any, all but those that take long.

    Raises:
        SpecError: if a name is no kind; suggests the nearest.
    """
    for name in names:
        if name not in KINDS:
            raise unknown("kind of figure", name, KINDS)
    if names:
        return [KINDS[name] for name in dict.fromkeys(names)]
    return [kind for kind in KINDS.values() if not kind.on_request]


def restricted(results: Results, datasets: Sequence[str], run: str | None) -> Results:
    """Return results of these datasets, all if there are none, or of a single run.

    Raises:
        SpecError: if a dataset or run is not there; names those that are.
    """
    frame = results.frame
    if datasets:
        known = list(dict.fromkeys(frame["dataset"]))
        for name in datasets:
            if name not in known:
                raise unknown("dataset", name, known)
        frame = frame[frame["dataset"].isin(datasets)]
    if run is not None:
        ids = sorted({name for name in frame["run_id"] if name.startswith(run)})
        if len(ids) != 1:
            many = f"{len(ids)} runs begin" if ids else "No run begins"
            raise SpecError(f"{many} with '{run}'. `ganbench table RESULTS --tidy` lists them.")
        frame = frame[frame["run_id"].eq(ids[0])]
    return replace(results, frame=frame)


def written(
    results: Results, kinds: Sequence[Kind], format: str, folder: Path
) -> Iterator[Outcome]:
    """Draw figures and write each into a file of its own.

    Args:
        results: what to draw.
        kinds: which figures.
        format: "png", "svg" or "pdf"; a film is always a GIF.
        folder: where to; it is made if need be.

    Yields:
        What came of each, kind by kind and dataset by dataset.

    Raises:
        OSError: if a file cannot be written.
    """
    taken: set[str] = set()
    for kind in kinds:
        for of in [results.name] if kind.whole else dict.fromkeys(results.frame["dataset"]):
            try:
                picture = draw(results, kind, of)
                data, ending = picture.encoded(format)
            except GanbenchError as error:
                yield Outcome(kind.name, of, str(error))
                continue
            except Exception as error:  # of a dataset's own code
                yield Outcome(kind.name, of, said(error))
                continue
            name = file_name(re.sub(r"[^\w.]+", "-", of).strip("-"), kind.name, taken=taken)
            taken.add(name)
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{name}.{ending}"
            path.write_bytes(data)
            yield Outcome(kind.name, of, picture.caption, path)


def draw(results: Results, kind: Kind, of: str) -> Picture:
    """Draw a figure of a dataset, or of the whole; of many cells, the best.

    Raises:
        GanbenchError: if it does not fit, with the reason.
    """
    few = results if kind.whole else drawn(results, section_of(results, of))
    return Picture(kind.draw(few, of), kind.caption(few, of))
