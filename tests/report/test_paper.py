"""What goes into a paper: it compiles, and figures have the width that was asked for."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from ganbench.plugins import load_plugins
from ganbench.report.paper import write_paper


@pytest.fixture(scope="module")
def paper(results, tmp_path_factory):
    out = tmp_path_factory.mktemp("paper")
    ring = results.frame["dataset"].eq("ring8")
    few = results.frame["loss"].isin(["plain", "edge & <b>", "relative"])
    part = replace(results, frame=results.frame[ring & few])
    return out, write_paper(part, load_plugins(), out, 3.25)


def test_every_part_is_there(paper):
    out, paths = paper
    names = {str(path.relative_to(out)) for path in paths}
    assert {"tables.tex", "comparison.tex", "methods.tex", "references.bib", "paper.tex"} < names
    figures = {name for name in names if name.startswith("figures/")}
    assert {"figures/ring8-samples.pdf", "figures/ring8-seed-strips.pdf"} <= figures
    assert (out / "tables.tex").read_text().count(r"\toprule") == 1
    assert r"edge \& \textless{}b\textgreater{}" in (out / "tables.tex").read_text()
    assert "were trained on 1 dataset" in (out / "methods.tex").read_text()


def test_figures_are_laid_out_for_the_column(paper, results, tmp_path):
    out, _ = paper
    write_paper(results, load_plugins(), tmp_path, 11.0)

    def inches(folder):
        page = (folder / "figures" / "ring8-seed-strips.pdf").read_bytes()
        return float(re.search(rb"/MediaBox \[ 0 0 ([\d.]+)", page)[1]) / 72

    assert inches(out) < 5 < inches(tmp_path) < 11.5


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_latex_makes_pages_of_it(paper):
    out, _ = paper
    ended = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=out, capture_output=True, text=True, check=False, errors="replace",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-2000:]
    assert (out / "paper.pdf").read_bytes().startswith(b"%PDF")
