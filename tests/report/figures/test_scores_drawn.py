"""What figures of scores, curves and samples show."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.contour import QuadContourSet
from matplotlib.text import Text

from ganbench.errors import GanbenchError
from ganbench.report.figures import (
    encode,
    heatmaps,
    learning_curves,
    samples,
    seed_strips,
)
from ganbench.report.figures.sections import section_of
from ganbench.report.figures.typical import typical_seed

DRAWN = [heatmaps, seed_strips, learning_curves, samples]


def texts(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


def assert_legend_is_beside_the_panels(figure):
    figure.canvas.draw()
    for legend in figure.legends:
        box = legend.get_window_extent()
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        for axis in figure.axes:
            assert not box.overlaps(axis.get_tightbbox())


@pytest.mark.parametrize("draw", DRAWN)
@pytest.mark.parametrize("dataset", ["ring8", "people", "tiles"])
def test_every_figure_is_labelled_and_leaves_no_global_state(results, draw, dataset):
    figure = draw(results, dataset)
    assert_legend_is_beside_the_panels(figure)
    shown = texts(figure).replace("\n", "")
    for label in ("plain+slope(gamma=0.1)", "relative", "auto_encoder"):
        assert label in shown
    assert plt.get_fignums() == []


def test_files_are_the_same_for_the_same_figure(results):
    one, two = (encode(heatmaps(results, "ring8"), "svg") for _ in range(2))
    assert one == two
    assert one.startswith(b"<?xml")
    assert encode(heatmaps(results, "ring8"), "png").startswith(b"\x89PNG")


def test_heatmaps_have_a_panel_per_score_and_count_failures(results):
    figure = heatmaps(results, "ring8")
    assert len(figure.axes) == 3
    assert texts(figure).count("3/4 ok") == 9
    lower, higher, _ = (axis.collections[0].get_cmap().name for axis in figure.axes)
    assert (lower, higher) == ("viridis", "viridis_r")


def test_seed_strips_show_every_seed(results):
    figure = seed_strips(results, "ring8")
    pale = [c for c in figure.axes[0].collections if c.get_alpha() == 0.45]
    assert sum(len(points.get_offsets()) for points in pale) == 37


def test_learning_curves_have_a_line_per_loss_and_a_column_per_quantity(results):
    figure = learning_curves(results, "tiles")
    panels = [axis for axis in figure.axes if axis.get_title()]
    assert len(panels) == 5 * 3
    assert [axis.get_title() for axis in panels[:3]] == [
        "critic loss",
        "generator loss",
        "distance rbf",
    ]


def test_a_band_that_reaches_zero_is_seen_whole(results):
    def history(run):
        curves = results.history(run)
        low = run.endswith("0")  # the scores of one seed are below zero, the means are not
        scale = np.where(curves["quantity"].eq("distance/rbf") & low, -1e-3, 1.0)
        return curves.assign(value=curves["value"] * scale)

    figure = learning_curves(replace(results, history=history), "tiles")
    axis = next(each for each in figure.axes if each.get_title() == "distance rbf")
    assert axis.get_yscale() == "symlog"
    (band, *_) = axis.collections
    lowest = min(path.vertices[:, 1].min() for path in band.get_paths())
    assert axis.get_ylim()[0] <= lowest < 0
    assert learning_curves(results, "tiles").axes[3].get_yscale() == "log"


def test_samples_of_the_plane_carry_contours_of_the_density(results):
    figure = samples(results, "ring8")
    panels = [axis for axis in figure.axes if axis.get_title()]
    assert len(panels) == 2 * 6
    assert all(axis.findobj(QuadContourSet) for axis in panels)


def test_a_cell_without_ok_runs_says_so_in_every_figure(results):
    frame = results.frame.copy()
    mine = frame["loss"].eq("plain") & frame["discriminator"].eq("small")
    frame.loc[mine, "status"] = "killed"
    frame.loc[mine, ["metric", "value", "headline"]] = [None, None, False]
    killed = replace(results, frame=frame)
    for draw in (heatmaps, seed_strips, samples):
        assert "killed" in texts(draw(killed, "ring8"))


def test_the_typical_seed_has_the_median_score(results):
    section = section_of(results, "tiles")
    row = section.rows[0]
    values = row.scores["distance rbf"].values
    assert len(values) == 3
    assert values[typical_seed(section, row)] == pd.Series(values).median()


def test_what_cannot_be_drawn_is_said(results, without_plugin):
    with pytest.raises(GanbenchError, match="not installed"):
        samples(without_plugin, "ring8")
    unscored = replace(results, frame=results.frame[results.frame["status"].eq("failed")])
    with pytest.raises(GanbenchError, match="score"):
        heatmaps(unscored, "ring8")
    with pytest.raises(GanbenchError, match="history"):
        learning_curves(unscored, "ring8")


def test_grey_panels_are_told_apart_from_those_with_a_better_side(results):
    neither = replace(
        results,
        frame=results.frame.assign(better=results.frame["better"].replace("lower", "neither")),
    )
    assert "grey: no better side" in texts(heatmaps(neither, "ring8"))
    assert "grey" not in texts(heatmaps(results, "ring8"))
