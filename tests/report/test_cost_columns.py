"""Seconds, steps and sizes of cells, and how each was trained."""

import math

from ganbench.comparison.columns import runs
from ganbench.report.cost_columns import HEADER, Cost, cost_columns, known, total
from ganbench.report.details import details
from ganbench.report.ranking import numbered
from ganbench.report.rerun import Rerun
from ganbench.report.tables import summary


def test_costs_are_means_over_ok_runs(results):
    frame = results.frame.assign(train_seconds=results.frame["seed"] + 1.0, eval_seconds=None)
    section = summary(frame).sections[0]
    runs_of = numbered(frame, section)
    found = cost_columns(section, runs_of)
    # Seed 1 of the fifth cell diverged.
    assert found[0].values[:2] == [1000, 2.5]
    assert found[4].values[1] == (1 + 3 + 4) / 3
    assert math.isnan(found[0].values[2])
    assert [found[0].entry(place) for place in (0, 1, 2)] == [
        ("1,000", 1000),
        ("2.50", 2.5),
        ("-", None),
    ]
    assert cost_columns(section, runs_of.assign(status="failed")) == {}


def test_columns_without_a_number_are_left_out():
    nothing = [math.nan] * (len(HEADER) - 2)
    costs = [Cost([1000, 0.5, *nothing], front=True), Cost([math.nan, 2.0, *nothing], front=False)]
    assert known(costs) == [0, 1]
    assert known([]) == []


def test_the_front_is_of_the_first_score_and_the_seconds(results):
    section = summary(results.frame).sections[0]
    (column, *_) = section.columns
    best = min(range(len(section.rows)), key=lambda at: section.rows[at].scores[column.name].mean)
    frame = results.frame.assign(train_seconds=1.0)
    found = cost_columns(section, numbered(frame, section))
    assert [place for place, cost in found.items() if cost.front] == [best]


def test_the_total_counts_each_run_once(results):
    frame = results.frame.assign(train_seconds=60.0, eval_seconds=0.5)
    assert len(runs(frame)) == 120
    assert total(frame) == "Training took 2.0 hours in all, and scoring 60 seconds."
    used = frame.assign(joules=100.0)
    assert total(used).startswith("Training took 2.0 hours and 12000 J in all")
    short = frame.assign(train_seconds=2.0)
    assert total(short).startswith("Training took 4 minutes in all")


def test_a_cell_tells_what_is_not_by_default(results, describe):
    section = summary(results.frame).sections[0]
    known = numbered(results.frame, section)
    cells = results.experiment["cells"].values()
    found = details(known, [0, 3], cells, Rerun(describe(), {}))
    assert set(found) == {0, 3}
    assert found[0].chosen == ["generator_steps = 1000"]
    assert found[0].usual == ["batch_size = 128"]
    assert found[3].command.startswith("ganbench run -d ring8 -a small -l 'edge & <b>'")
    assert details(known, [0], [{"warnings": []}], Rerun(describe(), {})) == {}
