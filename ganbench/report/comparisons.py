"""A comparison in the formats of the command line: answers, then tables, then warnings."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ganbench.comparison import Comparison
from ganbench.comparison.answers import OVERALL, effect_text, p_digits, task_title
from ganbench.comparison.columns import ARROWS
from ganbench.comparison.comparing import SIDE
from ganbench.comparison.concerns import LEAST_PAIRS
from ganbench.comparison.pairing import LABELS
from ganbench.comparison.wording import TIMES, number
from ganbench.escaping import defused, plain
from ganbench.report.formats import Format
from ganbench.report.markup import in_html, in_latex, in_markdown
from ganbench.report.tables import wrapped

LABEL = 22
MOST_TABLES = 60
"""Tables that a terminal is given."""
SPANNING = "all tasks"
LEGEND = (
    f"mean: of the runs that did not fail, geometric where a ratio ({TIMES}) is told",
    "in brackets: 95% intervals, each of its own, not corrected",
    "p: of the difference from the baseline, paired t test, or signed-rank test where a run "
    "failed (*), after Holm's correction; over all tasks, Wilcoxon's test over datasets",
    "not told apart: may be the best as well, by the same test against the leader, with p times "
    "the number of its rivals",
    "won: share of the paired seeds at which the variant is better, ties half",
    "b/a/w %: probability that the difference is practically for the better, alike (within the "
    f"spread between real samples), for the worse (Bayesian signed-rank test, from {LEAST_PAIRS} "
    "pairs on)",
    "normalised: interquartile mean over all tasks and seeds; beats: mean over tasks of the "
    "probability that a run is better than one of the baseline; rank: average over datasets",
)


@dataclass(frozen=True)
class Block:
    """One table with the answer that it supports.

    Attributes:
        task: what is held fixed; "" over all tasks.
        score: name, with an arrow to the better side.
        answer: a sentence.
        rows: texts under their headings; the first column is a label.
    """

    task: str
    score: str
    answer: str
    rows: pd.DataFrame


def render_comparison(comparison: Comparison, format: Format) -> "str | ComparisonText":
    """Write a comparison in one of the formats: text, or for "table" what rich prints."""
    return _FORMATS[format](comparison)


def blocks(comparison: Comparison) -> Iterator[Block]:
    """Yield what spans tasks, then every task with its scores; of two result sets, every score."""
    better = dict(comparison.summary[["score", "better"]].drop_duplicates().to_numpy().tolist())
    titled = {score: f"{score} {ARROWS[better[score]]}" for score in better}
    answers = comparison.answers.set_index(["task", "score"])["sentence"]
    for score in better:
        if (OVERALL, score) in answers.index:
            of_cells = comparison.by == SIDE
            rows = (_cell_rows if of_cells else _spanning_rows)(comparison, score)
            yield Block(OVERALL, titled[score], answers[OVERALL, score], rows)
    if comparison.by == SIDE:
        return
    summary = _with_titles(comparison.summary)
    differences = _with_titles(comparison.differences)
    known = dict(iter(differences.groupby(["task", "score"], sort=False)))
    parts = dict(iter(summary.groupby(["task", "score"], sort=False)))
    for task in dict.fromkeys(summary["task"]):
        for score in better:
            if (task, score) in parts:
                rows = _task_rows(comparison, parts[task, score], known.get((task, score)))
                yield Block(task, titled[score], answers[task, score], rows)


def _with_titles(frame: pd.DataFrame) -> pd.DataFrame:
    held = [name for name in LABELS if name in frame]
    return frame.assign(task=[task_title(row) for row in frame[held].to_numpy().tolist()])


def _spanning_rows(comparison: Comparison, score: str) -> pd.DataFrame:
    """Lay out the aggregate of a score, best first, with ranks where there are any."""
    part = comparison.aggregate[comparison.aggregate["score"].eq(score)]
    ranks = comparison.ranks
    ranks = ranks[ranks["score"].eq(score)].set_index("variant")
    rows = []
    for row in part.sort_values("iqm", ascending=False, kind="stable").to_dict("records"):
        rank = ranks.loc[row["variant"]]
        rows.append(
            {
                comparison.by: row["variant"],
                "runs": _fate(row["runs"] - row["failed"], row["runs"]),
                "normalised": _interval(row, "iqm"),
                f"beats {comparison.baseline}": _interval(row, "improvement"),
                "rank": number(rank["rank"]),
                "p": p_digits(rank["p_holm"]),
            }
        )
    return pd.DataFrame(rows)


def _cell_rows(comparison: Comparison, score: str) -> pd.DataFrame:
    """Lay out every cell of two result sets, a row each."""
    summary = _with_titles(comparison.summary[comparison.summary["score"].eq(score)])
    means = summary.set_index(["task", "variant"])["mean"]
    differences = comparison.differences[comparison.differences["score"].eq(score)]
    left, right = comparison.variants
    return pd.DataFrame(
        {
            "cell": row["task"],
            left: number(means[row["task"], left]),
            right: number(means[row["task"], right]),
            **_difference(left, row),
        }
        for row in _with_titles(differences).to_dict("records")
    )


def _task_rows(
    comparison: Comparison, summary: pd.DataFrame, differences: pd.DataFrame | None
) -> pd.DataFrame:
    told = {} if differences is None else differences.set_index("variant").to_dict("index")
    rows = []
    for row in summary.to_dict("records"):
        texts = {
            comparison.by: row["variant"],
            "ok": _fate(row["ok"], row["planned"]),
            "geometric mean" if row["scale"] == "log" else "mean": number(row["mean"]),
        }
        rows.append(texts | _difference(comparison.baseline, told.get(row["variant"])))
    table = pd.DataFrame(rows)
    return table[[name for name in table if table[name].any()]]


def _difference(baseline: str, row: Mapping[Any, Any] | None) -> dict[str, str]:
    names = [f"against {baseline}", "p", "won", "b/a/w %", "verdict"]
    if row is None:
        return dict.fromkeys(names, "")
    if not row["pairs"]:
        return dict(zip(names, ["no seed in common", "", "", "", ""], strict=True))
    effect = (row["effect"], row["effect_low"], row["effect_high"])
    chances = [row[name] for name in ("p_better", "p_within", "p_worse")]
    enough = row["pairs"] >= LEAST_PAIRS
    texts = [
        effect_text(effect, log=row["scale"] == "log"),
        p_digits(row["p_holm"]) + ("*" if row["failed"] else ""),
        f"{100 * row['win_rate']:.0f}%",
        "/".join(f"{100 * chance:.0f}" for chance in chances) if enough else "",
        row["verdict"],
    ]
    return dict(zip(names, texts, strict=True))


def _fate(ok: int, planned: int) -> str:
    return f"{ok}/{planned}"


def _interval(row: Mapping[Any, Any], name: str) -> str:
    value, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    if np.isnan(value):
        return ""
    return number(value) if np.isnan(low) else f"{number(value)} [{number(low)}, {number(high)}]"


def _notes(comparison: Comparison) -> tuple[str, ...]:
    return (*comparison.warnings, *comparison.unmet)


# --------------------------------------------------------------------------------- the formats


@dataclass(frozen=True)
class ComparisonText:
    """A comparison for the terminal."""

    comparison: Comparison

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the answers with their tables task by task, then warnings and the legend."""
        found = blocks(self.comparison)
        every = list(islice(found, MOST_TABLES))
        first = [block for block in every if block.task == OVERALL] or every[:1]
        yield from (_answer(block) for block in first)
        task = None
        for block in every:
            if block.task != task:
                task = block.task
                title = plain(task) or SPANNING
                yield Rule(Text(title, style="bold"), align="left", style="dim")
            told = any(block is each for each in first)
            yield Text(plain(block.score), style="bold") if told else _answer(block)
            yield Padding(_terminal_table(block.rows), (0, 0, 1, 2))
        if next(found, None) is not None:
            yield Text(f"These are the first {MOST_TABLES} tables; --format csv has all", "dim")
        for note in _notes(self.comparison):
            yield Text.assemble(("! ", "bold yellow"), plain(note))
        for note in LEGEND:
            yield Text(note, style="dim")


