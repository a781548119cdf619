"""A page about components, runs and machines that were named to do harm."""

import base64
import csv
import io
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from ganbench.escaping import defused, plain
from ganbench.report import page
from ganbench.report.formats import render
from ganbench.report.page import write_report
from ganbench.report.tables import TIDY_COLUMNS, summary

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "' onmouseover=alert(1) x='",
    "javascript:alert(1)",
    "]]></style></title><svg/onload=alert(1)>",
    "<!-- --!><iframe srcdoc='<script>1</script>'>",
    "{{ name.__class__ }}{% include 'x' %}",
    "&lt;b&gt;&#60;",
    "\x00\x1b[2J\u202e\u2028\x9b",
]
WORDS = ("dataset", "prior", "generator", "discriminator", "loss", "reason", "device", "engine")
SCORES = ("metric", "estimator")
DATA = [f"data:{kind};base64," for kind in (
    "image/png", "text/csv", "application/json", "application/x-bibtex"
)]  # fmt: skip


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes, its links and its words."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.links, self.words = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, [name for name, _ in attrs]))
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag):
        self.elements.append((f"/{tag}", []))

    def handle_comment(self, data):
        self.elements.append(("comment", []))

    def handle_data(self, data):
        self.words.append(data)


def poisoned(results, text):
    """Put a text into every word that a plugin, a log or a stranger's folder can bring."""
    frame = results.frame[results.frame["dataset"].eq("tiles")].copy()
    for column in (*WORDS, *SCORES):
        present = frame[column].notna()
        frame.loc[present, column] = frame.loc[present, column].astype(str) + text
    frame["run_id"] = [f"{run}{text}" for run in frame["run_id"]]
    return replace(
        results,
        name=text,
        frame=frame,
        experiment={
            "commands": [f"ganbench run {text}"],
            "environment": {f"cpu{text}": text, "plugins": {text: f"owner {text}"}},
            "cells": {
                f"{key}{text}": {
                    **cell,
                    "labels": {part: f"{label}{text}" for part, label in cell["labels"].items()},
                    "recipe": {**cell["recipe"], f"schedule{text}": text},
                    "runs": {seed: f"{run}{text}" for seed, run in cell["runs"].items()},
                    "origin": text,
                    "device": f"cpu{text}",
                    "scores": {f"distance{text}": text},
                    "warnings": [f"it can hardly succeed {text}"],
                }
                for key, cell in results.experiment["cells"].items()
                if cell["labels"]["dataset"] == "tiles"
            },
        },
        dataset=lambda label: results.dataset("tiles"),
        samples=lambda run: results.samples(run.removesuffix(text)),
        history=lambda run: results.history(run.removesuffix(text)),
        reason=lambda run: f"Traceback\n{text}\n{run}",
    )


def skeleton(results, registry, text, folder):
    written = write_report(poisoned(results, text), folder, registry)
    return Skeleton(written.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def harmless(results, describe, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "pictures", no_figures)
        patch.setattr(page, "pictures_of_all", lambda results: ())
        return skeleton(results, describe("harmless"), "harmless", tmp_path_factory.mktemp("page"))


def no_figures(results, dataset):
    yield page.Picture(f"Samples {dataset}", f"Of {dataset}", {"png": b"\x89"})
    yield page.Picture(f"Curves {dataset}", f"Not drawn: {dataset}", {})


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_element_or_attribute_comes_from_a_name(
    results, describe, harmless, tmp_path, monkeypatch, text
):
    monkeypatch.setattr(page, "pictures", no_figures)
    monkeypatch.setattr(page, "pictures_of_all", lambda results: ())
    found = skeleton(results, describe(text), text, tmp_path)
    assert found.elements == harmless.elements
    assert all(link.startswith(("#", *DATA)) for link in found.links)
    assert " ".join(plain(text).split()) in " ".join("".join(found.words).split())
    assert all(sign.isprintable() or sign in "\n\t" for sign in "".join(found.words))


def test_figures_carry_no_code(results, describe, tmp_path):
    text = "<script>1</script>$x^2$ --><script/>"
    written = write_report(poisoned(results, text), tmp_path, describe())
    figures = sorted((written.parent / "figures").iterdir())
    assert len(figures) >= 10
    assert len(figures) % 2 == 0, "each as PNG and SVG"
    assert {figure.parent for figure in figures} == {tmp_path / "figures"}
    for figure in figures:
        if figure.suffix != ".svg":
            continue
        for element in ElementTree.parse(figure).iter():
            assert element.tag.rpartition("}")[2] not in ("script", "foreignObject", "a", "iframe")
            for name, value in element.attrib.items():
                assert not name.startswith("on")
                if name.endswith("href"):
                    assert value.startswith(("#", "data:image/png"))


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_spreadsheet_is_a_formula(results, describe, tmp_path, monkeypatch, sign):
    monkeypatch.setattr(page, "pictures", lambda *_: [])
    monkeypatch.setattr(page, "pictures_of_all", lambda results: ())
    bad = f"{sign}cmd|C:calc!A0"
    frame = results.frame[results.frame["dataset"].eq("tiles")].assign(dataset=bad, reason=bad)
    report = write_report(replace(results, frame=frame), tmp_path, describe())
    written = report.read_text(encoding="utf-8")
    link = next(link for link in Skeleton(written).links if link.startswith("data:text/csv"))
    tidy = base64.b64decode(link.split(",")[1]).decode()
    shown = plain(bad) if sign == "\r" else f"'{bad}"
    for text in (tidy, render(summary(frame), "csv")):
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        assert {row["dataset"] for row in rows} == {shown}
    assert tidy.startswith(",".join(TIDY_COLUMNS))
    assert defused(-1.5) == -1.5


def test_a_dataset_that_raises_costs_only_its_panel(results, describe, tmp_path):
    class Broken:
        def __getattr__(self, name):
            raise RuntimeError("<b>no")

    frame = results.frame[results.frame["dataset"].eq("tiles")]
    broken = replace(results, frame=frame, dataset=lambda label: Broken())
    text = write_report(broken, tmp_path, describe()).read_text(encoding="utf-8")
    assert "Not drawn: RuntimeError: &lt;b&gt;no" in text
    assert text.count("Not drawn") == 1
    for kind in ("Scores at a glance", "Scores by seed", "Learning curves"):
        assert f'alt="{kind} on tiles' in text
