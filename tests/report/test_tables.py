import csv
import io
import json
import math

import pandas as pd
import pytest
from rich.console import Console
from scipy import stats

from ganbench.comparison.columns import runs
from ganbench.comparison.wording import number
from ganbench.report.formats import render
from ganbench.report.tables import REAL, TIDY_COLUMNS, sheet, summary, tidy, wrapped
from tests.comparison.frames import tidy as fabricated


@pytest.fixture(scope="module")
def table(results):
    return summary(results.frame)


def cell(table, dataset, architecture, loss):
    section = next(s for s in table.sections if s.dataset == dataset)
    row = next(r for r in section.rows if (r.architecture, r.loss) == (architecture, loss))
    return section, row


def with_values(frame, dataset, architecture, loss, metric, values):
    frame = frame.copy()
    where = (
        frame["dataset"].eq(dataset)
        & frame["discriminator"].eq(architecture)
        & frame["loss"].eq(loss)
        & frame["metric"].eq(metric)
        & frame["headline"].eq(True)
    )
    frame.loc[where, "value"] = values
    return frame


def test_mean_and_interval_over_seeds_are_those_of_scipy(results):
    values = [0.1, 0.2, 0.4, 0.5]
    frame = with_values(results.frame, "tiles", "small", "relative", "distance", values)
    _, row = cell(summary(frame), "tiles", "small", "relative")
    score = row.scores["distance rbf"]
    low, high = stats.t.interval(0.95, 3, loc=0.3, scale=stats.sem(values))
    assert score.mean == pytest.approx(0.3)
    assert (score.low, score.high, score.n) == (pytest.approx(low), pytest.approx(high), 4)


def test_one_seed_has_a_mean_and_no_interval(results):
    frame = results.frame[results.frame["seed"].eq(0)]
    _, row = cell(summary(frame), "tiles", "small", "plain")
    score = row.scores["distance rbf"]
    assert math.isfinite(score.mean)
    assert math.isnan(score.half)


def test_only_ok_runs_enter_and_all_planned_ones_are_counted(table):
    _, row = cell(table, "ring8", "small", "relative")
    assert (row.ok, row.scores["distance rbf"].n, sorted(row.runs)) == ("3/4", 3, [0, 2, 3])
    _, row = cell(table, "ring8", "small vs auto_encoder", "relative")
    assert row.ok == "3/4", "a missing run is planned"


def test_incompatible_runs_are_left_out_and_counted(table):
    _, row = cell(table, "people", "small vs auto_encoder", "relative")
    assert row.ok == "3/3"
    assert table.incompatible == 1
    assert any("incompatible" in note for note in table.notes)


def test_best_honours_the_direction_and_ties_share_it(results):
    frame = with_values(results.frame, "ring8", "small", "plain", "covered", 9.0)
    frame = with_values(frame, "ring8", "small", "edge & <b>", "covered", 9.0)
    # A seed of it diverged: it is better where it lives, and does not lead.
    frame = with_values(frame, "ring8", "small", "relative", "covered", 10.0)
    frame = with_values(frame, "ring8", "auto_encoder", "relative", "distance", -1.0)
    section = summary(frame).sections[0]
    leaders = {
        column.name: [(r.architecture, r.loss) for r in section.rows if section.leads(r, column)]
        for column in section.columns
    }
    assert leaders["covered share"] == [("small", "plain"), ("small", "edge & <b>")]
    assert leaders["distance rbf"] == [("small vs auto_encoder", "relative")]


def test_columns_are_the_headline_scores_with_an_arrow(table):
    titles = [column.title for column in table.sections[0].columns]
    assert titles == ["distance rbf ↓", "covered share ↑", "divergence knn ↓"]


def test_floor_is_the_mean_between_real_samples(table):
    assert table.sections[0].floors["distance rbf"] == (pytest.approx(0.01), pytest.approx(0.018))


def test_a_cell_without_ok_runs_shows_its_status(results):
    frame = results.frame.copy()
    mine = frame["dataset"].eq("ring8") & frame["loss"].eq("plain")
    frame.loc[mine, "status"] = "diverged"
    section, row = cell(summary(frame), "ring8", "small", "plain")
    assert (row.status, row.ok) == ("diverged", "0/4")
    assert not any(section.leads(row, column) for column in section.columns)
    assert "0/4 diverged" in render(summary(frame), "md")


def test_priors_get_a_column_only_where_they_differ(results, table):
    assert "prior" not in render(table, "md")
    other = results.frame.assign(prior="uniform(dim=2)", run_id=results.frame["run_id"] + "u")
    both = pd.concat([results.frame, other])
    assert "| uniform(dim=2) |" in render(summary(both), "md")


def test_tidy_has_the_published_columns_and_every_run(results):
    frame = tidy(results.frame)
    assert tuple(frame.columns) == TIDY_COLUMNS
    assert len(runs(results.frame)) == frame["run_id"].nunique() == 120
    assert frame["metric"].isna().sum() == 5


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (0.0123, 0.0021, ".0123 ± .0021"),
        (-0.5, math.nan, "-.500"),
        (12.34, 0.5, "12.3 ± .5"),
        (0.001, 0.02, ".0010 ± .0200"),
        (1234.0, 10.0, "1234 ± 10"),
        (0.0000123, 0.0000021, "(1.23 ± 0.21)e-5"),
        (0.0, 0.0, "0 ± 0"),
        (math.nan, math.nan, "-"),
        (math.inf, math.nan, "inf"),
    ],
)
def test_numbers_have_three_digits(mean, half, text):
    assert number(mean, half) == text


