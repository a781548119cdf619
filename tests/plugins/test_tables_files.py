"""Any table from a file."""

import os
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from ganbench.api import SpecError
from ganbench_tabular import Table
from ganbench_tabular.files import read_table

ODD = """\
n,"flag, really",größe,when,word,both,x\r
1,true,1.5,2020-01-31,"a ""b"", c",0,0.1\r
,,,,,1,0.2\r
3,false,-2,2020-02-01,NA,1,0.30000000000000004\r
4,true,1e300,2020-02-02,"two
lines",0,1e-5\r
5,true,7,2020-02-02,日本 🐍,1,3\r
"""


@pytest.fixture
def odd(tmp_path):
    path = tmp_path / "odd file.csv"
    path.write_bytes(ODD.replace("1e300", "1e30").encode("utf-8-sig"))
    return path


def test_a_csv_file_is_read_as_it_is(odd):
    frame = read_table(odd)
    assert [str(dtype) for dtype in frame.dtypes] == [
        "Int64",
        "boolean",
        "float64",
        "datetime64[us]",
        "str",
        "int64",
        "float64",
    ]
    assert list(frame) == ["n", "flag, really", "größe", "when", "word", "both", "x"]
    assert frame["word"].tolist()[::3] == ['a "b", c', "two\nlines"]
    assert frame["x"].tolist() == [0.1, 0.2, 0.30000000000000004, 1e-5, 3.0]
    assert frame.isna().sum().tolist() == [1, 1, 1, 1, 2, 0, 0]


@pytest.mark.parametrize("encoder", ["standard", "quantile", "modes"])
def test_a_table_is_learned_with_an_inferred_schema(odd, encoder):
    data = Table(str(odd), target="both", encoder=encoder)
    kinds = {column.name: column.kind for column in data.spec.columns}
    categorical = {name for name, kind in kinds.items() if kind == "categorical"}
    assert categorical == {"flag, really", "word", "both"}
    assert data.judged.target == "both"
    for split in ("train", "test"):
        decoded = data.to_frame(data.rows(split))
        real = data.frame.iloc[data.positions[split]].reset_index(drop=True)
        pd.testing.assert_frame_equal(decoded, real, check_exact=True)
    train, test = data.positions["train"], data.positions["test"]
    assert sorted([*train, *test]) == list(range(5))


def test_what_is_written_can_be_read_again(odd, tmp_path):
    frame = read_table(odd)
    path = tmp_path / "again.csv"
    frame.to_csv(path, index=False)
    pd.testing.assert_frame_equal(read_table(path), frame, check_exact=True)


def test_the_schema_can_be_set(odd):
    data = Table(str(odd), categorical=("n", "when"), numeric="both")
    kinds = {column.name: column.kind for column in data.spec.columns}
    assert (kinds["n"], kinds["when"], kinds["both"]) == ("categorical", "categorical", "numeric")


def test_parquet_keeps_every_dtype(tmp_path):
    frame = pd.DataFrame(
        {
            "i": pd.array([1, None, 3, 2**62 + 1, 2**62], dtype="Int64"),
            "f": np.array([1.5, np.nan, 0, 1, 2], dtype=np.float32),
            "h": np.array([1.5, np.nan, 0, 1, 2], dtype=np.float16),
            "c": pd.Categorical(["b", None, "a", "b", "a"], ["b", "a", "unused"], ordered=True),
            "t": pd.to_datetime(["2020-01-01", None, "2020-01-03", "2021-01-01", "2020-01-01"]),
            "b": pd.array([True, None, False, True, True], dtype="boolean"),
            "s": ["", "ü", None, "x", "x"],
        },
        index=[5, 5, 2, 1, 0],
    )
    path = tmp_path / "t.parquet"
    frame.to_parquet(path)
    data = Table(str(path), split_seed=1)
    assert dict(data.frame.dtypes) == dict(frame.dtypes)
    for split in ("train", "test"):
        decoded = data.to_frame(data.rows(split))
        real = frame.reset_index(drop=True).iloc[data.positions[split]].reset_index(drop=True)
        pd.testing.assert_frame_equal(decoded, real, check_exact=True)


