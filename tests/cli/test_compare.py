"""The command compare: one folder, two, and misuse."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ganbench.report.tidyfile import read_tidy, write_tidy
from tests.cli.conftest import GRID

TWO = GRID.replace('losses = ["ns"]', 'losses = ["ns", "hinge"]').replace("seeds = 2", "seeds = 3")


@pytest.fixture(scope="session")
def folders(tmp_path_factory, command):
    """A folder with two losses, and one with the same and one loss fewer."""
    home = tmp_path_factory.mktemp("compare")
    for name, text in {"both": TWO, "fewer": GRID}.items():
        (home / f"{name}.toml").write_text(text)
        grid = ["--grid", home / f"{name}.toml", "--results", home / name]
        assert command("run", *grid, "--executor", "inline", "--no-report", "-q").exit_code == 0
    return home


def words(result):
    return " ".join(result.stdout.split())


def refused(result, words):
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert words in line
    assert result.stdout == ""


def test_one_folder_compares_its_losses(ganbench, folders):
    result = ganbench("compare", folders / "both")
    assert result.exit_code == 0, result.output
    assert "against ns" in result.stdout
    assert "Fewer than 6 pairs" in result.stdout


@pytest.mark.parametrize("format", ["csv", "md", "latex", "html", "json"])
def test_every_format(ganbench, folders, format):
    result = ganbench("compare", folders / "both", "-m", "mmd", "--format", format)
    assert result.exit_code == 0
    assert "hinge" in result.stdout
    assert "modes" not in result.stdout


def test_options_choose_axis_baseline_and_score(ganbench, folders):
    arguments = ["--by", "loss", "--baseline", "hinge", "-m", "mmd", "--json"]
    data = json.loads(ganbench("compare", folders / "both", *arguments).stdout)
    assert (data["by"], data["baseline"]) == ("loss", "hinge")
    assert {row["variant"] for row in data["differences"]} == {"ns"}
    by = json.loads(ganbench("compare", folders / "both", "--by", "dataset", "--json").stdout)
    assert by["variants"] == ["ring8", "digits"]


def test_two_folders_are_compared_cell_by_cell(ganbench, folders):
    result = ganbench("compare", folders / "both", folders / "fewer", "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert data["variants"] == ["both", "fewer"]
    assert {row["verdict"] for row in data["differences"]} == {"alike"}
    assert {row["pairs"] for row in data["differences"]} == {2}
    assert any("not in the other" in sentence for sentence in data["unmet"])
    text = ganbench("compare", folders / "both", folders / "fewer").stdout
    assert "behaves like" in text
    assert "alike" in text


def test_a_table_that_was_exported_is_compared_like_its_folder(ganbench, folders):
    kept = folders / "reference"
    kept.mkdir(exist_ok=True)
    table = kept / "scores.parquet"
    assert ganbench("store", "export", folders / "both", "-o", table).exit_code == 0
    result = ganbench("compare", folders / "both", kept, "--exit-code")
    assert result.exit_code == 0, result.output
    assert "differs in 0 (0 better, 0 worse), and shows neither in 0." in words(result)
    for command in ("table", "cost"):
        assert "hinge" in ganbench(command, table).stdout


def test_an_exit_code_tells_that_cells_are_missing(ganbench, folders):
    result = ganbench("compare", folders / "both", folders / "fewer", "--exit-code")
    assert result.exit_code == 1
    assert "hinge" in result.stdout


def test_an_exit_code_tells_that_a_cell_has_no_seed_in_both(ganbench, folders, tmp_path):
    whole, other = tmp_path / "whole.parquet", tmp_path / "other.parquet"
    assert ganbench("store", "export", folders / "both", "-o", whole).exit_code == 0
    results = read_tidy(whole)
    frame = results.frame.copy()
    frame.loc[frame["loss"].str.startswith("hinge"), "seed"] += 100
    write_tidy(replace(results, frame=frame), other)
    result = ganbench("compare", whole, other, "--exit-code")
    assert result.exit_code == 1
    assert "differs in 0 (0 better, 0 worse), and shows neither in 1." in words(result)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["both", "--exit-code"], "--exit-code compares two result sets"),
        (["both", "--baseline", "hinje"], "No loss named 'hinje'. Did you mean 'hinge'?"),
        (["both", "--by", "prior"], "The axis 'prior' has one variant. Axes with more: loss"),
        (["both", "--by", "colour"], "Choose among loss, architecture, prior, dataset"),
        (["both", "-m", "fid"], "No score named 'fid'."),
        (["nowhere"], "'nowhere' is no results folder"),
        (["both", "fewer", "both"], "one results folder or two, not 3"),
        (["both", "fewer", "--by", "loss"], "leave --by and --baseline out"),
        (["both", "both"], "Both result sets are called"),
    ],
)
def test_misuse(ganbench, folders, monkeypatch, arguments, words):
    monkeypatch.chdir(folders)
    refused(ganbench("compare", *arguments), words)


def test_without_results_the_usage_is_told(ganbench):
    refused(ganbench("compare"), "Missing argument 'RESULTS...'")


def test_folders_without_a_common_cell(ganbench, folders, tmp_path):
    other = Path(tmp_path / "other.toml")
    other.write_text(GRID.replace('["ns"]', '["hinge"]'))
    run = ["run", "--grid", other, "--results", tmp_path / "other", "--executor", "inline"]
    assert ganbench(*run, "--no-report", "-q").exit_code == 0
    refused(ganbench("compare", folders / "fewer", tmp_path / "other"), "have no cell in common")
