"""Figures in the column of a paper: none is wider, and all that they say can be read."""

import pytest

from ganbench.errors import GanbenchError
from ganbench.report.figures import KINDS, laid_out
from ganbench.report.figures.drawing import draw, restricted
from ganbench.report.figures.layout import canvas, room, side_by_side
from tests.report.figures.legibility import faults


def in_column(results, dataset, width):
    """Draw whatever fits a dataset."""
    for kind in KINDS.values():
        if not kind.on_request:
            try:
                with laid_out(width):
                    yield kind, draw(results, kind, results.name if kind.whole else dataset).figure
            except GanbenchError:
                continue


def assert_all_can_be_read(results, width, least):
    figures = list(in_column(results, results.frame["dataset"].iloc[0], width))
    assert len(figures) >= least
    for kind, figure in figures:
        assert figure.get_figwidth() <= width, kind.name
        assert list(faults(figure)) == [], kind.name
        assert not figure.get_suptitle()


@pytest.mark.parametrize("dataset", ["people", "tiles"])
def test_figures_of_several_architectures_fit_a_column(few, dataset):
    assert_all_can_be_read(restricted(few, [dataset], None), 3.25, 8)


@pytest.mark.parametrize("kind", ["sequence", "vector"])
def test_figures_of_players_fit_a_column(played, kind):
    assert_all_can_be_read(played(kind), 3.25, 6)


def test_figures_of_the_plane_fit_a_column(plane):
    assert_all_can_be_read(plane, 2.5, 7)


def test_panels_wrap_where_they_would_be_too_narrow():
    assert side_by_side(6, 1.7, 0.9)[0] == 6
    with laid_out(3.25):
        assert side_by_side(6, 1.7, 0.9) == (3, pytest.approx(3.25 / 3))
        assert side_by_side(4, 1.7, 0.9)[0] == 2  # lines are alike
        assert side_by_side(1, 1.7, 0.9) == (1, 1.7)
        assert canvas(8, 1).get_figwidth() == 3.25
    assert room() == 11
