"""What was planned and what came of it."""

import pandas as pd
import pytest

from ganbench.report import completeness
from ganbench.report.completeness import Share, failures, matrix


def test_every_fate_has_its_colour_and_words(results):
    found = matrix(results.frame)
    assert found.datasets == ["ring8", "people", "tiles"]
    assert (len(found.rows), found.more) == (10, 0)
    rows = dict(found.rows)
    assert rows["small · plain"] == [*[Share("whole", "4/4")] * 2, Share("part", "3/4, 1 timeout")]
    pair = rows["small vs auto_encoder · relative"]
    assert pair[0] == Share("part", "3/4, 1 missing")


@pytest.mark.parametrize(
    ("status", "share"),
    [
        ("incompatible", Share("barred", "incompatible")),
        ("missing", Share("missing", "0/4, 4 missing")),
        ("failed", Share("none", "0/4, 4 failed")),
    ],
)
def test_a_cell_without_an_ok_run(results, status, share):
    frame = results.frame[results.frame["dataset"].ne("tiles") | results.frame["loss"].eq("plain")]
    hit = frame["loss"].eq("plain") & frame["generator"].eq(frame["discriminator"])
    frame = frame.assign(status=frame["status"].mask(hit & frame["dataset"].eq("ring8"), status))
    rows = dict(matrix(frame).rows)
    assert rows["small · plain"][0] == share
    assert rows["small · relative"][2] == Share("absent", "-")


def test_of_many_variants_those_that_are_not_whole_come_first(results, monkeypatch):
    monkeypatch.setattr(completeness, "MOST_LISTED", 2)
    found = matrix(results.frame)
    assert found.more == 8
    for _, shares in found.rows:
        assert {share.state for share in shares} != {"whole"}
    assert failures(results).more == 1


def test_priors_and_baselines_have_their_place_in_the_name(results):
    one = results.frame[results.frame["loss"].eq("plain")]
    law = one.assign(prior="none", discriminator="none", loss="none", generator="kde")
    two = pd.concat([one, one.assign(prior="uniform"), law])
    names = [name for name, _ in matrix(two).rows]
    assert {"small · plain · normal(dim=16)", "small · plain · uniform", "baseline · kde"} <= set(
        names
    )
