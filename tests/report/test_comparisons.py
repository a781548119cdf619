"""A comparison in every format: the answer first, and nothing that steers what shows it."""

import csv
import io
import json

import numpy as np
import pytest
from rich.console import Console

from ganbench.comparison import compare, compare_results
from ganbench.report import comparisons
from ganbench.report.comparisons import blocks, render_comparison
from ganbench.results import Results
from tests.comparison.frames import tidy


@pytest.fixture(scope="module")
def comparison():
    rng = np.random.default_rng(0)
    values = {
        (dataset, "mlp", loss): list(factor * np.exp(0.1 * rng.standard_normal(8)))
        for dataset in ("ring", "grid & co")
        for loss, factor in {"ns": 1.0, "wgan+gp(weight=10)": 0.5, "h|i*n_ge": 0.9}.items()
    }
    values["ring", "mlp", "h|i*n_ge"][2] = "failed"
    return compare(tidy(values))


def shown(comparison, width=100):
    console = Console(width=width, file=io.StringIO())
    console.print(render_comparison(comparison, "table"))
    return console.file.getvalue()


def test_blocks_are_all_tasks_then_each_task(comparison):
    over, ring, grid = blocks(comparison)
    assert (over.task, over.score) == ("", "distance ↓")
    assert (ring.task, grid.task) == ("ring · mlp · normal", "grid & co · mlp · normal")
    assert over.rows["loss"].tolist()[0] == "wgan+gp(weight=10)"
    assert over.rows["runs"].tolist() == ["16/16", "15/16", "16/16"]
    assert ring.rows["loss"].tolist() == ["ns", "wgan+gp(weight=10)", "h|i*n_ge"]
    assert ring.rows["ok"].tolist() == ["8/8", "8/8", "7/8"]
    assert ring.rows["verdict"].tolist()[:2] == ["", "better"]
    assert ring.rows["p"].tolist()[2].endswith("*")
    assert not grid.rows["p"].tolist()[2].endswith("*")


def test_the_terminal_shows_the_answer_first_and_warnings_last(comparison):
    text = shown(comparison)
    lines = text.splitlines()
    assert lines[0].startswith("distance ↓: over 2 tasks wgan+gp(weight=10) leads")
    places = [
        text.index(words) for words in ("all tasks ──", "ring · mlp", "! 1 run failed", "p: ")
    ]
    assert places == sorted(places)
    assert text.count("over 2 tasks") == 1
    assert max(map(len, lines)) <= 100
    assert "…" not in text


def test_of_many_tables_the_terminal_shows_some(comparison, monkeypatch):
    monkeypatch.setattr(comparisons, "MOST_TABLES", 2)
    text = shown(comparison)
    assert "These are the first 2 tables; --format csv has all" in text
    assert "grid & co" not in text
    monkeypatch.setattr(comparisons, "MOST_TABLES", 3)
    assert "These are the first" not in shown(comparison)  # all of them


def test_csv_has_a_row_for_each_score_task_and_variant(comparison):
    rows = list(csv.DictReader(io.StringIO(render_comparison(comparison, "csv"))))
    assert len(rows) == 6
    assert rows[0]["variant"] == "ns"
    assert rows[0]["p_holm"] == ""
    expected = comparison.differences.iloc[0]
    assert float(rows[1]["effect"]) == pytest.approx(expected["effect"])
    assert rows[1]["verdict"] == "better"


def test_csv_holds_no_formula():
    values = {("ring", "mlp", "=a"): [1.0, 2.0], ("ring", "mlp", "b"): [1.0, 2.0]}
    assert ",=a" not in render_comparison(compare(tidy(values)), "csv")


def test_json_has_everything_and_is_strict(comparison):
    data = json.loads(render_comparison(comparison, "json"), parse_constant=pytest.fail)
    assert data["baseline"] == "ns"
    assert data["variants"] == list(comparison.variants)
    assert len(data["differences"]) == 4
    assert data["ranks"][0]["critical_difference"] is None
    assert data["warnings"] == list(comparison.warnings)
    for name in ("summary", "pairwise", "aggregate", "profiles", "answers"):
        assert len(data[name]) == len(getattr(comparison, name))


def test_markdown_tables_are_whole(comparison):
    text = render_comparison(comparison, "md")
    assert "### ring · mlp · normal · distance ↓" in text
    widths = {
        line.replace("\\|", "").count("|") for line in text.splitlines() if line.startswith("|")
    }
    assert widths == {7, 9}  # six columns over all tasks, eight in each
    assert "h\\|i\\*n\\_ge" in text


def test_latex_is_escaped_and_balanced(comparison):
    text = render_comparison(comparison, "latex")
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 3
    assert r"grid \& co" in text
    assert r"h\textbar{}i*n\_ge" in text
    body = [line for line in text.splitlines() if not line.startswith("%")]
    assert "\N{MULTIPLICATION SIGN}" not in "".join(body)
    assert {line.count(" & ") for line in body if line.endswith(r"\\")} == {0, 5, 7}


def test_html_is_escaped_and_balanced(comparison):
    text = render_comparison(comparison, "html")
    assert text.count("<table>") == text.count("</table>") == 3
    assert "grid &amp; co" in text
    assert "<script" not in text
    rows = [line for line in text.splitlines() if line.startswith("<tr>")]
    assert {line.count("<td>") for line in rows} == {6, 8}


def test_text_of_others_steers_no_terminal():
    values = {("ring", "mlp", "a\x1b[31m"): [1.0, 2.0], ("ring", "mlp", "b"): [1.0, 3.0]}
    assert "\x1b" not in shown(compare(tidy(values)))


def test_two_result_sets_make_a_table_of_cells():
    values = {("ring", "mlp", loss): [1.0, 2.0, 3.0] for loss in ("ns", "hinge")}
    environment = {"environment": {}}
    sides = [
        Results(name, environment, tidy(values), None, None, None, None) for name in ("old", "new")
    ]
    comparison = compare_results(*sides)
    (block,) = blocks(comparison)
    assert block.rows["cell"].tolist() == [
        "ring · mlp · normal · ns",
        "ring · mlp · normal · hinge",
    ]
    assert block.rows["verdict"].tolist() == ["alike", "alike"]
    assert block.rows[["old", "new"]].to_numpy().tolist() == [["1.82", "1.82"]] * 2
    assert "new behaves like old in 2" in shown(comparison)
    assert render_comparison(comparison, "latex").count(r"\begin{tabular}") == 1
    assert json.loads(render_comparison(comparison, "json"))["aggregate"] == []
