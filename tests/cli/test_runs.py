"""Running and reading a small grid from the command line."""

import csv
import io
import json
import shutil
import signal

import pytest

from ganbench.report.tables import TIDY_COLUMNS

COLUMNS = [
    "run_id", "dataset", "prior", "generator", "discriminator", "loss", "seed", "status",
    "reason", "metric", "estimator", "value", "low", "high", "p_value", "floor", "floor_p95",
    "n_real", "n_fake", "generator_steps", "train_seconds", "eval_seconds", "device", "engine",
    "block", "attempts", "joules", "generator_parameters", "critic_parameters",
    "generator_passes", "critic_passes", "torch", "hardware", "better",
    "headline",
]  # fmt: skip


def tidy(ganbench, results):
    text = ganbench("table", results, "--tidy", "--format", "csv").stdout
    return list(csv.DictReader(io.StringIO(text)))


def inline(grid_file, results, *more):
    arguments = ["--grid", grid_file, "--results", results, "--executor", "inline"]
    return ["run", *arguments, "--no-report", *more]


def test_a_run_prints_the_table_and_its_progress(first_run):
    folder, result = first_run
    assert result.exit_code == 0, result.output
    assert "ring8" in result.stdout
    assert "2/2" in result.stdout
    assert "2 ok" in result.stderr
    assert (folder / "experiment.json").is_file()
    assert not (folder / "report").exists()


def test_the_second_time_everything_is_cached(ganbench, grid_file, results):
    before = {path: path.stat().st_mtime_ns for path in results.glob("runs/*/*")}
    result = ganbench(*inline(grid_file, results))
    assert result.exit_code == 0
    assert result.stderr.startswith("All 4 runs are cached in ")
    assert before == {path: path.stat().st_mtime_ns for path in results.glob("runs/*/*")}
    quiet = ganbench(*inline(grid_file, results, "-q"))
    assert (quiet.exit_code, quiet.stderr) == (0, "")
    assert json.loads(ganbench(*inline(grid_file, results, "-q", "--json")).stdout)


def test_a_dry_run_shows_what_would_be_done(ganbench, grid_file, results, tmp_path):
    fresh = ganbench(*inline(grid_file, tmp_path / "new", "--dry-run"))
    assert "4 runs to do in 5 tasks on cpu." in fresh.stdout
    assert "dcgan(width=2) fits image" in " ".join(fresh.stdout.split())
    assert not (tmp_path / "new").exists()
    cached = ganbench(*inline(grid_file, results, "--dry-run", "--seeds", "3"))
    assert "2 runs to do in 2 tasks" in cached.stdout
    cells = json.loads(ganbench(*inline(grid_file, results, "--dry-run", "--json")).stdout)
    assert [set(cell["status"].values()) for cell in cells] == [{"ok"}, {"incompatible"}, {"ok"}]


def test_flags_fill_in_a_grid_or_replace_its_axes(ganbench, grid_file):
    flags = ["-d", "ring8", "-a", "mlp", "-l", "ns", "--dry-run", "--json"]
    (cell,) = json.loads(ganbench("run", *flags).stdout)
    assert cell["labels"]["prior"] == "normal"
    more = ["-l", "ls", "-l", "mm", "-a", "mlp", "--seeds", "7", "--set", "ema=0.5"]
    cells = json.loads(ganbench("run", "--grid", grid_file, *more, "--dry-run", "--json").stdout)
    assert [cell["labels"]["loss"] for cell in cells] == ["ls", "mm"] * 2
    assert {cell["recipe"]["ema"] for cell in cells} == {0.5}
    assert {len(cell["runs"]) for cell in cells} == {7}


