"""What goes into a paper: it compiles, and no figure is wider than the column."""

import re
import shutil
import subprocess
from dataclasses import replace

import pandas as pd
import pytest

from ganbench.errors import SpecError, UnknownComponentError
from ganbench.report.markup import in_latex
from ganbench.report.paper import write_paper
from ganbench.report.tables import LEGEND

WIDTH = 3.25


@pytest.fixture(scope="module")
def part(results):
    ring = results.frame["dataset"].eq("ring8")
    few = results.frame["loss"].isin(["plain", "edge & <b>"])
    return replace(results, frame=results.frame[ring & few])


@pytest.fixture(scope="module")
def paper(part, describe, tmp_path_factory):
    out = tmp_path_factory.mktemp("paper")
    return out, write_paper(part, describe(), out, WIDTH)


def named(paper):
    out, paths = paper
    return {path.relative_to(out).as_posix() for path in paths}


def test_every_part_is_there(paper):
    out, paths = paper
    assert {f"{name}.tex" for name in ("paper", "methods", "tables", "comparison", "figures")} | {
        "references.bib"
    } == {name for name in named(paper) if "/" not in name}
    assert all(path.exists() for path in paths)
    assert "were trained on 1 dataset" in (out / "methods.tex").read_text()
    for part in ("methods", "tables", "comparison", "figures"):
        assert rf"\input{{{part}}}" in (out / "paper.tex").read_text()


def test_all_kinds_that_fit_are_drawn_and_put_on_pages(paper):
    out, _ = paper
    text = (out / "figures.tex").read_text()
    kinds = {name.removeprefix("figures/ring8-")[:-4] for name in named(paper) if "ring8" in name}
    assert {"samples", "heatmaps", "seed-strips", "learning-curves", "rank-evolution", "pareto",
            "density", "witness"} == kinds  # fmt: skip
    for name in (each for each in named(paper) if each.endswith(".pdf")):
        assert rf"\includegraphics{{{name}}}" in text
        assert rf"\label{{fig:{name.removeprefix('figures/')[:-4]}}}" in text


def test_no_figure_is_wider_than_the_column(paper):
    _, paths = paper
    pages = [path for path in paths if path.suffix == ".pdf"]
    assert len(pages) > 8
    for path in pages:
        width = re.search(rb"/MediaBox \[ 0 0 ([\d.]+)", path.read_bytes())[1]
        assert float(width) <= 72 * WIDTH + 0.01, path.name


def test_tables_say_what_their_signs_mean(paper):
    out, _ = paper
    scores, compared = ((out / f"{name}.tex").read_text() for name in ("tables", "comparison"))
    assert scores.count(r"\toprule") == scores.count(r"\caption") == 1
    assert r"\label{tab:scores-ring8}" in scores
    assert r"edge \& \textless{}b\textgreater{}" in scores
    for words in ("ok: seeds that succeeded", *map(in_latex, LEGEND)):
        assert words in scores
    assert compared.count(r"\toprule") == compared.count(r"\caption") == 3  # one for all tasks
    assert set(re.findall(r"\\ref\{(.+?)\}", compared)) == set(
        re.findall(r"\\label\{(.+?)\}", compared)
    )
    assert "Holm" in compared


def test_methods_cite_what_the_references_hold(paper):
    out, _ = paper
    cited = set(re.findall(r"\\cite\{(.+?)\}", (out / "methods.tex").read_text()))
    held = re.findall(r"@misc\{(.+),", (out / "references.bib").read_text())
    assert "ada2021" in cited
    assert {key for each in cited for key in each.split(",")} == set(held)


def test_long_tables_go_on(results, describe, tmp_path):
    frame = results.frame[results.frame["dataset"].eq("ring8")]
    many = pd.concat(frame.assign(loss=frame["loss"] + f"+n{i}") for i in range(5))
    long = replace(results, frame=many)
    write_paper(long, describe(), tmp_path, 5, ["score-agreement"])
    text = (tmp_path / "tables.tex").read_text()
    assert "(1 of 2)" in text
    assert r"\label{tab:scores-ring8-2}" in text


def test_figures_are_chosen_by_name(part, describe, tmp_path):
    paths = write_paper(part, describe(), tmp_path, WIDTH, ["heatmaps", "pareto"])
    drawn = [path.stem for path in paths if path.suffix == ".pdf"]
    assert drawn == ["ring8-heatmaps", "ring8-pareto"]
    with pytest.raises(UnknownComponentError, match="Did you mean 'heatmaps'"):
        write_paper(part, describe(), tmp_path, WIDTH, ["heatmap"])
    with pytest.raises(SpecError, match="'animation' is a film"):
        write_paper(part, describe(), tmp_path, WIDTH, ["animation"])
    with pytest.raises(SpecError, match="No 'correlation-maps' fits ring8"):
        write_paper(part, describe(), tmp_path, WIDTH, ["correlation-maps"])


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_latex_makes_pages_of_it(paper):
    out, _ = paper
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper"]
    for command in (latex, ["bibtex", "paper"], latex, latex):
        ended = subprocess.run(
            command, cwd=out, capture_output=True, text=True, check=False, errors="replace"
        )
        assert ended.returncode == 0, ended.stdout[-2000:]
    assert (out / "paper.pdf").read_bytes().startswith(b"%PDF")
    log = (out / "paper.log").read_text(errors="replace")
    assert "undefined" not in log
    assert "Float too large" not in log
