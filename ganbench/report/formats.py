"""The formats of a summary: for the terminal, for papers and for other programs."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ganbench.comparison.columns import Column
from ganbench.escaping import defused, plain
from ganbench.report.latex import tabular
from ganbench.report.markup import in_html, in_latex, in_markdown
from ganbench.report.ranking import best_sheet, left_out
from ganbench.report.tables import Entry, Row, Section, Sheet, Summary, sheet, wrapped

Format = Literal["table", "csv", "md", "latex", "json", "html"]
LABEL = 22


def render(table: Summary, format: Format) -> "str | Terminal":
    """Write a summary in one of the formats: text, or for "table" something that rich prints."""
    return _FORMATS[format](table)


@dataclass(frozen=True)
class Terminal:
    """A summary for the terminal: a section per dataset, folded to the width of the console."""

    table: Summary

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield a rule and as many tables as the width asks for, dataset by dataset."""
        for section in self.table.sections:
            yield Rule(Text(plain(section.dataset), style="bold"), align="left", style="dim")
            yield from _folded(best_sheet(section), options.max_width)
            if told := left_out(section):
                yield Text(f"{told}; --format csv prints all", style="dim")
        for note in self.table.notes:
            yield Text(note, style="dim")


def _folded(text: Sheet, width: int) -> Iterator[Padding]:
    """Break long labels, then show as many scores beside each other as there is room for."""
    lines = [[Entry(plain(title).replace(" ", "\n", 1)) for title in text.header], *text.rows]
    lines.append([Entry(entry) for entry in text.floor])
    labels = text.labels
    lines = [
        [*(Entry(wrapped(plain(e.text), LABEL)) for e in line[:labels]), *line[labels:]]
        for line in lines
    ]
    widths = [
        max(len(part) for entry in column for part in entry.text.split("\n")) + 2
        for column in zip(*lines, strict=True)
    ]
    words, scores = list(range(labels)), list(range(labels, len(widths)))
    block: list[int] = []
    for index in scores:
        if block and sum(widths[i] for i in [*words, *block, index]) > width + 2:
            yield Padding(_terminal_table(lines, words, block), (0, 0, 1, 0))
            block = []
        block.append(index)
    yield Padding(_terminal_table(lines, words, block), (0, 0, 1, 0))


def _terminal_table(lines: list[list[Entry]], words: list[int], scores: list[int]) -> Table:
    header, *rows, floor = ([line[index] for index in [*words, *scores]] for line in lines)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, title in enumerate(header):
        justify: Literal["left", "right"] = "left" if index < len(words) else "right"
        table.add_column(Text(title.text), justify=justify, no_wrap=index >= len(words))
    for row in rows:
        table.add_row(*(Text(e.text, style="bold" if e.best else "") for e in row))
    table.add_row(*(Text(e.text, style="dim italic") for e in floor))
    return table


def _markdown(table: Summary) -> str:
    parts = []
    for section in table.sections:
        text = sheet(section)
        rows = [[in_markdown(name) for name in text.header]]
        rows.append(["---"] * text.labels + ["---:"] * len(section.columns))
        rows += [
            [f"**{in_markdown(e.text)}**" if e.best else in_markdown(e.text) for e in r]
            for r in text.rows
        ]
        rows.append([in_markdown(entry) for entry in text.floor])
        body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        parts.append(f"### {in_markdown(section.dataset)}\n\n{body}")
    return "\n\n".join([*parts, "\n".join(f"- {note}" for note in table.notes)]) + "\n"


def latex_rows(text: Sheet) -> tuple[list[list[str]], list[list[str]]]:
    """Write the rows of a sheet as LaTeX, the best in bold, and that of the floor."""
    rows = [
        [rf"\textbf{{{in_latex(e.text)}}}" if e.best else in_latex(e.text) for e in row]
        for row in text.rows
    ]
    return rows, [list(map(in_latex, text.floor))]


def _latex(table: Summary) -> str:
    parts = ["% needs \\usepackage{booktabs}"]
    for section in table.sections:
        text = sheet(section)
        parts.append(tabular(text.header, latex_rows(text), text.labels, section.dataset))
    return "\n\n".join([*parts, "\n".join(f"% {note}" for note in table.notes)]) + "\n"


def _html(table: Summary) -> str:
    """Write plain tables, which a page or a notebook gives its own looks."""
    parts = []
    for section in table.sections:
        text = sheet(section)
        head = "".join(f'<th scope="col">{in_html(title)}</th>' for title in text.header)
        rows = [
            "".join(
                f"<td><strong>{in_html(e.text)}</strong></td>"
                if e.best
                else f"<td>{in_html(e.text)}</td>"
                for e in row
            )
            for row in text.rows
        ]
        rows.append("".join(f"<td><em>{in_html(entry)}</em></td>" for entry in text.floor))
        body = "\n".join(f"<tr>{row}</tr>" for row in rows)
        parts.append(
            f"<table>\n<caption>{in_html(section.dataset)}</caption>\n"
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
        )
    notes = "".join(f"<li>{in_html(note)}</li>" for note in table.notes)
    return "\n".join([*parts, f"<ul>{notes}</ul>"]) + "\n"


def numbers(table: Summary) -> pd.DataFrame:
    """Return one row for each cell: its labels, and of each score mean, interval, n and floor."""
    return pd.DataFrame(list(_numbers(table)))


def _csv(table: Summary) -> str:
    flat = list(_numbers(table))
    fields = list(dict.fromkeys(field for row in flat for field in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: defused(value) for key, value in row.items()} for row in flat)
    return out.getvalue()


def _numbers(table: Summary) -> Iterator[dict[str, Any]]:
    for section in table.sections:
        for row in section.rows:
            flat = _labels(section, row)
            for column in section.columns:
                score = _score(section, column, row)
                flat |= {f"{column.name} {key}": value for key, value in score.items()}
            yield flat


def _labels(section: Section, row: Row) -> dict[str, Any]:
    return {
        "dataset": section.dataset,
        "prior": row.prior,
        "architecture": row.architecture,
        "loss": row.loss,
        "ok": len(row.runs),
        "planned": row.planned,
        "status": row.status,
    }


def _score(section: Section, column: Column, row: Row) -> dict[str, Any]:
    score = row.scores[column.name]
    floor = section.floors[column.name]
    numbers = {"mean": score.mean, "low": score.low, "high": score.high}
    return {
        **{key: _finite(value) for key, value in numbers.items()},
        "n": score.n,
        "best": section.leads(row, column),
        "near": section.near(row, column),
        "floor": _finite(floor.mean),
        "floor_p95": _finite(floor.p95),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _json(table: Summary) -> str:
    sections = [
        {
            "dataset": section.dataset,
            "scores": {column.name: {"better": column.better} for column in section.columns},
            "floor": {name: _finite(floor.mean) for name, floor in section.floors.items()},
            "floor_p95": {name: _finite(floor.p95) for name, floor in section.floors.items()},
            "rows": [
                {
                    **_labels(section, row),
                    "scores": {c.name: _score(section, c, row) for c in section.columns},
                }
                for row in section.rows
            ],
        }
        for section in table.sections
    ]
    return json.dumps({"sections": sections, "notes": table.notes}, indent=2) + "\n"


_FORMATS: Mapping[Format, Callable[[Summary], str | Terminal]] = {
    "table": Terminal,
    "csv": _csv,
    "md": _markdown,
    "latex": _latex,
    "json": _json,
    "html": _html,
}