def test_the_tidy_csv_has_the_promised_columns(ganbench, results):
    rows = tidy(ganbench, results)
    assert list(rows[0]) == COLUMNS == list(TIDY_COLUMNS)
    runs = {row["run_id"]: row for row in rows}
    assert sorted(run["status"] for run in runs.values()) == ["incompatible"] * 2 + ["ok"] * 4
    for row in rows:
        if row["status"] == "ok":
            assert row["metric"]
            assert float(row["value"]) == float(row["value"])
            assert row["floor"]
            assert (row["generator_steps"], row["block"], row["device"]) == ("5", "2", "cpu")
        else:
            assert (row["metric"], row["value"]) == ("", "")
            assert "fits image data" in row["reason"]
    scores = {(row["dataset"], row["metric"]) for row in rows if row["metric"]}
    expected = {("ring8", "mmd(permutations=19)"), ("ring8", "modes")}
    assert scores == {*expected, ("digits", "mmd(permutations=19)")}


@pytest.mark.parametrize("tidy", [(), ("--tidy",)])
@pytest.mark.parametrize("form", ["table", "csv", "md", "latex", "json", "html"])
def test_tables_come_in_all_formats(ganbench, results, form, tidy):
    result = ganbench("table", results, "--format", form, *tidy)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "ring8" in result.stdout
    if form == "json":
        assert json.loads(result.stdout)
    elif form == "csv":
        assert len({len(row) for row in csv.reader(io.StringIO(result.stdout)) if row}) == 1


def test_status_counts_runs(ganbench, results):
    rows = json.loads(ganbench("status", results, "--json").stdout)
    assert [{key: row[key] for key in ("ok", "incompatible") if key in row} for row in rows] == [
        {"ok": 2},
        {"incompatible": 2},
        {"ok": 2},
    ]
    assert ganbench("status", results).stdout.rstrip().endswith("4 ok, 2 incompatible.")


def test_show_tells_the_story_of_a_run(ganbench, results):
    run_id = next(row["run_id"] for row in tidy(ganbench, results) if row["status"] == "ok")
    for arguments in ([run_id, "--results", results], [results / "runs" / run_id]):
        result = ganbench("show", *arguments)
        assert result.exit_code == 0
        assert f"run_id: {run_id}" in result.stdout
        assert "engine: " in result.stdout
        assert "mmd(permutations=19)" in result.stdout
    story = json.loads(ganbench("show", run_id[:10], "--results", results, "--json").stdout)
    assert (story["run_id"], story["status"]) == (run_id, "ok")
    assert {score["metric"] for score in story["scores"]} >= {"mmd(permutations=19)"}
    ambiguous = ganbench("show", "", "--results", results)
    assert ambiguous.exit_code == 2
    assert "4 runs begin with ''" in ambiguous.stderr


def test_results_are_found_by_name_below_results(ganbench, results, tmp_path):
    (tmp_path / "here" / "results").symlink_to(results.parent)
    assert ganbench("status", "tiny").exit_code == 0
    unknown = ganbench("status", "tyni")
    assert unknown.exit_code == 2
    assert "Below ./results there are: tiny." in unknown.stderr
    run_id = next(results.glob("runs/*")).name
    assert ganbench("show", run_id).exit_code == 0


def test_the_report_is_one_page(ganbench, results, tmp_path):
    result = ganbench("report", results, "--out", tmp_path / "page")
    assert (result.exit_code, result.stderr) == (0, "")
    page = next((tmp_path / "page").glob("*.html"))
    assert str(page) in result.stdout.replace("\n", "")
    (tmp_path / "file").write_text("in the way")
    in_the_way = ganbench("report", results, "--out", tmp_path / "file")
    assert (in_the_way.exit_code, len(in_the_way.stderr.splitlines())) == (2, 1)
    unwritable = ganbench("report", results, "--out", tmp_path / "file" / "below")
    assert (unwritable.exit_code, len(unwritable.stderr.splitlines())) == (4, 1)
    assert "Cannot write the report below" in unwritable.stderr


