"""ganbench from Python: what the command line does, in objects."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

import ganbench
from ganbench.execution.request import Workers
from ganbench.library import notebook
from ganbench.library.notebook import _bar
from ganbench.plugins import FILES_VARIABLE
from ganbench.store import Store

GRID = {
    "name": "tiny",
    "seeds": 2,
    "metrics": ["mmd(permutations=19)", "modes"],
    "datasets": ["ring8"],
    "priors": ["normal(dim=2)"],
    "architectures": ["mlp(width=4, depth=1)"],
    "losses": ["ns", "wgan"],
    "train": {"generator_steps": 5, "batch_size": 8, "block": 2},
    "evaluation": {"samples": 50, "floor_splits": 2},
}
MINE = """
from ganbench.api import from_scores, hookimpl


def mine():
    \"\"\"Mine.\"\"\"
    return from_scores(
        lambda real, fake: {slope} * (fake - real).mean(), lambda real, fake: -fake.mean()
    )


@hookimpl
def ganbench_losses():
    return {{"mine": mine}}
"""
INLINE = Workers(executor="inline")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library") / "results"
    return ganbench.run(GRID, results=folder, workers=INLINE, progress=False)


def test_what_is_run_is_a_results_folder_like_others(results):
    assert repr(results) == f"<ResultSet tiny: 4 of 4 runs ok, in {results.folder}>"
    again = ganbench.load(results.folder)
    pd.testing.assert_frame_equal(again.frame, results.frame)
    with pytest.raises(ganbench.GanbenchError, match="is no results folder"):
        ganbench.load("nowhere")


def test_run_and_load_read_names_alike(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    how = {"losses": ["ns"], "seeds": 1, "workers": INLINE, "progress": False}
    ganbench.run(GRID, **how)
    named = ganbench.run(GRID, results="tiny", **how)
    assert named.folder == ganbench.load("tiny").folder == Path("results/tiny")
    assert os.listdir() == ["results"]
    new = ganbench.run(GRID, results="new", **how)
    assert new.folder == ganbench.load("new").folder == Path("new")


def test_the_same_call_trains_nothing_and_axes_and_settings_add_what_is_missing(results, capsys):
    how = {"results": results.folder, "workers": INLINE}
    attempts = set(results.frame["attempts"])
    more = ganbench.run(GRID, **how)
    assert capsys.readouterr().err == ""
    assert set(more.frame["attempts"]) == attempts == {1}
    other = ganbench.run(
        GRID, **how, losses=["ls"], seeds=1, settings={"ema": 0.5}, progress=False
    )
    runs = other.frame.drop_duplicates("run_id")
    assert runs["loss"].value_counts().to_dict() == {"ns": 2, "wgan": 2, "ls": 1}


def test_bad_input_is_one_sentence_and_makes_no_folder(tmp_path):
    with pytest.raises(ganbench.GanbenchError, match="No loss named 'wgna'"):
        ganbench.run(GRID, losses=["wgna"], results=tmp_path / "r")
    with pytest.raises(ganbench.GanbenchError, match="There is no grid file"):
        ganbench.run(tmp_path / "grid.toml", results=tmp_path / "r")
    assert list(tmp_path.iterdir()) == []


def test_tables_are_frames_texts_and_html(results):
    table = results.table()
    assert list(table.frame["loss"]) == ["ns", "wgan"]
    assert "mmd(permutations=19)" in str(table)
    assert table.write("latex").count(r"\toprule") == 1
    html = results._repr_html_()
    assert html == table._repr_html_()
    assert "<caption>ring8</caption>" in html
    assert "real vs real" in html
    for wrong in ("xlsx", "table.csv"):
        with pytest.raises(ganbench.GanbenchError, match=f"No format named '{wrong}'.*latex"):
            table.write(wrong)


def test_figures_are_drawn_by_name(results):
    assert isinstance(results.plot("heatmaps"), Figure)
    assert isinstance(results.plot("samples", "ring8"), Figure)
    for wrong in (("heatmap", None), ("samples", "ring9")):
        with pytest.raises(ganbench.GanbenchError, match="Did you mean"):
            results.plot(*wrong)


def test_of_several_datasets_a_figure_needs_one(results):
    two = ganbench.ResultSet(results.store, results.registry)
    both = pd.concat([results.results.frame, results.results.frame.assign(dataset="grid25")])
    two.results = replace(results.results, frame=both)
    with pytest.raises(ganbench.GanbenchError, match="there are 2: ring8, grid25"):
        two.plot("samples")


def test_runs_are_found_by_the_beginning_of_their_id(results):
    run_id = results.frame["run_id"].iloc[0]
    assert torch.equal(results.samples(run_id[:12]), results.samples(run_id))
    assert results.samples(run_id).shape == (50, 2)
    assert set(results.history(run_id[:12])) == {"step", "quantity", "value"}
    for ask in (results.samples, results.history):
        with pytest.raises(ganbench.GanbenchError, match="No run begins with 'nope'"):
            ask("nope")
        with pytest.raises(ganbench.GanbenchError, match="4 runs begin with ''"):
            ask("")


def test_a_plugin_file_is_there_for_one_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(FILES_VARIABLE, raising=False)
    own = {"losses": ["mine"], "seeds": 1, "workers": INLINE, "progress": False}
    for name, slope in (("a", 1.0), ("b", 2.0)):
        Path(name).mkdir()
        Path(name, "mine.py").write_text(MINE.format(slope=slope))
        found = ganbench.run(GRID, plugins=[f"{name}/mine.py"], results=name, **own)
        assert set(found.frame["status"]) == {"ok"}
        assert ganbench.load(name, [f"{name}/mine.py"]).registry.names("loss").count("mine") == 1
    assert FILES_VARIABLE not in os.environ
    with pytest.raises(ganbench.GanbenchError, match="No loss named 'mine'"):
        ganbench.run(GRID, results="c", **own)


def test_variants_and_results_are_compared(results, tmp_path):
    compared = results.compare(by="loss", baseline="wgan")
    assert compared.comparison.baseline == "wgan"
    assert "verdict" in str(compared)
    assert "<table>" in compared._repr_html_()
    other = ganbench.run(GRID, seeds=3, results=tmp_path / "o", workers=INLINE, progress=False)
    both = results.compare_with(other).comparison
    # Seeds 0 and 1 are the same to the bit, seed 2 is on one side only.
    assert set(both.differences["verdict"]) == {"alike"}
    assert set(both.differences["pairs"]) == {2}
    (told,) = both.unmet
    assert told.startswith(f"2 runs of {other.folder} in cells of both")
    with pytest.raises(ganbench.GanbenchError, match="axis"):
        results.compare(by="weather")


def test_the_page_is_written(results, tmp_path):
    page = results.report(tmp_path / "page")
    assert page == tmp_path / "page" / "report.html"
    assert page.is_file()


@pytest.mark.slow
def test_a_script_without_a_guard_is_run_once_with_workers(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import ganbench\n"
        "print('begun')\n"
        f"found = ganbench.run({GRID!r}, seeds=1, results='results', progress=False)\n"
        "print(found)\n"
    )
    ended = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ended.stdout.count("begun") == 1
    assert "2 of 2 runs ok" in ended.stdout
    assert {run["status"] for run in Store(tmp_path / "results").runs().values()} == {"ok"}


def test_bars_are_closed_whatever_happens(monkeypatch):
    shown = []
    handle = SimpleNamespace(update=shown.append)
    display = SimpleNamespace(HTML=str, display=lambda html, display_id: handle)
    monkeypatch.setattr(notebook, "_display", lambda: display)
    monkeypatch.setattr(notebook, "in_notebook", lambda: True)
    task = SimpleNamespace(title="ring8 mlp")
    plan = SimpleNamespace(name="tiny", tasks=[task])
    monkeypatch.setattr(notebook, "_EVERY_SECONDS", -1.0)

    def work():
        with notebook.showing(plan, quiet=False) as watcher:
            watcher.task_event(task, {"step": 1, "total": 2})
            assert shown[-1].count("<progress") == 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert shown[-1].count("<progress") == 1
    assert shown[-1].endswith("s, stopped</div>")


def test_bars_hold_no_markup_of_names():
    assert "<b>" not in _bar(1, 2, "<b>")
    assert 'value="1" max="2"' in _bar(1, 2, "x")
