"""Samples of tables and texts as pictures: what is odd stays readable."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from ganbench.api import Dataset, DataSpec
from ganbench.report.figures import encode, samples

N = 400
START = pd.Timestamp("2020-01-01")


def people(results, frame):
    """Return the results with another table in place of people."""
    data = results.dataset("people")

    class Other(type(data)):
        def to_frame(self, x):
            return frame.sample(len(x), replace=True, random_state=0, ignore_index=True)

    few = results.frame[results.frame["dataset"].eq("people") & results.frame["loss"].eq("plain")]
    return replace(results, frame=few, dataset=lambda _: Other())


def panel(results, column):
    figure = samples(people(results, pd.DataFrame(column)), "people")
    figure.canvas.draw()
    return next(axis for axis in figure.axes if axis.get_title())


def ticks(axis):
    low, high = sorted(axis.get_xlim())
    return [
        label.get_text()
        for place, label in zip(axis.get_xticks(), axis.get_xticklabels(), strict=True)
        if low <= place <= high
    ]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1.0, 2.0, None, 2.0]),
        pd.Series([1, 2, None, 2], dtype="Int64"),
        pd.Series([True, False, None, False], dtype="boolean"),
        pd.Series(["x", "y", None, "y"]),
    ],
)
def test_missing_values_have_a_slot(results, values):
    axis = panel(results, {"a": values})
    assert len(ticks(axis)) == 3
    assert ticks(axis)[-1] == "missing"
    heights = [bar.get_height() for bar in axis.patches[:3]]
    assert sum(heights) == pytest.approx(1)
    assert heights[-1] == pytest.approx(0.25, abs=0.07)  # 3 deviations of 400 draws


def test_rare_values_come_after_missing_ones(results):
    axis = panel(results, {"a": pd.Series([*"abcdefghijk", None] * 10)})
    assert ticks(axis)[-2:] == ["missing", "other"]
    assert sum(bar.get_height() for bar in axis.patches[:10]) == pytest.approx(1)


def test_a_histogram_says_how_much_is_missing(results):
    numbers = np.random.default_rng(0).normal(size=N)
    assert panel(results, {"a": numbers}).get_xlabel() == ""
    axis = panel(results, {"a": np.where(np.arange(N) % 2, numbers, np.nan)})
    share = int(axis.get_xlabel().removesuffix("% missing"))
    assert share == pytest.approx(50, abs=8)


@pytest.mark.parametrize(
    ("step", "form"),
    [
        ("1s", r"\d\d:\d\d:\d\d"),
        ("10min", r"\d\d-\d\d \d\d:\d\d"),
        ("1h", r"2020-\d\d-\d\d"),
        ("1D", r"202\d-\d\d"),
        ("10D", r"20[23]\d-\d\d"),
        ("30D", r"20\d\d"),
    ],
)
@pytest.mark.parametrize("zone", [None, "Europe/Paris"])
def test_dates_are_readable(results, step, form, zone):
    times = pd.Series(START + np.arange(N) * pd.Timedelta(step)).dt.tz_localize(zone)
    axis = panel(results, {"a": times})
    assert len(ticks(axis)) == 3
    assert pd.Series(ticks(axis)).str.fullmatch(form).all()
    assert len({*ticks(axis)}) == len(ticks(axis))
    assert axis.xaxis.get_offset_text().get_text() == ""


def test_few_dates_are_written_out(results):
    days = START + pd.to_timedelta([0, 1, 400], "D")
    assert ticks(panel(results, {"a": days})) == ["2020-01-01", "2020-01-02", "2021-02-04"]
    noon = days + pd.Timedelta("12h")
    assert ticks(panel(results, {"a": noon}))[0] == "2020-01-01 12:00"


def test_dates_at_the_ends_of_time_are_drawn(results):
    days = pd.Series(START.as_unit("s") + np.arange(N) * pd.Timedelta("1D").as_unit("s"))
    days.iloc[:150] = pd.Timestamp("9999-12-31").as_unit("s")
    assert ticks(panel(results, {"a": days}))


def test_a_column_that_is_nearly_constant_is_drawn(results):
    assert panel(results, {"a": np.r_[np.zeros(5000), np.arange(30)]}).patches


def test_labels_can_be_printed(results):
    axis = panel(results, {"a\tb": ["x\ny", "\x00", "x\ty"]})
    assert axis.get_title() == "a·b"
    assert {*ticks(axis)} == {
        "x·y",
        "·",
    }


def test_letters_that_no_font_has_give_no_warning(results):
    figure = samples(people(results, pd.DataFrame({"名": ["日本", "東京"]})), "people")
    for form in ("png", "svg"):
        assert encode(figure, form)


class Letters(Dataset):
    spec = DataSpec("sequence", (8, 4))
    symbols = ("a", "b", " ", "\t")

    def sample(self, n, split, rng):
        return torch.eye(4)[torch.randint(4, (n, 8), generator=rng)]


@pytest.mark.parametrize(
    "name",
    ["text(path='/tmp/rev/t.txt', length=8)", f"text(path='/{'long' * 40}.txt', length=8)", "t"],
)
def test_titles_fit_above_narrow_galleries(results, name):
    data, rng = Letters(), torch.Generator().manual_seed(0)
    frame = results.frame
    frame = frame[frame["dataset"].eq("ring8") & frame["loss"].eq("plain")].assign(dataset=name)
    mine = replace(
        results,
        frame=frame,
        dataset=lambda _: data,
        samples=lambda _: data.sample(20, "test", rng),
    )
    figure = samples(mine, name)
    figure.canvas.draw()
    box = figure._suptitle.get_window_extent()
    assert figure.bbox.x0 <= box.x0
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1
    assert not any(box.overlaps(axis.get_tightbbox()) for axis in figure.axes)
    shown = figure.get_suptitle().replace("\n", "").replace(" ", "")
    assert shown == f"{name}:realandgenerated".replace(" ", "")
