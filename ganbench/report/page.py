"""The report of a results folder: one HTML file that needs nothing else."""

import base64
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from ganbench.comparison.columns import ARROWS, CELL, Column, runs
from ganbench.comparison.wording import number
from ganbench.errors import GanbenchError
from ganbench.escaping import defused, plain
from ganbench.naming import file_name, inside
from ganbench.report import plots, samples
from ganbench.report.ranking import best_sheet, drawn, left_out, undrawn
from ganbench.report.tables import LEGEND, REAL, Row, Section, summary, tidy
from ganbench.report.tidyfile import write_tidy
from ganbench.results import Results

SILENT = ("ok", "missing", "incompatible")
MOST_TIDY = 20_000
"""Rows of the tidy table that a page carries."""
MOST_LISTED = 300
"""Failures, warnings and incompatible cells that a page lists, each."""


@dataclass(frozen=True)
class Picture:
    """A figure of the page, or the sentence that stands in for it.

    Attributes:
        title: its heading.
        caption: what is drawn, of how many seeds, and what the interval is.
        files: format -> bytes; empty where there is no figure.
        width: in inches, so that letters have one size in all figures.
    """

    title: str
    caption: str
    files: Mapping[str, bytes]
    width: float = 0.0

    @property
    def source(self) -> str:
        """The figure as a link that carries its own data."""
        return _data("image/png", self.files["png"])


