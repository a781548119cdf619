"""ganbench from Python: what the command line does, in objects."""

import subprocess
import sys

import pandas as pd
import pytest
from matplotlib.figure import Figure

import ganbench
from ganbench.execution.request import Workers
from ganbench.library.notebook import _bar
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


def test_figures_are_drawn_by_name(results):
    assert isinstance(results.plot("heatmaps"), Figure)
    assert isinstance(results.plot("samples", "ring8"), Figure)
    for wrong in (("heatmap", None), ("samples", "ring9")):
        with pytest.raises(ganbench.GanbenchError, match="Did you mean"):
            results.plot(*wrong)


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


def test_bars_hold_no_markup_of_names():
    assert "<b>" not in _bar(1, 2, "<b>")
    assert 'value="1" max="2"' in _bar(1, 2, "x")
