"""The command of a cell plans exactly the runs that the cell has."""

import shlex

import pytest

from ganbench.cells import plan
from ganbench.cli import main
from ganbench.environment import find_device
from ganbench.evaluation import build_metrics
from ganbench.execution.tasks import make_plan
from ganbench.plugins import KINDS, Registry
from ganbench.report.rerun import Rerun
from ganbench.store import Store

NOTHING_IS_KNOWN = Registry({kind: {} for kind in KINDS}, (), None)
FIELDS = {
    "seeds": [0, 1, 2, 7],
    "datasets": ["ring8", "grid25(std=0.2)"],
    "losses": ["wgan+gp(weight=0.1)", "gmmn", "r3gan"],
    "architectures": ["mlp(width=4, depth=1)", "generator=elm discriminator=mlp"],
    "baselines": ["gaussian"],
    "evaluation": {"samples": 60, "floor_splits": 3},
}


def records(grid, registry, folder):
    store, metrics = Store(folder), build_metrics(grid.metrics, registry)
    store.create()
    made = make_plan(grid, plan(grid, registry), metrics, find_device("cpu"), store)
    return [made.record(planned) for planned in made.cells]


@pytest.fixture(scope="module")
def cells(tiny, registry, tmp_path_factory):
    return records(tiny(**FIELDS), registry, tmp_path_factory.mktemp("store") / "planned")


def planned(command, monkeypatch, tmp_path):
    """What `ganbench run` would record of the only cell of a command."""
    found = []
    monkeypatch.setattr(
        "ganbench.cli.run._show_plan",
        lambda plan, _: found.extend(plan.record(each) for each in plan.cells),
    )
    program, *arguments = shlex.split(command)
    assert program == "ganbench"
    folder = str(tmp_path / "again")
    main([*arguments, "--dry-run", "--results", folder], standalone_mode=False)
    (cell,) = found
    return cell


@pytest.mark.parametrize("known", [True, False])
def test_a_command_plans_the_same_runs_and_scores(cells, registry, known, monkeypatch, tmp_path):
    rerun = Rerun(registry if known else NOTHING_IS_KNOWN, {})
    assert len(cells) == 2 * (2 * 3 + 1)
    for cell in cells:
        again = planned(rerun.command(cell), monkeypatch, tmp_path)
        assert again["runs"] == cell["runs"]
        assert again["scores"] == cell["scores"]


def test_a_command_names_only_what_nobody_recommends(cells, registry):
    cell = next(cell for cell in cells if cell["labels"]["loss"].startswith("wgan"))
    short = Rerun(registry, {}).command(cell)
    assert short.count("--set") == 3, "what the grid sets"
    assert "--seeds 0-2,7-7" in short
    assert "--evaluation samples=60 --evaluation floor_splits=3" in short
    assert Rerun(NOTHING_IS_KNOWN, {}).command(cell).count("--set") > 20


def test_a_record_without_evaluation_takes_that_of_the_grid(cells, registry):
    cell = {key: value for key, value in cells[0].items() if key != "evaluation"}
    assert "--evaluation samples=70" in Rerun(registry, {"samples": 70}).command(cell)


def test_a_name_cannot_end_a_word_of_the_command(cells):
    cell = {**cells[0], "labels": {**cells[0]["labels"], "dataset": "x'; rm -r $HOME #"}}
    words = shlex.split(Rerun(NOTHING_IS_KNOWN, {}).command(cell))
    assert words[words.index("-d") + 1] == "x'; rm -r $HOME #"