def _answer(block: Block) -> Text:
    return Text.assemble((plain(block.score), "bold"), ": ", plain(block.answer))


def _terminal_table(rows: pd.DataFrame) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, name in enumerate(rows.columns):
        title = wrapped(plain(str(name)), LABEL)
        table.add_column(Text(title), justify="right" if place else "left", no_wrap=not place)
    for row in rows.itertuples(index=False):
        bold = "bold" if row[-1] in ("better", "worse") else ""
        label, *texts = (plain(str(text)) for text in row)
        table.add_row(Text(wrapped(label, LABEL), style=bold), *map(Text, texts))
    return table


def _markdown(comparison: Comparison) -> str:
    parts = []
    for block in blocks(comparison):
        title = in_markdown(f"{block.task or SPANNING} · {block.score}")
        lines = [[in_markdown(str(name)) for name in block.rows.columns]]
        lines.append(["---"] * block.rows.shape[1])
        lines += [[in_markdown(str(text)) for text in row] for row in block.rows.to_numpy()]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts.append(f"### {title}\n\n{in_markdown(block.answer)}\n\n{table}")
    notes = "\n".join(f"- {in_markdown(note)}" for note in (*_notes(comparison), *LEGEND))
    return "\n\n".join([*parts, notes]) + "\n"


