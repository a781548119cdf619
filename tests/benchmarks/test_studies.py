"""Studies: the pages say what the kept rows say, and how these are read."""

import math
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.studies.__main__ import FINDINGS, STUDIES
from benchmarks.studies.reading import by_seed, difference, ratio, table
from benchmarks.studies.study import GRIDS, findings
from ganbench.cells import plan
from ganbench.grid import load_grid

KEPT = [name for name, study in STUDIES.items() if (study.kept() / "rows.parquet").is_file()]


@pytest.mark.parametrize("name", KEPT)
def test_a_page_says_what_the_rows_say(name):
    study = STUDIES[name]
    page = (study.kept() / "README.md").read_text(encoding="utf-8")
    finding = study.finding()
    assert page == study.page(finding)
    assert finding.answer
    assert finding.limits
    assert all((study.kept() / f"{figure}.png").is_file() for figure in finding.figures)


def test_the_findings_are_those_of_the_studies():
    assert Path(FINDINGS).read_text(encoding="utf-8") == findings(STUDIES.values())


@pytest.mark.parametrize("path", sorted(GRIDS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_cell_of_a_grid_fits(path, registry):
    cells = plan(load_grid(str(path), registry), registry)
    assert cells
    assert not [cell.misfit for cell in cells if cell.misfit]


def test_every_study_has_a_grid_for_two_cores_and_one_for_a_gpu():
    assert {path.stem for path in GRIDS.glob("*.toml")} == {
        f"{name}{size}" for name in STUDIES for size in ("", "-gpu")
    }


def test_effects_are_means_over_whole_pairs_with_t_intervals():
    found = ratio([2.0, 8.0, 3.0], [1.0, 1.0, math.nan])
    assert (found.n, found.mean) == (2, pytest.approx(4.0))
    assert found.low * found.high == pytest.approx(16.0)
    assert not found.sure
    apart = difference([1.0, 1.1, 1.2], [0.0, 0.0, 0.0])
    assert apart.mean == pytest.approx(1.1)
    assert apart.high - apart.mean == pytest.approx(4.302653 * 0.1 / math.sqrt(3), rel=1e-5)
    assert apart.sure
    assert math.isnan(ratio([1.0], [1.0]).low)


def test_scores_are_laid_out_by_cell_and_seed():
    rows = pd.DataFrame(
        [("b", 0, "sw2", 1.0), ("b", 1, "sw2", 2.0), ("a", 0, "sw2", 3.0), ("a", 1, "x", 9.0)],
        columns=["loss", "seed", "estimator", "value"],
    )
    found = by_seed(rows, "sw2", ["loss"])
    assert list(found.index) == ["b", "a"]
    assert found.loc["b"].tolist() == [1.0, 2.0]
    assert found.loc["a"].isna().tolist() == [False, True]
    assert table(("a", "b"), [(1, 2)]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
