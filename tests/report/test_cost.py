"""Seconds, steps and sizes of cells, and how each was trained."""

import math

from ganbench.report.cost import Cost, costs, total
from ganbench.report.details import details
from ganbench.report.ranking import numbered
from ganbench.report.rerun import Rerun
from ganbench.report.tables import runs, summary


def test_costs_are_means_over_ok_runs(results):
    frame = results.frame.assign(train_seconds=results.frame["seed"] + 1.0, eval_seconds=None)
    section = summary(frame).sections[0]
    known = numbered(frame, section)
    found = costs(known, range(len(section.rows)), lambda run_id: 7)
    # Seed 1 of the fifth cell diverged.
    assert found[0] == Cost(1000, 2.5, found[0].scoring, 7, "traced")
    assert found[4].training == (1 + 3 + 4) / 3
    assert math.isnan(found[0].scoring)
    assert found[0].entries[1:3] == [("2.50", 2.5), ("-", None)]
    failed = known.assign(status="failed")
    assert costs(failed, range(3), lambda run_id: 7) == {}


def test_an_unknown_size_is_a_dash():
    cost = Cost(1000, 0.5, 0.25, None, "traced")
    assert cost.entries == [("1,000", 1000), (".500", 0.5), (".250", 0.25), ("-", None)]


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
