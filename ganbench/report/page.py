"""The report of a results folder: one HTML file that needs nothing else."""

import base64
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ganbench.comparison.columns import Column
from ganbench.escaping import plain
from ganbench.naming import file_name, inside
from ganbench.plugins import Registry
from ganbench.report import completeness, cost_columns
from ganbench.report.answers import answer, budget, overall
from ganbench.report.cost_columns import Cost
from ganbench.report.details import Detail, details
from ganbench.report.downloads import downloads
from ganbench.report.leads import HEADER as LEAD_HEADER
from ganbench.report.leads import LEGEND as LEAD_LEGEND
from ganbench.report.leads import Leads, leads
from ganbench.report.methods import methods, scores
from ganbench.report.pictures import Picture, pictures, pictures_of_all
from ganbench.report.ranking import drawn, left_out, listed, numbered, undrawn
from ganbench.report.rerun import Rerun
from ganbench.report.tables import LEGEND, REAL, Section, Sheet, sheet, summary
from ganbench.report.writing import write_file
from ganbench.results import Results

WHOLE = "every run is in the downloads at the end of this page"


class Line(NamedTuple):
    """A cell that the page lists.

    Attributes:
        anchor: of its details.
        title: the cell in one line.
        values: of its scores, for sorting; None where there is none.
        cost: what it cost, None without an ok run.
        detail: how it was trained, None where that is not recorded.
    """

    anchor: str
    title: str
    values: list[float | None]
    cost: Cost | None
    detail: Detail | None


@dataclass(frozen=True)
class Chapter:
    """What the page says of one dataset.

    Attributes:
        section: the rows and their scores.
        answer: what is best.
        sheet: the rows that are shown, as text.
        lines: one for each row of the sheet.
        leads: of each score, how far the others are from the best.
        pictures: its figures.
        left_out: what is neither in the table nor in the figures.
    """

    section: Section
    answer: str
    sheet: Sheet
    lines: Sequence[Line]
    leads: Sequence[Leads]
    pictures: Sequence[Picture]
    left_out: str

    @property
    def dataset(self) -> str:
        """The label of the dataset."""
        return self.section.dataset

    @property
    def columns(self) -> Sequence[Column]:
        """The scores."""
        return self.section.columns


def write_report(results: Results, out: Path, registry: Registry) -> Path:
    """Write `out/report.html` and `out/figures`, and return the path of the page.

    Args:
        results: what to report.
        out: folder; it is created where it does not exist.
        registry: where components say what they are and where they come from.

    Raises:
        OSError: if it cannot be written.
        StoreError: if a link in the folder leads out of it.
    """
    scored = results.experiment.get("grid", {}).get("evaluation", {})
    table, rerun = summary(results.frame), Rerun(registry, scored)
    chapters = [
        _chapter(results, section, number, rerun)
        for number, section in enumerate(table.sections, 1)
    ]
    many = any(undrawn(section) for section in table.sections)
    whole = [] if many else list(pictures_of_all(results))
    _save(inside(out, out / "figures"), chapters, whole)
    answers, cautions = overall(results.frame)
    described = methods(results, registry)
    target = out / "report.html"
    page = _rendered(
        name=results.name,
        chapters=chapters,
        answers=answers,
        cautions=cautions,
        budget=budget(results.frame),
        pictures=whole,
        completeness=completeness,
        results=results,
        total=cost_columns.total(results.frame),
        cost_header=cost_columns.HEADER,
        cost_places=cost_columns.known(
            line.cost for chapter in chapters for line in chapter.lines if line.cost
        ),
        front=cost_columns.FRONT,
        legend=LEGEND,
        lead_header=LEAD_HEADER,
        lead_legend=LEAD_LEGEND,
        real=REAL,
        whole=WHOLE,
        scores=scores(results.frame, registry),
        methods=described,
        environment=list(_flat(results.experiment["environment"])),
        commands=results.experiment["commands"],
        downloads=downloads(results, table, described.works, out),
    )
    write_file(target, page.encode())
    return target


def _rendered(**content: Any) -> str:
    environment = Environment(
        loader=PackageLoader("ganbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = environment.get_template("report.js").render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("report.html.j2").render(script_digest=digest, **content)


def _shown(value: object) -> object:
    """Keep out of the page what would turn its text round or end it."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _chapter(results: Results, section: Section, number: int, rerun: Rerun) -> Chapter:
    places, known = listed(section), numbered(results.frame, section)
    records = results.experiment.get("cells", {}).values()
    costs = cost_columns.cost_columns(section, known)
    found = details(known, places, records, rerun)
    told = "; ".join(filter(None, (left_out(section), undrawn(section))))
    return Chapter(
        section=section,
        answer=answer(section),
        sheet=sheet(section, places),
        lines=[
            Line(
                anchor=f"cell-{number}-{place}",
                title=section.title(place),
                values=[_known(section, place, column) for column in section.columns],
                cost=costs.get(place),
                detail=found.get(place),
            )
            for place in places
        ],
        leads=leads(section),
        pictures=list(pictures(drawn(results, section), section.dataset)),
        left_out=f"{told[0].upper()}{told[1:]}; {WHOLE}." if told else "",
    )


def _known(section: Section, place: int, column: Column) -> float | None:
    score = section.rows[place].scores[column.name]
    return score.mean if math.isfinite(score.mean) else None


def _save(folder: Path, chapters: Sequence[Chapter], whole: Sequence[Picture]) -> None:
    taken: set[str] = set()
    named = [(chapter.dataset, each) for chapter in chapters for each in chapter.pictures]
    for of, picture in [*named, *(("all", each) for each in whole)]:
        name = file_name(of, picture.title, taken=taken)
        taken.add(name)
        for suffix, content in picture.files.items():
            write_file(folder / f"{name}.{suffix}", content)


def _flat(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key} ")
        else:
            yield f"{prefix}{key}", str(value)