def test_tabs_separate_too(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("a\tb\n" + "1,5\t2\n" * 5)
    assert read_table(path)["a"].tolist() == ["1,5"] * 5


@pytest.mark.parametrize("end", ["", "\n"])
def test_empty_lines_of_a_single_column_are_missing_values(tmp_path, end):
    path = tmp_path / "t.csv"
    path.write_text(f'\n\na\n1\n\n""\n4{end}')
    frame = read_table(path)
    assert frame["a"].isna().tolist() == [False, True, True, False]
    assert frame["a"].dropna().tolist() == [1, 4]
    path.write_text("a,b\n1,x\n\n2,y\n")
    assert len(read_table(path)) == 2


def test_codes_of_categories_stay_as_they_are_written(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("zip,size,part,free\n007,1,1.50,007\n,2,,008\n010,,2.5,009\n123,2,1,010\n")
    data = Table(str(path), categorical=("zip", "size", "part"))
    assert data.frame["zip"].dropna().tolist() == ["007", "010", "123"]
    assert data.frame["part"].dropna().tolist() == ["1.50", "2.5", "1"]
    assert str(data.frame["size"].dtype) == "Int64"
    assert data.frame["free"].tolist() == [7, 8, 9, 10]
    assert read_table(path)["zip"].dropna().tolist() == [7, 10, 123]


def test_the_fingerprint_covers_the_content_only(odd, tmp_path):
    before = Table(str(odd)).fingerprint()
    copy = tmp_path / "other name.csv"
    shutil.copy(odd, copy)
    os.utime(copy, (0, 0))
    assert Table(str(copy)).fingerprint() == before
    assert Table(str(copy), split_seed=1).fingerprint() != before
    # The encoded rows are the same: only the name of a category differs.
    copy.write_bytes(odd.read_bytes().replace("日本".encode(), "木日".encode()))
    assert torch.equal(Table(str(copy)).rows("train"), Table(str(odd)).rows("train"))
    assert Table(str(copy)).fingerprint() != before


def test_the_home_folder_is_known(odd, monkeypatch):
    monkeypatch.setenv("HOME", str(odd.parent))
    assert Table("~/odd file.csv").spec == Table(str(odd)).spec


GOOD = b"a,b\n" + b"1,x\n" * 5


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"", "t.csv is empty"),
        ("t.csv", b"\n\n\n", "t.csv has no columns"),
        ("t.csv", b"a,b\n", "t.csv: The table has 0 rows, but at least 4 are needed"),
        ("t.csv", b"a,b\n1,2\n", "t.csv: The table has 1 row, but at least 4 are needed"),
        ("t.csv", GOOD + b"1,2,3\n", "t.csv, line 7: 3 fields, but the header has 2"),
        ("t.csv", GOOD + b"1\n", "t.csv, line 7: 1 field, but the header has 2"),
        ("t.csv", GOOD + b'1,"x\ny\n', "t.csv, line 8: unexpected end of data"),
        ("t.csv", GOOD + b"1,\xff\n", "t.csv is not UTF-8: byte 0xff in line 7"),
        ("t.csv", b"a,a\n1,2\n", "t.csv: more than one column is named 'a'"),
        ("t.csv", b"a;b\n1,5;2\n", "t.csv seems to be separated by semicolons"),
        ("t.csv", b"a\tb\n1\t2\n", "t.csv seems to be separated by tabs"),
        ("t.tsv", b"a;b\n1;2\n", "t.tsv seems to be separated by semicolons"),
        ("t.csv", b",a\n0,2\n", "t.csv: column 1 has no name in the header"),
        ("t.csv", b"a,b\n" + b"1,\n" * 5, "t.csv: The column 'b' has no values"),
        ("t.csv", b"a\n" + b"1.5\n" * 5 + b"-inf\n", "'a' has the value -inf in row 6"),
        (
            "t.csv",
            b"a\n" + b"".join(b"k%d\n" % i for i in range(300)),
            "'a' has 300 different values, but at most 256 are taken: raise max_categories",
        ),
        ("t.parquet", b"PAR1 and no more", "t.parquet cannot be read as parquet"),
        ("t.xlsx", GOOD, "t.xlsx must end in .csv, .tsv, .parquet"),
        ("t", GOOD, "must end in .csv, .tsv, .parquet"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SpecError) as error:
        Table(str(path))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"target": "c"}, "target: there is no column 'c'"),
        ({"target": "wrod"}, "Did you mean 'word'"),
        ({"categorical": "c"}, "categorical: there is no column 'c'"),
        ({"numeric": ("n", "c")}, "numeric: there is no column 'c'"),
        ({"numeric": "word"}, "numeric: the column 'word' holds 'a \"b\", c', which is no number"),
    ],
)
def test_a_bad_schema_is_one_sentence(odd, settings, words):
    with pytest.raises(SpecError) as error:
        Table(str(odd), **settings)
    assert words in str(error.value)
    assert str(error.value).count(str(odd)) == 1


def test_what_is_no_file_is_one_sentence(tmp_path):
    with pytest.raises(SpecError, match=r"There is no file .*gone\.csv"):
        Table(str(tmp_path / "gone.csv"))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SpecError, match=r"folder\.csv is a folder"):
        Table(str(tmp_path / "folder.csv"))