def test_damaged_results_are_named(ganbench, results, grid_file, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(results, copy)
    next(copy.glob("runs/*/scores.parquet")).write_bytes(b"nonsense")
    for arguments in (["table", copy], ["report", copy]):
        assert ganbench(*arguments).exit_code == 0
    shown = ganbench("status", copy)
    assert "3 ok, 1 damaged" in shown.stdout
    run = ganbench(*inline(grid_file, copy))
    assert run.exit_code == 0
    assert "scores.parquet has 8 bytes instead of" in run.stderr
    assert "It was moved to" in run.stderr
    assert "What this command asks for is made anew." in run.stderr
    assert "4 ok" in ganbench("status", copy).stdout
    (copy / "experiment.json").write_text('{"format": 99}')
    newer = ganbench("table", copy)
    assert newer.exit_code == 4
    assert "has format 99" in newer.stderr


def test_failed_runs_are_told_and_counted(ganbench, grid_file, tmp_path):
    wild = ["generator_optimizer=sgd", "critic_optimizer=sgd", "generator_rate=1e30"]
    settings = [part for text in [*wild, "critic_rate=1e30"] for part in ("--set", text)]
    only = ["-d", "ring8", "-a", "mlp(width=4, depth=1)", "--seeds", "1", "-m", "modes"]
    results = tmp_path / "wild"
    result = ganbench(*inline(grid_file, results, *only, *settings))
    assert result.exit_code == 1
    assert "diverged: ring8 · ns · seed 0: no longer finite" in result.stderr
    (row,) = tidy(ganbench, results)
    assert (row["status"], row["metric"]) == ("diverged", "")
    assert "no longer finite" in row["reason"]
    again = ganbench(*inline(grid_file, results, *only, *settings))
    assert again.exit_code == 1, "a cached failure is still a failure"
    dry = ganbench(*inline(grid_file, results, *only, *settings, "--dry-run", "--retry-failed"))
    assert "1 runs to do" in dry.stdout


@pytest.mark.parametrize(("presses", "said"), [(1, "Interrupted. The same"), (2, "Stopped.")])
def test_an_interrupted_run_says_so(ganbench, grid_file, tmp_path, monkeypatch, presses, said):
    def pressed(*_):
        for _ in range(presses):
            signal.raise_signal(signal.SIGINT)
        return []

    monkeypatch.setattr("ganbench.execution.executors.perform", pressed)
    result = ganbench(*inline(grid_file, tmp_path / "new"))
    assert result.exit_code == 130
    assert said in result.stderr
    assert [row["status"] for row in tidy(ganbench, tmp_path / "new")].count("missing") == 4


def test_baselines_run_alone_and_stand_below_the_games(ganbench, tmp_path):
    folder = tmp_path / "beside"
    common = ["-d", "ring8", "--seeds", "2", "-m", "mmd(permutations=19)", "--executor", "inline"]
    alone = ganbench(
        "run", *common, "-b", "gaussian", "-b", "ngram", "--results", folder, "--no-report"
    )
    assert alone.exit_code == 0, alone.output
    rows = tidy(ganbench, folder)
    assert {(row["generator"], row["loss"], row["status"]) for row in rows} == {
        ("gaussian", "none", "ok"),
        ("ngram", "none", "incompatible"),
    }
    assert {row["generator_steps"] for row in rows if row["status"] == "ok"} == {"0"}
    game = ["-a", "mlp(width=4, depth=1)", "-l", "gmmn", "-p", "normal(dim=1)", "-b", "gaussian"]
    steps = ["--set", "generator_steps=5", "--set", "batch_size=8"]
    beside = ganbench("run", *common, *game, *steps, "--results", folder)
    assert beside.exit_code == 0, beside.output
    assert "Warning: normal(dim=1) fills fewer dimensions than ring8 does (1 < 2)" in beside.stderr
    table = [line.split() for line in beside.stdout.splitlines()]
    assert ["mlp(width=4,", "depth=1)", "gmmn", "2/2"] in [line[:4] for line in table]
    assert ["baseline", "gaussian", "2/2"] in [line[:3] for line in table]
    page = " ".join((folder / "report" / "report.html").read_text(encoding="utf-8").split())
    assert "gmmn (mlp(width=4, depth=1)) is best by mmd" in page
    assert "; of the baselines, gaussian is best with" in page
    assert "normal(dim=1) fills fewer dimensions than ring8 does" in page