def write_report(
    results: Results, out: Path, definitions: Mapping[str, str] | None = None
) -> Path:
    """Write `out/report.html` and `out/figures`, and return the path of the page.

    Args:
        results: what to report.
        out: folder; it is created where it does not exist.
        definitions: name of a metric -> what it measures, in one sentence.
    """
    table = summary(results.frame)
    pictures = {
        part.dataset: list(_pictures(drawn(results, part), part)) for part in table.sections
    }
    _save(inside(out, out / "figures"), pictures)
    environment = Environment(
        loader=PackageLoader("ganbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
    )
    page = environment.get_template("report.html.j2").render(
        name=results.name,
        answers={section.dataset: _answer(section) for section in table.sections},
        completeness=_completeness(results.frame),
        counts=_counts(results.frame),
        sections=[
            {
                "sheet": best_sheet(section),
                "left_out": _left_out(section),
                "dataset": section.dataset,
                "pictures": shown,
            }
            for section, shown in zip(table.sections, pictures.values(), strict=True)
        ],
        legend=LEGEND,
        scores=_scores(results.frame, definitions or {}),
        failures=_failures(results),
        barred=_barred(results.frame),
        warnings=_warnings(results),
        whole=WHOLE,
        environment=list(_flat(results.experiment["environment"])),
        commands=results.experiment["commands"],
        tidy=_tidy(results, out),
        real=REAL,
    )
    target = out / "report.html"
    _write(target, page.encode())
    return target


def _save(folder: Path, pictures: Mapping[str, list[Picture]]) -> None:
    taken: set[str] = set()
    for dataset, shown in pictures.items():
        for picture in shown:
            name = file_name(dataset, picture.title, taken=taken)
            taken.add(name)
            for suffix, content in picture.files.items():
                _write(folder / f"{name}.{suffix}", content)


def _shown(value: object) -> object:
    """Keep out of the page what would turn its text round or end it."""
    return plain(value) if isinstance(value, str) else value


def _csv(frame: pd.DataFrame) -> bytes:
    return tidy(frame).map(defused).to_csv(index=False).encode("utf-8", "backslashreplace")


def _tidy(results: Results, out: Path) -> Mapping[str, str]:
    """Put every run and score into the page, or, where they are many, into a file beside it."""
    name, file = file_name(results.name), out / "runs-and-scores.parquet"
    if len(results.frame) <= MOST_TIDY:
        file.unlink(missing_ok=True)
        return {
            "link": _data("text/csv", _csv(results.frame)),
            "name": f"{name}.csv",
            "kind": "CSV",
        }
    out.mkdir(parents=True, exist_ok=True)
    write_tidy(results, file)
    return {"link": file.name, "name": f"{name}.parquet", "kind": "parquet"}


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _write(path: Path, content: bytes) -> None:
    """Put a file in place at once, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


# ------------------------------------------------------------------------------------- figures

WHOLE = "every run is in the download at the end of this page"
HEATMAPS = (
    "Mean of each score over {n}; where fewer runs than planned are ok, their number stands "
    "below the mean. Each panel has its own colours, and darker is better, but for grey panels, "
    "whose scores have no better side."
)
STRIPS = (
    "Pale points are single seeds; beneath them their mean with its 95% t interval, over {n}. "
    "The dotted line is the mean of the same score between two real samples, and the grey band "
    "reaches to its 95% point."
)
CURVES = (
    "Mean (line) and smallest to largest value (band) over {n}. Objectives of different losses "
    "are on scales of their own, running scores on one."
)


def _pictures(results: Results, section: Section) -> Iterator[Picture]:
    n = _seeds(section)
    drawn: list[tuple[str, Callable[[Results, str], Figure], Callable[[], str]]] = [
        ("Samples", samples.samples, lambda: samples.caption(results, section.dataset)),
        ("Scores at a glance", plots.heatmaps, lambda: HEATMAPS.format(n=n)),
        ("Scores by seed", plots.seed_strips, lambda: STRIPS.format(n=n)),
        ("Learning curves", plots.learning_curves, lambda: CURVES.format(n=n)),
    ]
    for title, draw, caption in drawn:
        try:
            figure = draw(results, section.dataset)
            files = {suffix: plots.encode(figure, suffix) for suffix in ("png", "svg")}
            picture = Picture(title, caption(), files, figure.get_figwidth())
        except GanbenchError as error:
            picture = Picture(title, f"Not drawn: {error}", {})
        except Exception as error:  # of a dataset's own code, or of names too long to draw
            picture = Picture(title, f"Not drawn: {type(error).__name__}: {error}", {})
        yield picture


def _left_out(section: Section) -> str:
    """Say what is neither in the table of a section nor in its figures."""
    told = "; ".join(filter(None, (left_out(section), undrawn(section))))
    return f"{told[0].upper()}{told[1:]}; {WHOLE}." if told else ""


def _seeds(section: Section) -> str:
    counts = sorted({len(row.runs) for row in section.rows})
    if counts[0] == counts[-1]:
        return f"n = {counts[0]} ok seeds"
    return f"n = {counts[0]} to {counts[-1]} ok seeds"


# --------------------------------------------------------------------------------------- words


def _answer(section: Section) -> str:
    """Say what is best by the first score, how sure that is, and how it stands to the floor."""
    if not section.columns:
        return "no run has a score yet."
    ranked = [column for column in section.columns if column.better in ARROWS]
    if not ranked:
        return "no score here has a better side: compare values with their floors."
    column, *others = ranked
    best = next((row for row in section.rows if section.leads(row, column)), None)
    if best is None:
        return "no game has a score yet."
    score, floor = best.scores[column.name], section.floors[column.name].mean
    interval = "95% interval" if score.n > 1 else "one seed, hence no interval"
    answer = (
        f"{best.loss} ({section.player(best)}) is best by {column.name}, "
        f"{number(score.mean, score.half)} ({interval}, {best.ok} runs ok)"
    )
    if pd.notna(floor):
        inside = ", inside the interval" if score.low <= floor <= score.high else ""
        answer += f"; two real samples score {number(floor)}{inside}"
    answer += _beside_baselines(section, column)
    also = [other.name for other in others if _alone(section, best, other)]
    agree = f" It is also best by {' and '.join(also)}." if also else ""
    return f"{answer}.{_rivals(section, best, column)}{agree}"


def _beside_baselines(section: Section, column: Column) -> str:
    """Say how the best baseline scores, where games and baselines stand side by side."""
    scored = [row for row in section.rows if row.is_baseline and row.scores[column.name].n]
    if not (section.games and scored):
        return ""
    means = {row.loss: row.scores[column.name].mean for row in scored}
    best = (min if column.better == "lower" else max)(means, key=lambda name: means[name])
    return f"; of the baselines, {best} is best with {number(means[best])}"


def _alone(section: Section, best: Row, column: Column) -> bool:
    """Whether this row leads a score and no other row has the same mean."""
    leaders = [row for row in section.rows if section.leads(row, column)]
    return len(leaders) == 1 and leaders[0] is best


def _rivals(section: Section, best: Row, column: Column) -> str:
    leader = best.scores[column.name]
    if leader.n < 2:
        return ""
    rivals = section.rows if best.is_baseline else section.games
    others = [row.scores[column.name] for row in rivals if row is not best]
    near = sum(score.low <= leader.high and leader.low <= score.high for score in others)
    if not near:
        return " No other interval overlaps with its own."
    plural = (
        "interval of 1 other cell overlaps" if near == 1 else f"intervals of {near} others overlap"
    )
    return f" The {plural} with its own."


def _completeness(frame: pd.DataFrame) -> str:
    every = runs(frame)["status"].value_counts()
    planned = int(every.drop("incompatible", errors="ignore").sum())
    rest = [f"{count} {status}" for status, count in every.items() if status != "ok"]
    tail = f"; {', '.join(rest)}" if rest else ""
    return f"{every.get('ok', 0)} of {planned} compatible runs are ok{tail}."


def _counts(frame: pd.DataFrame) -> Mapping[str, Any]:
    """Count runs by dataset and status."""
    every = runs(frame)
    counts = pd.crosstab(every["dataset"], every["status"])
    order = ["ok", *counts.columns.drop("ok", errors="ignore")]
    counts = counts.reindex(index=every["dataset"].unique(), columns=order, fill_value=0)
    return {"header": order, "rows": list(counts.itertuples(name=None))}


_SIDES = {
    "lower": "lower is better",
    "higher": "higher is better",
    "neither": "perfect in between",
}


def _scores(frame: pd.DataFrame, definitions: Mapping[str, str]) -> list[dict[str, str]]:
    """Say of every metric what it measures, which way is better and which estimators it has."""
    scored = frame[frame["metric"].notna()]
    rows = []
    for metric, part in scored.groupby("metric", sort=False):
        estimators = part[["estimator", "better"]].drop_duplicates()
        sizes = part[["n_real", "n_fake"]].dropna().astype(int)
        rows.append(
            {
                "metric": str(metric),
                "meaning": definitions.get(str(metric), ""),
                "estimators": "; ".join(f"{e}: {_SIDES[b]}" for e, b in estimators.to_numpy()),
                "sizes": f"{_span(sizes['n_real'])} / {_span(sizes['n_fake'])}",
            }
        )
    return rows


def _span(sizes: "pd.Series[int]") -> str:
    if sizes.empty:
        return ""
    low, high = sizes.min(), sizes.max()
    return str(low) if low == high else f"{low} to {high}"


class Listed(NamedTuple):
    """What a page lists, and how many more there are."""

    items: Sequence[Any]
    more: int


def _failures(results: Results) -> Listed:
    every = runs(results.frame)
    failed = every[~every["status"].isin(SILENT)]
    first = [
        {
            **{key: str(row[key]) for key in ("run_id", "status", "seed", "dataset")},
            "cell": ", ".join(str(row[key]) for key in CELL[1:]),
            "reason": str(row["reason"]),
            "full": results.reason(str(row["run_id"])),
        }
        for row in failed.head(MOST_LISTED).to_dict("records")
    ]
    return Listed(first, len(failed) - len(first))


def _warnings(results: Results) -> Listed:
    """Collect why cells can hardly succeed."""
    cells = results.experiment.get("cells", {}).values()
    found = list(dict.fromkeys(text for cell in cells for text in cell.get("warnings", ())))
    return Listed(found[:MOST_LISTED], max(0, len(found) - MOST_LISTED))


def _barred(frame: pd.DataFrame) -> Listed:
    barred = frame[frame["status"].eq("incompatible")].drop_duplicates(CELL)
    first = [
        {"cell": ", ".join(str(row[key]) for key in CELL), "reason": str(row["reason"])}
        for row in barred.head(MOST_LISTED).to_dict("records")
    ]
    return Listed(first, len(barred) - len(first))


def _flat(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key} ")
        else:
            yield f"{prefix}{key}", str(value)
