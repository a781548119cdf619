"""Grids: their fields, axes and rules, and what makes two runs the same."""

import re

import pytest

from ganbench.errors import SpecError
from ganbench.grid import Evaluation, load_grid, make_grid, parse_seeds, parse_settings


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "a/b"}, "name = 'a/b' cannot name a results folder"),
        ({"name": ".."}, "name = '..' cannot name a results folder"),
        ({"name": ""}, "name = '' cannot name a results folder"),
        ({"name": 3}, "field 'name' = 3 does not fit: input should be a valid string"),
        ({"seeds": 1.5}, "field 'seeds' = 1.5 does not fit: input should be a valid integer or"),
        ({"seeds": True}, "field 'seeds' = True does not fit"),
        ({"seeds": 0}, "seeds = 0 does not fit: give a count (10), a range (0-4)"),
        ({"seeds": [1, 1]}, "seeds = [1, 1] does not fit"),
        ({"metrics": "mmd"}, "field 'metrics' = 'mmd' does not fit"),
        ({"datasets": [3]}, "field 'datasets.0' = 3 does not fit"),
        ({"architectures": [3]}, "field 'architectures.0' = 3 does not fit: input should be a"),
        ({"datsets": ["ring8"]}, "No grid field named 'datsets'. Did you mean 'datasets'?"),
        ({"train": 3}, "field 'train' = 3 does not fit"),
        ({"evaluation": {"samples": 10}}, "field 'evaluation.samples' = 10 does not fit"),
        ({"evaluation": {"sample": 99}}, "No grid field named 'sample'. Did you mean 'samples'?"),
        ({"override": [{"where": {}}]}, "field 'override.0.set' is missing"),
        ({"override": [{"wher": {}, "set": {}}]}, "field 'override.0.where' is missing"),
        ({"exclude": [{"where": {}, "set": {}}]}, "No grid field named 'set'. Available: where."),
        ({"exclude": [{"where": {"los": "ns"}}]}, "No part of a cell named 'los'. Did you mean"),
    ],
)
def test_a_bad_field_gives_one_sentence(tiny, fields, sentence):
    with pytest.raises(SpecError) as caught:
        tiny(**fields)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name = ", "is no valid TOML"),
        (b"x = " + b"[" * 5000, "is no valid TOML"),
        (b"seeds = " + b"9" * 5000, "is no valid TOML"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"nmae = 'x'", "No grid field named 'nmae'. Did you mean 'name'?"),
    ],
)
def test_a_bad_file_gives_one_sentence(tmp_path, registry, content, sentence):
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    with pytest.raises(SpecError, match=re.escape(sentence)) as caught:
        load_grid(str(file), registry)
    assert str(file) in str(caught.value)


def test_grids_are_found_by_name_or_file(tmp_path, registry):
    assert load_grid("smoke", registry).name == "smoke"
    file = tmp_path / "mine.toml"
    file.write_text("seeds = [3, 1]")
    grid = load_grid(str(file), registry)
    assert (grid.name, grid.seed_list) == ("mine", [1, 3])
    for name, sentence in {
        "smkoe": "Did you mean 'smoke'[?] .* A file of your own must end in .toml",
        str(tmp_path / "no.toml"): "There is no grid file",
        str(tmp_path) + "/": "Cannot read the grid file",
        "a" * 5000 + ".toml": "is no path: it is longer than",
    }.items():
        with pytest.raises(SpecError, match=sentence):
            load_grid(name, registry)


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        *((3, [0, 1, 2]), ("3", [0, 1, 2]), ("2-4", [2, 3, 4]), ("7,1, 5", [1, 5, 7])),
        *(("0-1,5", [0, 1, 5]), ([4, 2], [2, 4]), ("4,", None), ("4-2", None), ("1,4-2", None)),
        *((-1, None), ("-1", None), ("", None), ([], None), ([-1], None), ([2**31], None)),
        *(("0-9999999999", None), (10**9, None), ("1,1", None), ("1.5", None), ("ten", None)),
    ],
)
def test_seeds_are_a_count_a_range_or_a_list(seeds, expected):
    if expected is None:
        with pytest.raises(SpecError, match="does not fit: give a count"):
            parse_seeds(seeds)
    else:
        assert parse_seeds(seeds) == expected


def test_settings_are_toml_values_or_words():
    texts = ["a=5", "b = 0.1", "c=adam", "d='x'", "e=true", "f=[1", "g=" + "9" * 5000]
    expected = {"a": 5, "b": 0.1, "c": "adam", "d": "x", "e": True, "f": "[1", "g": "9" * 5000}
    assert parse_settings(texts) == expected
    for text in ("a", "=5", "a=inf", "a=nan"):
        with pytest.raises(SpecError, match="--set"):
            parse_settings([text])


# ------------------------------------------------------------------------------ axes and rules


def test_the_limits_of_an_evaluation_are_checked():
    with pytest.raises(SpecError, match="floor_splits"):
        make_grid({"name": "x", "evaluation": {"floor_splits": 1}}, "test")
    assert Evaluation().samples >= 50
