"""Seconds, steps and sizes of cells, and how each was trained."""

import math

from ganbench.comparison.columns import runs
from ganbench.report.cost import spent
from ganbench.report.cost_columns import Cost, cost_columns, total
from ganbench.report.details import details
from ganbench.report.ranking import numbered
from ganbench.report.rerun import Rerun
from ganbench.report.tables import summary


def test_costs_are_means_over_ok_runs(results):
    frame = results.frame.assign(train_seconds=results.frame["seed"] + 1.0, eval_seconds=None)
    section = summary(frame).sections[0]
    known = numbered(frame, section)
    found = cost_columns(spent(known))
    # Seed 1 of the fifth cell diverged.
    assert found[0][:2] == (1000, 2.5)
    assert found[4].train_seconds == (1 + 3 + 4) / 3
    assert math.isnan(found[0].eval_seconds)
    assert found[0].entries[1:3] == [("2.50", 2.5), ("-", None)]
    assert cost_columns(spent(known.assign(status="failed"))) == {}


def test_what_is_not_known_is_a_dash():
    cost = Cost(1000, 0.5, 0.25, math.nan, 12345)
    shown = ["1,000", ".500", ".250", "-", "12,345"]
    assert [text for text, _ in cost.entries] == shown
    assert [value for _, value in cost.entries] == [1000, 0.5, 0.25, None, 12345]


def test_the_total_counts_each_run_once(results):
    frame = results.frame.assign(train_seconds=60.0, eval_seconds=0.5)
    assert len(runs(frame)) == 120
    assert total(frame) == "Training took 2.0 hours in all, and scoring 60 seconds."
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
