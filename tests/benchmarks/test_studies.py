"""Studies: the pages say what the kept rows say, and how these are read."""

import math
import re
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from benchmarks.studies.__main__ import FINDINGS, GROUPS, STUDIES, main
from benchmarks.studies.reading import Claim, by_seed, claims, difference, ratio, table
from benchmarks.studies.study import GRIDS, Finding, Study, findings
from ganbench.cells import plan
from ganbench.plugins import load_for_use, plugin_files


@pytest.mark.parametrize("name", STUDIES)
def test_a_page_says_what_the_rows_say(name):
    study = STUDIES[name]
    page = (study.kept() / "README.md").read_text(encoding="utf-8")
    finding = study.finding()
    assert page == study.page(finding)
    assert finding.answer
    assert finding.limits
    assert all((study.kept() / f"{figure}.png").is_file() for figure in finding.figures)


def test_the_findings_are_those_of_the_studies():
    assert Path(FINDINGS).read_text(encoding="utf-8") == findings(GROUPS)


@pytest.mark.parametrize("size", ["", "-gpu"])
@pytest.mark.parametrize("name", STUDIES)
def test_every_cell_of_a_grid_fits(name, size):
    study = STUDIES[name]
    with plugin_files(study.plugins):
        registry = load_for_use()
        for variant in (*study.variants.values(),)[:: max(1, len(study.variants) - 1)]:
            cells = plan(study.grid(size, variant, registry), registry)
            assert cells
            assert not [cell.misfit for cell in cells if cell.misfit]


def test_the_figures_of_the_readme_are_those_of_the_findings():
    readme = (Path(FINDINGS).parents[1] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## What it has found")[2].partition("\n## ")[0]
    told = re.findall(r"\d+\.\d+ \[[^]]+\]|\d+\.\d+(?! \[)", section)
    assert len(told) > 10
    findings_ = Path(FINDINGS).read_text(encoding="utf-8")
    assert [number for number in told if number not in findings_] == []


def test_every_study_has_a_grid_for_two_cores_and_one_for_a_gpu():
    assert {path.stem for path in GRIDS.glob("*.toml")} == {
        f"{name}{size}" for name in STUDIES for size in ("", "-gpu")
    }


GRID = """
seeds = 2
metrics = ["sw"]
datasets = ["ring8"]
priors = ["normal(dim=2)"]
architectures = ["mlp(width=4, depth=1)"]
losses = ["ns"]

[train]
generator_steps = 2
block = 2

[evaluation]
samples = 50
floor_splits = 2
"""


def test_a_study_keeps_what_its_grid_asks_for_and_nothing_that_its_folder_held_before(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("benchmarks.studies.study.GRIDS", tmp_path)
    monkeypatch.setattr("benchmarks.studies.study.REFERENCE", tmp_path / "reference")
    study = Study("tiny", "How many?", lambda rows: Finding(f"{len(rows)} rows.", "", {}, "None."))
    for steps in (2, 3):
        grid = GRID.replace("generator_steps = 2", f"generator_steps = {steps}")
        (tmp_path / "tiny.toml").write_text(grid)
        study.run(tmp_path / "results", "", 1)
        rows = pd.read_parquet(study.rows())
        assert list(rows["generator_steps"]) == [steps] * 2
        assert list(rows["loss"]) == ["ns"] * 2
    page = (study.kept() / "README.md").read_text()
    assert "2 rows." in page
    assert "2 distinct runs of which 0 failed" in page
    assert "`python -m benchmarks.studies tiny` trains and writes this" in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sedes"], "'sedes' is no study; choose of tuning, players, noise"),
        (["seeds", "--redraw", "--gpu"], "Nothing is kept of 'seeds' yet"),
    ],
)
def test_misuse_is_one_sentence(words, told):
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert told in result.output


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


def test_a_claim_agrees_where_its_interval_leaves_out_equality():
    below, above = ratio([1.0, 1.1], [2.0, 2.2]), ratio([2.0, 2.2], [1.0, 1.1])
    unsure = difference([1.0, -1.0, 0.1], [0.0, 0.0, 0.0])
    found = [
        Claim(name, "-", each) for name, each in zip("abc", (below, above, unsure), strict=True)
    ]
    assert [each.agrees for each in found] == ["yes", "no", "open"]
    assert "Of 3 comparisons with published orders 1 agree, 1 do not, 1 stay open" in claims(found)


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
