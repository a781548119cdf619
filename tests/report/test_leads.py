"""How far the others are from the best, as a page shows it."""

import pytest
from scipy import stats

from ganbench.report import leads as module
from ganbench.report.leads import leads
from ganbench.report.tables import summary
from tests.comparison.frames import tidy

VALUES = {
    ("ring", "mlp", "best"): [1.0, 1.1, 0.9, 1.0, 1.05, 1.02],
    ("ring", "mlp", "far"): [3.0, 3.2, 2.9, 3.1, 3.0, 3.3],
    ("ring", "mlp", "near"): [1.02, 1.05, 1.0, 0.95, 1.1, 1.0],
    ("ring", "mlp", "once"): [2.0, *["missing"] * 5],
}


@pytest.fixture
def found():
    (section,) = summary(tidy(VALUES, floor=5.0, floor_p95=6.0)).sections
    return leads(section)


def test_rivals_are_told_from_the_best_in_their_order(found):
    (lead,) = found
    assert (lead.title, lead.leader, lead.left_out) == ("distance ↓", "mlp · best", 0)
    near, once, far = lead.rows
    assert [row[0] for row in lead.rows] == ["mlp · near", "mlp · once", "mlp · far"]
    assert (near[1], near[5]) == ("6", "may be")
    assert once[1:] == ("1", "+1.00", "-", "0%", "not tested")
    best, other = VALUES["ring", "mlp", "best"], VALUES["ring", "mlp", "far"]
    test = stats.ttest_rel(other, best)
    low, high = test.confidence_interval()
    mean = sum(other) / 6 - sum(best) / 6
    assert far[2] == f"+{mean:.2f} [+{low:.2f}, +{high:.2f}]"
    assert far[3:] == ("<.001", "0%", "no")


def test_of_many_rivals_the_nearest_are_shown(found, monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 1)
    (section,) = summary(tidy(VALUES)).sections
    (lead,) = leads(section)
    assert ([row[0] for row in lead.rows], lead.left_out) == (["mlp · near"], 2)


def test_alone_there_is_nothing_to_tell():
    (section,) = summary(tidy({("ring", "mlp", "a"): [1.0, 2.0]})).sections
    assert leads(section) == []


def test_those_that_tie_are_as_good_and_have_no_star():
    values = {("ring", "mlp", loss): [8.0, 8.0, 8.0] for loss in "ab"}
    (section,) = summary(tidy(values)).sections
    assert [row[-1] for row in leads(section)[0].rows] == ["as good"]
    (column,) = section.columns
    assert [section.leads(row, column) for row in section.rows] == [True, True]
    assert not any(section.near(row, column) for row in section.rows)
