import base64
import csv
import hashlib
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from ganbench.report import page as module
from ganbench.report.page import write_report

TEMPLATES = Path(module.__file__).parent / "templates"


class Page(HTMLParser):
    """Collects the tags of a page and its visible words."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def out(results, describe, tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    assert write_report(results, out, describe()) == out / "report.html"
    return out


@pytest.fixture(scope="module")
def source(out):
    return (out / "report.html").read_text()


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


def test_nothing_is_loaded_from_elsewhere(page, source):
    links = [a.get("src", a.get("href", "")) for _, a in page.tags if "src" in a or "href" in a]
    assert links
    assert all(link.startswith(("data:", "#")) for link in links)
    assert not re.search(r"url\(|@import|https?://", source)


def test_its_own_script_is_the_only_one_that_may_run(page, source):
    (opening,) = page.all("script")
    assert opening == {"type": "module"}
    script = source.partition('<script type="module">')[2].partition("</script>")[0]
    assert script == (TEMPLATES / "report.js").read_text().rstrip("\n")
    assert len(script.splitlines()) < 200
    (policy,) = (meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';")
    assert re.findall(r"script-src ([^;]+)", policy) == [f"'sha256-{digest}'"]


def test_labels_and_reasons_are_escaped(page, source):
    assert "<script>" not in source
    assert "edge & <b>" in "".join(page.words)
    assert page.all("b") == []


def test_it_says_what_is_best_what_failed_and_how_to_rerun(page):
    text = " ".join("".join(page.words).split())
    assert "ring8 plain (small) is best by distance rbf" in text
    assert "115 of 119 compatible runs are ok" in text
    for loss in ("plain", "plain+slope(gamma=0.1)", "far+slope(weight=10)", "relative"):
        assert loss in text
    for status in ("diverged", "failed", "timeout", "missing", "incompatible"):
        assert status in text
    assert "not finite at step 40" in text
    assert "Traceback of ring8-auto_encoder-0-2" in text
    assert "no such player for tables" in text
    assert "ganbench run --grid demo --seeds 4" in text
    assert "How far apart." in text


def test_figures_are_described_inlined_and_beside_the_page(page, out):
    images = page.all("img")
    kinds = ["Scores at a glance", "Scores by seed", "Learning curves", "Samples"]
    wanted = {f"{kind} on {name}." for kind in kinds for name in ("ring8", "people", "tiles")}
    wanted |= {"Score against time on ring8.", "Associations of columns on people."}
    wanted |= {"Agreement of scores on all datasets."}
    starts = {image["alt"][: image["alt"].index(".") + 1] for image in images}
    assert wanted <= starts
    for image in images:
        assert len(image["alt"]) > 40
        assert base64.b64decode(image["src"].split(",")[1]).startswith(b"\x89PNG")
    names = sorted(path.name for path in (out / "figures").iterdir())
    assert len(names) == 2 * len(images)
    assert {"ring8-samples.png", "tiles-scores-by-seed.svg"} <= set(names)


def test_everything_can_be_downloaded(page, results):
    links = {a["download"]: a["href"] for a in page.all("a") if "download" in a}
    texts = {name: base64.b64decode(link.split(",")[1]).decode() for name, link in links.items()}
    assert set(texts) == {"demo.csv", "demo.json", "demo.bib"}
    assert len(list(csv.DictReader(io.StringIO(texts["demo.csv"])))) == len(results.frame)
    sections = json.loads(texts["demo.json"])["sections"]
    assert [len(section["rows"]) for section in sections] == [10, 10, 10]
    assert "@misc{ada2021," in texts["demo.bib"]


def test_every_cell_tells_its_recipe_and_command(page):
    anchors = [a["id"] for a in page.all("div") if a.get("id", "").startswith("cell-")]
    assert len(set(anchors)) == len(anchors) == 30
    links = [a["href"][1:] for a in page.all("a") if a["href"].startswith("#cell-")]
    assert sorted(links) == sorted(anchors)
    text = "".join(page.words)
    assert text.count("ganbench run -d") == 30
    assert "generator_steps = 1000" in text
    assert "1,234" in text, "the size of a generator"


def test_headings_descend_one_by_one(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_missing_plugin_costs_only_its_panel(without_plugin, describe, tmp_path):
    frame = without_plugin.frame
    one = replace(without_plugin, frame=frame[frame["dataset"].eq("tiles")])
    text = write_report(one, tmp_path, describe()).read_text()
    assert "Not drawn: The plugin of &#39;tiles&#39; is not installed" in text
    assert text.count("Not drawn") == 1
    assert len(Page(text).all("img")) >= 3
    assert not list(tmp_path.rglob(".*")), "no temporary file is left"


def test_a_folder_without_runs_has_a_page(results, describe, tmp_path):
    empty = replace(results, frame=results.frame.iloc[:0])
    text = write_report(empty, tmp_path, describe()).read_text()
    assert "0 of 0 compatible runs are ok" in text
