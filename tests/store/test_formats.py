"""Results folders of every released format stay readable, and `ganbench run` goes on with them."""

import json
import shutil
from pathlib import Path

import pytest

from ganbench.results import load_results
from ganbench.store import Store
from ganbench.store.disk import FORMAT
from ganbench.store.upkeep import merge, verify

GOLDEN = Path(__file__).parent.parent / "golden"


WITH_CRITICS = 3
"""The first format that stores critics."""


def stored_as(store):
    return json.loads((store.folder / "experiment.json").read_bytes())["format"]


@pytest.fixture(params=range(1, FORMAT + 1))
def golden(request, tmp_path):
    shutil.copytree(GOLDEN / f"format-{request.param}", tmp_path / "golden")
    return Store(tmp_path / "golden")


def test_there_is_one_of_each_format():
    assert sorted(path.name for path in GOLDEN.glob("format-*")) == [
        f"format-{number}" for number in range(1, FORMAT + 1)
    ]


def test_a_golden_folder_is_whole_and_says_what_it_always_said(golden, registry):
    assert list(verify(golden)) == []
    results = load_results(golden, registry)
    runs = results.frame.drop_duplicates("run_id")
    assert runs["status"].value_counts().to_dict() == {"ok": 4, "incompatible": 2, "diverged": 1}
    assert (runs["attempts"] <= 1).all()
    scores = results.frame.dropna(subset="value").set_index(["dataset", "seed", "estimator"])
    values = scores["value"].round(6).to_dict()
    assert values == EXPECTED
    assert scores["floor"].notna().all()
    for run_id in runs.loc[runs["status"].eq("ok"), "run_id"]:
        assert len(results.samples(run_id)) == 50
        assert golden.generator(run_id)
        assert (golden.critic(run_id) is None) == (stored_as(golden) < WITH_CRITICS)
        assert not results.history(run_id).empty
        assert results.reason(run_id)


EXPECTED = {
    ("ring8", 0, "multi_rbf"): 0.467947,
    ("ring8", 0, "covered"): 0.0,
    ("ring8", 0, "quality"): 0.0,
    ("ring8", 0, "kl"): 1.385433,
    ("ring8", 1, "multi_rbf"): 0.372726,
    ("ring8", 1, "covered"): 0.0,
    ("ring8", 1, "quality"): 0.0,
    ("ring8", 1, "kl"): 1.208649,
    ("digits", 0, "multi_rbf"): 0.957636,
    ("digits", 1, "multi_rbf"): 0.577036,
}


def test_older_folders_merge_into_new_ones(golden, tmp_path):
    new = Store(tmp_path / "new")
    new.create()
    assert merge(new, golden).added == 5
    assert list(verify(new)) == []
    assert new.ids() == golden.ids()
