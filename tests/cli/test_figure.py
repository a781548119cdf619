"""Figures from the command line."""

import json

import pytest


def test_figures_that_fit_are_written_and_their_paths_printed(ganbench, results, tmp_path):
    result = ganbench("figure", results, "-d", "ring8", "--out", tmp_path / "here")
    assert result.exit_code == 0
    names = {path.name for path in (tmp_path / "here").iterdir()}
    assert {"ring8-critic-landscapes.png", "ring8-noise-maps.png", "ring8-samples.png"} <= names
    assert not any("animation" in name for name in names)
    assert sorted(result.stdout.split()) == sorted(str(tmp_path / "here" / name) for name in names)
    assert "No " not in result.stderr


def test_a_kind_that_does_not_fit_says_why(ganbench, results, tmp_path):
    kinds = ["--kind", "ngram-tables", "--kind", "density"]
    result = ganbench("figure", results, *kinds, "--format", "pdf", "--out", tmp_path)
    assert result.exit_code == 0
    assert [path.name for path in tmp_path.glob("*.*")] == ["ring8-density.pdf"]
    assert "No ngram-tables of ring8: The dataset holds no sequences." in result.stderr
    assert "No density of digits: The dataset is no law on the plane." in result.stderr
    result = ganbench("figure", results, "--kind", "ngram-tables", "--out", tmp_path)
    assert result.exit_code == 2
    assert "No figure fits" in result.stderr


def test_json_tells_paths_and_captions(ganbench, results, tmp_path):
    arguments = ["--kind", "witness", "--json", "--out", tmp_path]
    told = json.loads(ganbench("figure", results, *arguments).stdout)
    assert [(each["kind"], each["of"]) for each in told] == [
        ("witness", "ring8"),
        ("witness", "digits"),
    ]
    assert told[0]["path"] == str(tmp_path / "ring8-witness.png")
    assert told[1]["path"] is None
    assert "violet" in told[0]["caption"]


def test_one_run_is_filmed(ganbench, results, tmp_path):
    runs = json.loads(ganbench("table", results, "--tidy", "--json").stdout)
    run = next(row["run_id"] for row in runs if row["dataset"] == "ring8" and row["seed"] == 1)
    arguments = ["--kind", "animation", "--run", run, "--out", tmp_path]
    result = ganbench("figure", results, *arguments)
    assert result.exit_code == 0, result.output
    (file,) = tmp_path.glob("*.gif")
    assert result.stdout.strip() == str(file)
    assert file.read_bytes().startswith(b"GIF89a")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--kind", "densty"), "Did you mean 'density'"),
        (("-d", "ring9"), "ring9"),
        (("--run", "zzz"), "No run begins with 'zzz'"),
        (("--format", "bmp"), "bmp"),
    ],
)
def test_bad_requests_are_one_sentence(ganbench, results, tmp_path, arguments, sentence):
    result = ganbench("figure", results, *arguments, "--out", tmp_path)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.output
