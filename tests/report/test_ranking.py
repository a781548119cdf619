"""Of more cells than anybody reads, page and terminal show the best and say what is left out."""

import io
import json
import re
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console

from ganbench.report import completeness, downloads, page, ranking
from ganbench.report.formats import render
from ganbench.report.ranking import best_cells, best_sheet, drawn
from ganbench.report.tables import sheet, summary


@pytest.fixture
def ring(results):
    frame = results.frame[results.frame["dataset"].eq("ring8")]
    return replace(results, frame=frame, experiment={**results.experiment, "name": "demo"})


@pytest.fixture
def few(monkeypatch):
    """Ten cells are many."""
    monkeypatch.setattr(ranking, "MOST_ROWS", 3)
    monkeypatch.setattr(ranking, "MOST_DRAWN", 3)
    monkeypatch.setattr(ranking, "DRAWN_OF_MANY", 2)


def test_small_tables_are_whole_and_in_their_order(ring):
    (section,) = summary(ring.frame).sections
    assert best_cells(section, len(section.rows)) == list(range(len(section.rows)))
    assert best_sheet(section) == sheet(section)
    assert drawn(ring, section).frame.equals(ring.frame)


def test_the_best_rows_come_first_and_keep_their_marks(ring, few):
    (section,) = summary(ring.frame).sections
    shown = best_sheet(section)
    keys = [(row.failed > 0, row.scores["distance rbf"].mean) for row in section.rows]
    best = sorted(range(len(keys)), key=keys.__getitem__)[:3]
    assert shown.rows == [sheet(section).rows[place] for place in best]
    assert shown.rows[0][3].best
    assert summary(drawn(ring, section).frame).sections[0].rows == tuple(
        section.rows[place] for place in sorted(best[:2])
    )


def test_cells_without_a_score_are_last(ring):
    bare = ring.frame["loss"].eq("plain")
    frame = ring.frame.assign(value=ring.frame["value"].mask(bare))
    (section,) = summary(frame).sections
    assert {section.rows[place].loss for place in best_cells(section, 8)}.isdisjoint({"plain"})
    (unscored,) = summary(ring.frame.assign(value=float("nan"))).sections
    assert best_cells(unscored, 3) == [0, 1, 2]


def test_the_terminal_says_what_is_left_out_and_csv_has_all(ring, few):
    console = Console(width=120, file=io.StringIO())
    console.print(render(summary(ring.frame), "table"))
    told = console.file.getvalue()
    assert "7 of 10 cells are left out; shown are the best 3 by distance rbf" in told
    assert len(render(summary(ring.frame), "csv").splitlines()) == 11


def test_a_page_of_many_stays_small_and_says_so(ring, few, describe, monkeypatch, tmp_path):
    monkeypatch.setattr(downloads, "MOST_TIDY", 10)
    monkeypatch.setattr(completeness, "MOST_LISTED", 1)
    monkeypatch.setattr(page, "pictures", lambda results, section: iter(()))
    source = page.write_report(ring, tmp_path, describe()).read_text()
    assert "7 of 10 cells are left out; shown are the best 3 by distance rbf; figures" in source
    assert "show the best 2 by distance rbf; every run is in the download" in source
    assert len(re.findall("<summary>in full", source)) == 1
    assert "1 more are left out" in source
    assert "9 more are left out" in source, "of the variants"
    assert len(re.findall('<div id="cell-', source)) == 3
    assert 'href="runs-and-scores.parquet" download="demo.parquet"' in source
    assert len(pd.read_parquet(tmp_path / "runs-and-scores.parquet")) == len(ring.frame)
    beside = json.loads((tmp_path / "cells.json").read_text())
    assert len(beside["sections"][0]["rows"]) == 10
    monkeypatch.setattr(downloads, "MOST_TIDY", 10_000)
    assert "runs-and-scores" not in page.write_report(ring, tmp_path, describe()).read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html"]
