import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.calibration.__main__ import main
from benchmarks.calibration.pairs import PAIRS
from benchmarks.calibration.study import PLANS, Plan, Task, read_rows, run_task, standard_error
from benchmarks.calibration.study import tasks as tasks_of
from benchmarks.calibration.summary import summarise
from ganbench.metrics import Score

CHOICE = ["-p", "shift1", "-p", "ring8_miss1", "-p", "null_zipf1000", "-r", "60=2", "-j", "1"]
FIGURES = ("jsd", "c2st", "mmd", "intervals", "type_one", "power")


def study(folder, *arguments):
    result = CliRunner().invoke(main, [*CHOICE, "--folder", str(folder), *arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return where a tiny study of all sections has written."""
    path = tmp_path_factory.mktemp("study")
    study(path)
    return path


def test_a_study_writes_results_tables_and_figures(folder):
    results = json.loads((folder / "results.json").read_text())
    assert results["seed"] == 0
    assert results["environment"]["distributions"]["numpy"] == np.__version__
    for section in PLANS:
        assert results[section]["repeats"] == {"60": 2}
        assert results[section]["failed"] == []
        assert {row["repeats"] for row in results[section]["rows"]} == {2}
    text = (folder / "tables.md").read_text()
    assert "| `shift1` | 60 |" in text
    assert "nan" not in text
    for name in FIGURES:
        assert (folder / f"{name}.png").stat().st_size > 0


def test_floors_come_from_equal_laws_only(folder):
    rows = json.loads((folder / "results.json").read_text())["floors"]["rows"]
    assert {row["pair"] for row in rows} == {"shift1", "ring8_miss1", "null_zipf1000"}
    accuracies = [row["mean"] for row in rows if row["estimator"] == "c2st logistic2"]
    # Two accuracies of 60 held-out rows each: four standard errors about one half.
    assert all(abs(mean - 0.5) < 4 * 0.5 / math.sqrt(120) for mean in accuracies)


def test_an_interrupted_study_goes_on_where_it_stopped(folder, tmp_path):
    (tmp_path / "rows").mkdir()
    whole = (folder / "rows" / "power.jsonl").read_text()
    lines = whole.splitlines(keepends=True)
    half = "".join(lines[:2]) + lines[2][:20]
    (tmp_path / "rows" / "power.jsonl").write_text(half)
    output = study(tmp_path, "power")
    assert f"power: 2 calls are there, {len(lines) - 2} are left" in output
    again = read_rows(tmp_path / "rows" / "power.jsonl")
    for row, line in zip(again, lines, strict=True):
        seen = json.loads(line)
        assert row["scores"] == seen["scores"]
        assert row["estimator"] == seen["estimator"]
    assert "0 are left" in study(tmp_path, "power")
    assert f"{len(lines)} are left" in study(tmp_path, "power", "--fresh")


def test_draws_depend_on_section_pair_size_and_repeat_only():
    task = Task("power", "ring8_miss1", 60, 1, "mmd_test")
    (first,), (second,) = (run_task(task)["scores"] for _ in range(2))
    assert first == second
    (other,) = run_task(Task("power", "ring8_miss1", 60, 0, "mmd_test"))["scores"]
    assert other["value"] != first["value"]


def test_estimators_run_only_where_they_fit():
    plan = Plan(PLANS["bias"].estimators, {60: 1, 20_000: 1}, ["shift1", "cat10", "markov"])
    planned = {(task.pair, task.n, task.estimator) for task in tasks_of("bias", plan)}
    assert ("cat10", 60, "jsd_known_density") not in planned
    assert ("shift1", 60, "jsd_discrete") not in planned
    assert ("cat10", 60, "jsd_discrete bigrams") not in planned
    assert ("markov", 60, "jsd_discrete bigrams") in planned
    assert all(n == 60 for _, n, _ in planned)


def test_calls_that_are_refused_are_listed():
    task = Task("power", "ring8_miss1", 10, 0, "c2st")
    summary = summarise("power", [run_task(task)])
    (failure,) = summary["failed"]
    assert failure["calls"] == 1
    assert "at least 20" in failure["failed"]
    assert summary["rows"] == []


def call(section, value, repeat, **more):
    ends = {"low": None, "high": None, "p_value": None, "error": None}
    score = {"name": "jsd_knn", "value": value, **ends, **more}
    place = {"section": section, "pair": "shift1", "n": 60, "repeat": repeat}
    return {**place, "estimator": "jsd_knn", "seconds": 2.0, "scores": [score]}


def test_bias_and_coverage_by_hand():
    truth = PAIRS["shift1"].jsd
    gaps, ends = (0.01, 0.02, 0.06), ((-0.1, 0.1), (0.01, 0.1), (0.02, 0.1))
    calls = [
        call("bias", truth + gap, i, low=truth + low, high=truth + high, error=0.02)
        for i, (gap, (low, high)) in enumerate(zip(gaps, ends, strict=True))
    ]
    (row,) = summarise("bias", calls)["rows"]
    sd = math.sqrt((0.02**2 + 0.01**2 + 0.03**2) / 2)
    expected = {
        "bias": 0.03,
        "sd": sd,
        "bias_error": sd / math.sqrt(3),
        "error_ratio": 0.02 / sd,
        "covered": 1 / 3,
        "below": 1 / 3,
        "seconds": 2.0,
        "repeats": 3,
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-4)


def test_type_one_error_and_power_by_hand():
    calls = [call("null", 0.0, i, p_value=p) for i, p in enumerate((0.005, 0.04, 0.5, 1.0))]
    (row,) = summarise("null", calls)["rows"]
    assert row["rejected"] == {"0.01": 0.25, "0.05": 0.5, "0.1": 0.5}
    # Half of the p-values are at most .04, and only half are at .5 or below when 1/2 should be.
    assert row["ks"] == row["excess"] == pytest.approx(0.46)
    (row,) = summarise("power", calls)["rows"]
    assert row["power"] == 0.5


def test_floor_by_hand():
    (row,) = summarise("floors", [call("floors", v, i) for i, v in enumerate(range(21))])["rows"]
    assert (row["mean"], row["p95"]) == (10, 19)


def test_standard_errors_are_stated_or_implied():
    assert standard_error(Score(0.0, low=-1.0, details={"standard_error": 0.3})) == 0.3
    assert standard_error(Score(0.0, low=-1.959964, high=1.959964)) == pytest.approx(1, 1e-6)
    assert standard_error(Score(0.0, low=-1.644854)) == pytest.approx(1, 1e-6)
    assert standard_error(Score(0.0)) is None
