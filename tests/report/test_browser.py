"""The page in a real browser: what its script does, what it looks like, and what leaves it."""

import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, sync_playwright

from ganbench.report import page as module
from ganbench.report.figures.encoding import encode
from ganbench.report.figures.layout import canvas
from ganbench.report.page import write_report
from ganbench.report.pictures import Picture

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--disable-quic",
]  # fmt: skip
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
OPEN_ALL = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def file(results, describe, tmp_path_factory):
    def drawn(results, section):
        yield Picture("Samples", "Of 4 seeds.", {"png": encode(canvas(10, 1), "png")}, 10.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "pictures", drawn)
        return write_report(results, tmp_path_factory.mktemp("page"), describe())


@pytest.fixture
def visit(browser, file):
    """Open the page, or another; in the end nothing was said, and nothing asked for elsewhere."""
    contexts, said, asked = [], [], []

    def visit(path: Path = file, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert said == []
    assert {url for url in asked if not url.startswith("data:")} <= {file.as_uri()}


def scores(page):
    """The table of the first dataset."""
    return page.get_by_role("region", name="Scores on ring8")


def column(table, number):
    cells = table.locator(f"tbody tr:visible > :nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


def mean(text):
    return float(text.partition(" ")[0])


class TestSorting:
    def test_the_better_end_comes_first_then_the_other_then_the_order_of_before(self, visit):
        table = scores(visit())
        before = column(table, 4)
        header = table.locator("thead th").nth(3)
        button = header.get_by_role("button")
        assert header.get_attribute("aria-sort") == "none"
        button.click()
        assert header.get_attribute("aria-sort") == "ascending"
        assert column(table, 4) == sorted(before, key=mean)
        button.click()
        assert header.get_attribute("aria-sort") == "descending"
        assert column(table, 4) == sorted(before, key=mean, reverse=True)
        button.click()
        assert header.get_attribute("aria-sort") == "none"
        assert column(table, 4) == before

    def test_where_higher_is_better_the_highest_comes_first(self, visit):
        table = scores(visit())
        header = table.locator("thead th").nth(4)
        assert "↑" in header.inner_text()
        header.get_by_role("button").click()
        assert header.get_attribute("aria-sort") == "descending"
        assert column(table, 5) == sorted(column(table, 5), key=mean, reverse=True)

    def test_the_keyboard_sorts_and_one_column_at_a_time(self, visit):
        page = visit()
        table = scores(page)
        headers = table.locator("thead th")
        headers.nth(3).get_by_role("button").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        order = [headers.nth(i).get_attribute("aria-sort") for i in range(6)]
        assert order == ["none", "ascending", "none", "none", "none", "none"]
        assert column(table, 2) == sorted(column(table, 2), key=str.casefold)

    def test_what_has_no_number_is_last_both_ways_and_the_floor_stays(self, visit):
        page = visit()
        table = scores(page)
        table.locator("tbody td.number").nth(3).evaluate("(cell) => { cell.dataset.value = ''; }")
        bare = column(table, 4)[1]
        button = table.locator("thead th").nth(3).get_by_role("button")
        for _ in range(2):
            button.click()
            assert column(table, 4)[-1] == bare
        assert "real vs real" in table.locator("tfoot").inner_text()


class TestFiltering:
    def test_every_word_must_be_there_and_none_with_a_hyphen(self, visit):
        page = visit()
        table = scores(page)
        tools = page.locator("main > .tools").nth(1)
        box, count = tools.get_by_role("searchbox", name="Filter"), tools.locator("output")
        assert count.inner_text() == "10 rows"
        box.fill("SLOPE")
        assert set(column(table, 2)) == {"plain+slope(gamma=0.1)", "far+slope(weight=10)"}
        assert count.inner_text() == "4 of 10 rows"
        box.fill("slope vs")
        assert len(column(table, 2)) == 2
        box.fill("slope -vs -far")
        assert column(table, 2) == ["plain+slope(gamma=0.1)"]
        box.fill("nothing of that kind")
        assert column(table, 2) == []
        assert "real vs real" in table.inner_text()
        box.fill("")
        assert len(column(table, 2)) == 10

    def test_a_sorted_table_stays_filtered(self, visit):
        page = visit()
        table = scores(page)
        page.locator("main > .tools").nth(1).get_by_role("searchbox").fill("slope")
        table.locator("thead th").nth(3).get_by_role("button").click()
        shown = column(table, 4)
        assert len(shown) == 4
        assert shown == sorted(shown, key=mean)


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


class TestTheme:
    def test_the_button_goes_round_and_is_remembered(self, visit):
        page = visit(color_scheme="light")
        light = background(page)
        button = page.get_by_role("button", name="Theme")
        assert button.inner_text() == "Theme: auto"
        button.click()
        assert (button.inner_text(), background(page)) == ("Theme: light", light)
        button.click()
        dark = background(page)
        assert button.inner_text() == "Theme: dark"
        assert dark != light
        page.reload()
        assert (button.inner_text(), background(page)) == ("Theme: dark", dark)
        button.click()
        assert (button.inner_text(), background(page)) == ("Theme: auto", light)

    def test_left_alone_it_follows_the_system(self, visit):
        assert background(visit(color_scheme="dark")) != background(visit(color_scheme="light"))


class TestReading:
    def test_a_row_leads_to_its_cell_which_opens(self, visit):
        page = visit()
        link = scores(page).get_by_role("link", name="plain+slope(gamma=0.1)").first
        target = page.locator(link.get_attribute("href"))
        assert not target.is_visible()
        link.click()
        target.wait_for(state="visible")
        assert "ganbench run -d ring8" in target.inner_text()

    def test_a_command_can_be_copied(self, visit):
        page = visit(permissions=["clipboard-read", "clipboard-write"])
        page.evaluate(OPEN_ALL)
        cell = page.locator("#cell-1-0")
        cell.get_by_role("button", name="Copy").click()
        cell.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == cell.locator("pre").inner_text()
        assert copied.startswith("ganbench run")

    def test_where_copying_is_refused_the_text_is_selected(self, visit):
        page = visit()
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(Error()); }")
        page.locator("blockquote + button").click()
        page.get_by_role("button", name="Selected").wait_for()
        chosen = page.evaluate("getSelection().toString()")
        assert chosen == page.locator("blockquote").inner_text()

    def test_the_first_stop_of_the_keyboard_skips_to_the_results(self, visit):
        page = visit()
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert focused.inner_text() == "Skip to the results"
        assert focused.bounding_box()["x"] >= 0
        page.keyboard.press("Enter")
        assert page.url.endswith("#content")

    def test_without_a_script_everything_is_there(self, visit):
        page = visit(java_script_enabled=False)
        assert len(column(scores(page), 4)) == 10
        assert page.get_by_role("button").count() == 0

    def test_a_download_is_offered_under_its_name(self, visit):
        page = visit()
        for ending in ("csv", "json", "bib"):
            with page.expect_download() as caught:
                page.locator(f"a[download='demo.{ending}']").click()
            assert caught.value.suggested_filename == f"demo.{ending}"
            assert caught.value.path().stat().st_size > 100


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_with_all_details_open(visit, scheme):
    page = visit(color_scheme=scheme)
    page.evaluate(OPEN_ALL)
    page.locator("thead th button").nth(1).click()
    found = Axe().run(page).response
    assert len(found["passes"]) > 20
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


def test_a_phone_scrolls_down_only(visit):
    page = visit(**PHONE)
    page.evaluate(OPEN_ALL)
    content, window = page.evaluate(WIDTHS)
    assert content <= window == 360


def test_print_is_light_whole_and_without_controls(visit):
    page = visit(color_scheme="dark", viewport={"width": 680, "height": 900})
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    assert background(page) == "rgb(255, 255, 255)"
    for selector in ("nav", "#theme", ".tools", ".copy + button"):
        assert not page.locator(selector).first.is_visible(), selector
    table = scores(page)
    assert "loss" in table.locator("thead").inner_text(), "names of columns are no controls"
    parts = [table.locator(f"{part} th").last for part in ("thead", "tbody", "tfoot")]
    tops = [part.bounding_box()["y"] for part in parts]
    assert tops == sorted(set(tops)), "nothing covers another part"
    content, paper = page.evaluate(WIDTHS)
    assert content <= paper
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", pdf)) > 1


def test_what_gets_into_the_page_is_not_run_and_reaches_nobody(browser, file, tmp_path):
    evil = "<script>window.evil = 1</script><img src='https://x.test/' onerror='window.evil = 2'>"
    changed = tmp_path / "changed.html"
    changed.write_text(
        file.read_text().replace('<main id="content">', f'<main id="content">{evil}')
    )
    context = browser.new_context()
    page = context.new_page()
    answers = []
    page.on("requestfinished", lambda request: answers.append(request.url))
    page.goto(changed.as_uri())
    assert page.evaluate("window.evil") is None
    assert page.get_by_role("button", name="Theme").is_visible(), "its own script runs"
    with pytest.raises(Error, match="fetch"):
        page.evaluate("fetch('https://x.test/')")
    assert not [url for url in answers if url.startswith("http")]
    context.close()
