"""`ganbench table --out`: a file in the format that its name says."""

import json

import pandas as pd
import pytest

READ = {
    ".csv": pd.read_csv,
    ".parquet": pd.read_parquet,
    ".html": lambda path: path.read_text(),
    ".json": lambda path: json.loads(path.read_text()),
    ".md": lambda path: path.read_text(),
    ".tex": lambda path: path.read_text(),
}


@pytest.mark.parametrize("tidy", [(), ("--tidy",)])
@pytest.mark.parametrize("ending", READ)
def test_the_ending_says_the_format(ganbench, results, tmp_path, ending, tidy):
    path = tmp_path / f"table{ending}"
    result = ganbench("table", results, "-o", path, *tidy)
    assert (result.exit_code, result.stdout.strip()) == (0, str(path))
    content = READ[ending](path)
    assert "ring8" in str(content.to_dict() if isinstance(content, pd.DataFrame) else content)


def test_numbers_survive_the_way_through_a_file(ganbench, results, tmp_path):
    ganbench("table", results, "--tidy", "-o", tmp_path / "a.parquet")
    ganbench("table", results, "--tidy", "-o", tmp_path / "a.json")
    rows = json.loads((tmp_path / "a.json").read_text())
    values = [row["value"] for row in rows if row["value"] is not None]
    assert values == pd.read_parquet(tmp_path / "a.parquet")["value"].dropna().tolist()


@pytest.mark.parametrize(
    ("path", "code", "told"),
    [("t.xlsx", 2, "Choose one of .csv, .md"), ("no/such/folder/t.csv", 4, "Cannot write")],
)
def test_what_cannot_be_written_is_one_sentence(ganbench, results, path, code, told):
    result = ganbench("table", results, "-o", path)
    assert (result.exit_code, told in result.stderr) == (code, True)


@pytest.mark.parametrize("asked", [("--format", "latex"), ("--format", "table"), ("--json",)])
def test_a_format_that_contradicts_the_ending_is_refused(ganbench, results, tmp_path, asked):
    result = ganbench("table", results, "-o", tmp_path / "t.csv", *asked)
    assert result.exit_code == 2
    assert f"says another format than '{asked[-1].removeprefix('--')}'" in result.stderr
    assert not (tmp_path / "t.csv").exists()
    assert ganbench("table", results, "-o", tmp_path / "t.csv", "--format", "csv").exit_code == 0
