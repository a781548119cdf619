"""The tidy table as one file, written and read back."""

from dataclasses import replace

import pandas as pd
import pytest

from ganbench.comparison import compare_results
from ganbench.errors import SpecError, StoreError
from ganbench.report.tables import summary, tidy
from ganbench.report.tidyfile import read_tidy, write_tidy


@pytest.fixture
def kept(results, tmp_path):
    experiment = {"name": "kept", "grid": {}, "commands": ["ganbench run"], "environment": {}}
    mine = replace(results, name="kept", experiment=experiment)
    path = tmp_path / "scores.parquet"
    assert write_tidy(mine, path) == len(mine.frame)
    return mine, read_tidy(path)


def test_scores_come_back_as_they_were(kept):
    mine, back = kept
    pd.testing.assert_frame_equal(back.frame, tidy(mine.frame), check_dtype=False)
    assert back.name == "kept"
    assert back.experiment == mine.experiment
    assert [s.dataset for s in summary(back.frame).sections] == [
        s.dataset for s in summary(mine.frame).sections
    ]


def test_they_compare_with_the_results_themselves(kept):
    compared = compare_results(*kept, names=("mine", "reference"))
    told = compared.pairwise
    assert len(told)
    assert (told["effect"].dropna() == told["scale"].eq("log").astype(float)).all()


def test_what_is_not_in_the_file_is_said(kept):
    _, back = kept
    with pytest.raises(SpecError, match="holds scores alone, and nothing else of r1"):
        back.samples("r1")


def test_a_file_that_is_no_table_is_one_sentence(tmp_path):
    path = tmp_path / "other.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(StoreError, match="is no table of results; `ganbench store export"):
        read_tidy(path)
    path.write_bytes(b"no parquet")
    with pytest.raises(StoreError, match="is no table of results"):
        read_tidy(path)