def test_labels_break_between_components():
    assert wrapped("far(steps=5)+slope(weight=10)") == "far(steps=5)+\nslope(weight=10)"
    assert wrapped("short") == "short"


def test_csv_is_numeric(table):
    rows = list(csv.DictReader(io.StringIO(render(table, "csv"))))
    assert len(rows) == 30
    _, row = cell(table, "ring8", "small", "plain")
    assert float(rows[0]["distance rbf mean"]) == row.scores["distance rbf"].mean
    assert float(rows[0]["distance rbf low"]) == row.scores["distance rbf"].low
    assert (rows[0]["ok"], rows[0]["planned"]) == ("4", "4")


def test_json_is_numeric(table):
    parsed = json.loads(render(table, "json"))
    ring = parsed["sections"][0]
    assert ring["floor"]["distance rbf"] == pytest.approx(0.01)
    assert ring["rows"][0]["scores"]["distance rbf"]["n"] == 4
    assert [row["scores"]["distance rbf"]["best"] for row in ring["rows"]].count(True) == 1


def test_markdown_marks_the_best_in_bold(table):
    lines = render(table, "md").splitlines()
    first = next(line for line in lines if line.startswith("| small | plain |"))
    assert first.count("**") == 6
    assert sum(line.startswith(f"| {REAL} |") for line in lines) == 3
    assert r"edge & \<b\>" in render(table, "md")


def test_latex_is_escaped_and_ruled(table):
    text = render(table, "latex")
    assert r"small vs auto\_encoder" in text
    assert r"edge \& \textless{}b\textgreater{}" in text
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 3
    assert r"\textbf{" in text
    assert "↓" not in text


@pytest.mark.parametrize("width", [100, 120])
def test_terminal_table_fits_the_console(table, width):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(render(table, "table"))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for name in ("ring8", "people", "tiles", "far+slope(weight=10)", REAL, "divergence"):
        assert name in text


def test_folders_without_scores_still_list_their_cells(results):
    frame = results.frame[results.frame["status"].ne("ok")]
    for form in ("md", "csv", "json", "latex"):
        assert "relative" in render(summary(frame), form)
    assert summary(frame.iloc[:0]).sections == ()


def test_scores_without_a_better_side_have_no_arrow_and_no_best(results):
    frame = results.frame.assign(better=results.frame["better"].replace("lower", "neither"))
    for section in summary(frame).sections:
        columns = {column.name: column for column in section.columns}
        assert columns["distance rbf"].title == "distance rbf"
        assert columns["covered share"].title == "covered share ↑"
        led = {
            name: any(section.leads(row, column) for row in section.rows)
            for name, column in columns.items()
        }
        assert led["covered share"]
        assert not led["distance rbf"]


def test_the_95_percent_point_of_a_floor_stands_beside_its_mean(table):
    section = table.sections[0]
    floor = section.floors["distance rbf"]
    assert f"{number(floor.mean)} ({number(floor.p95)})" in render(table, "md")
    data = json.loads(render(table, "json"))["sections"][0]
    assert data["floor_p95"]["distance rbf"] == floor.p95


def test_a_star_marks_what_is_not_significantly_worse_than_the_best():
    frame = fabricated(
        {
            ("ring", "mlp", "best"): [1.0, 1.1, 0.9, 1.0, 1.05],
            ("ring", "mlp", "near"): [1.02, 1.05, 1.0, 0.95, 1.1],
            ("ring", "mlp", "far"): [3.0, 3.2, 2.9, 3.1, 3.0],
            ("ring", "mlp", "fails"): [1.0, 1.1, 0.9, 1.0, "failed"],
            ("ring", "mlp", "dead"): ["failed"] * 5,
            ("ring", "mlp", "unfinished"): [1.0, 1.1, 0.95, 1.0, "missing"],
        }
    )
    (section,) = summary(frame).sections
    (column,) = section.columns
    found = {
        row.loss: (section.leads(row, column), section.near(row, column)) for row in section.rows
    }
    assert found == {
        "best": (True, False), "near": (False, True), "far": (False, False),
        "fails": (False, True), "dead": (False, False), "unfinished": (False, True),
    }  # fmt: skip
    texts = [row[-1].text for row in sheet(section).rows]
    assert [text.endswith("*") for text in texts] == [False, True, False, True, False, True]
    lonely = summary(frame[frame["seed"].eq(0)]).sections[0]
    assert not any(lonely.near(row, column) for row in lonely.rows)


def test_ratios_are_tested_where_comparisons_take_them():
    # Seed by seed twice as large: sure by ratios, not by differences that span magnitudes.
    values = [0.01, 0.1, 1.0, 10.0, 100.0]
    wobbles = [1, 1.1, 0.9, 1, 1.05]
    doubled = [2 * value * wobble for value, wobble in zip(values, wobbles, strict=True)]
    frame = fabricated({("ring", "mlp", "a"): values, ("ring", "mlp", "b"): doubled})
    (section,) = summary(frame).sections
    (column,) = section.columns
    assert not section.near(section.rows[1], column)
    (plain,) = summary(frame.assign(floor_p95=1.0)).sections
    assert plain.near(plain.rows[1], column)