def _html(comparison: Comparison) -> str:
    """Write plain tables, which a page or a notebook gives its own looks."""
    parts = []
    for block in blocks(comparison):
        head = "".join(f'<th scope="col">{in_html(str(name))}</th>' for name in block.rows.columns)
        body = "\n".join(
            f"<tr>{''.join(f'<td>{in_html(str(text))}</td>' for text in row)}</tr>"
            for row in block.rows.to_numpy()
        )
        title = in_html(f"{block.task or SPANNING} · {block.score}")
        parts.append(
            f"<p><strong>{title}</strong>: {in_html(block.answer)}</p>\n"
            f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
        )
    notes = "".join(f"<li>{in_html(note)}</li>" for note in (*_notes(comparison), *LEGEND))
    return "\n".join([*parts, f"<ul>{notes}</ul>"]) + "\n"


def _latex(comparison: Comparison) -> str:
    parts = ["% needs \\usepackage{booktabs}"]
    for block in blocks(comparison):
        title = f"{block.task or SPANNING} · {block.score}"
        width = block.rows.shape[1]
        body = [" & ".join(in_latex(str(text)) for text in row) for row in block.rows.to_numpy()]
        lines = [
            rf"\begin{{tabular}}{{l{'r' * (width - 1)}}}",
            rf"\multicolumn{{{width}}}{{l}}{{{in_latex(title)}}} \\",
            r"\toprule",
            " & ".join(in_latex(str(name)) for name in block.rows.columns) + r" \\",
            r"\midrule",
            *(rf"{line} \\" for line in body),
            r"\bottomrule",
            r"\end{tabular}",
        ]
        parts.append("\n".join([f"% {plain(block.answer)}", *lines]))
    notes = "\n".join(f"% {plain(note)}" for note in (*_notes(comparison), *LEGEND))
    return "\n\n".join([*parts, notes]) + "\n"


def _csv(comparison: Comparison) -> str:
    """Write a row for each score, task and variant: the summary beside the differences."""
    keys = [name for name in ("score", "better", *LABELS, "variant") if name in comparison.summary]
    flat = comparison.summary.merge(
        comparison.differences, on=keys, how="left", suffixes=("", "_pairs")
    )
    return str(flat.map(defused).to_csv(index=False, lineterminator="\n"))


def _json(comparison: Comparison) -> str:
    return json.dumps(
        {field.name: _data(getattr(comparison, field.name)) for field in fields(comparison)},
        indent=2,
    )


def _data(value: Any) -> Any:
    if not isinstance(value, pd.DataFrame):
        return value
    finite = value.replace([np.inf, -np.inf], np.nan)
    return finite.astype(object).where(finite.notna(), None).to_dict("records")


_FORMATS: Mapping[Format, Callable[[Comparison], "str | ComparisonText"]] = {
    "table": ComparisonText,
    "csv": _csv,
    "md": _markdown,
    "latex": _latex,
    "html": _html,
    "json": _json,
}
