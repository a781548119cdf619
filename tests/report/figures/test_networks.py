"""What figures of players show."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection, PathCollection, QuadMesh

from ganbench.errors import GanbenchError, SpecError
from ganbench.report.figures import animation, critic_landscapes, interpolation, noise_maps
from ganbench.report.figures.animation import FRAMES, retrained
from ganbench.report.figures.encoding import film
from ganbench.report.figures.interpolation import FINE, PATHS, STEPS, path
from ganbench.report.figures.networks import LINES, lattice
from ganbench.report.figures.plane import SHOWN, plane_of
from tests.report.figures.conftest import STEPS as TRAINED
from tests.report.figures.conftest import unplayed

RING = "ring8(std=0.1)"


def panels(figure):
    return [axis for axis in figure.axes if axis.get_title()]


def test_landscapes_are_what_the_critic_scores(plane):
    figure = critic_landscapes(plane, RING)
    assert [axis.get_title() for axis in panels(figure)] == ["ns\nseed 0", "hinge\nseed 0"]
    stored, law = plane.stored("ns-run"), plane_of(plane.dataset(""))
    axis = panels(figure)[0]
    shown = axis.findobj(QuadMesh)[0].get_array().ravel()
    np.testing.assert_array_equal(shown, stored.scores(law.points()).numpy())
    counts = [len(points.get_offsets()) for points in axis.findobj(PathCollection)]
    assert counts == [SHOWN, SHOWN]


def test_a_run_without_a_critic_is_left_out_and_said(plane):
    def first_only(run):
        stored = plane.stored(run)
        return stored if run == "ns-run" else replace(stored, critic=None)

    figure = critic_landscapes(replace(plane, stored=first_only), RING)
    assert [axis.get_title() for axis in panels(figure)] == ["ns\nseed 0"]
    none = replace(plane, stored=lambda run: replace(plane.stored(run), critic=None))
    with pytest.raises(GanbenchError, match="holds no critic"):
        critic_landscapes(none, RING)


def test_a_lattice_spans_two_coordinates_and_holds_the_others():
    noise = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
    mesh = lattice(noise)
    assert mesh.shape == (LINES, LINES, 3)
    assert (mesh[..., 2] == noise[:, 2].median()).all()
    assert (mesh[:, 0, 0].diff() > 0).all()
    assert (mesh[0, :, 1].diff() > 0).all()
    assert mesh[0, 0, 0] == pytest.approx(float(noise[:, 0].quantile(0.01)))
    assert lattice(noise[:, :1]).shape == (LINES, 1, 1)


def test_noise_maps_draw_every_line_of_the_lattice(plane):
    figure = noise_maps(plane, RING)
    stored = plane.stored("ns-run")
    across, along = (
        lines
        for lines in panels(figure)[0].findobj(LineCollection)
        if len(lines.get_segments()) == LINES
    )
    mesh = lattice(stored.noise(1000, 0))
    np.testing.assert_allclose(along.get_segments()[0], stored.samples(mesh[0]).numpy(), atol=1e-5)
    np.testing.assert_allclose(
        across.get_segments()[-1], stored.samples(mesh[:, -1]).numpy(), atol=1e-5
    )


def test_a_map_grows_with_its_lattice_and_says_what_lies_outside(plane):
    law = plane_of(plane.dataset(""))

    class Far:
        def noise(self, n, seed):
            return plane.stored("ns-run").noise(n, seed)

        def samples(self, noise):
            flung = law.middle + noise[:, :2] * 0
            flung[:4] += 100 * law.reach
            flung[4:40, 0] += 1.5 * law.reach
            return flung

    axis = panels(noise_maps(replace(plane, stored=lambda _: Far()), RING))[0]
    assert axis.get_xlabel() == "1% outside"
    low, high = axis.get_xlim()
    assert 1.5 * law.reach < (high - low) / 2 <= 2 * law.reach


@pytest.mark.parametrize("straight", [True, False])
def test_paths_lead_from_end_to_end(straight):
    start, end = torch.randn(2, 16, generator=torch.Generator().manual_seed(0))
    way = path(start, end, 9, straight)
    torch.testing.assert_close(way[0], start)
    torch.testing.assert_close(way[-1], end)
    least = min(start.norm(), end.norm())
    assert bool(way.norm(dim=1).min() < 0.9 * least) == straight


def test_paths_between_nearly_opposite_points_stay_bounded():
    start, end = torch.tensor([1.0, 0.0]), torch.tensor([-2.0, 1e-2])
    assert path(start, end, 9, False).norm(dim=1).max() <= 2.01


def test_paths_on_the_plane_are_lines_with_ends(plane):
    lines = panels(interpolation(plane, RING))[0].get_lines()
    assert [len(line.get_xdata()) for line in lines] == [FINE, 2] * PATHS


@pytest.mark.parametrize("kind", ["image", "table", "sequence", "vector"])
def test_paths_are_shown_for_every_kind_of_data(played, kind):
    figure = interpolation(played(kind), played(kind).frame["dataset"][0])
    (axis, _) = panels(figure)
    if kind == "image":
        height, width = axis.images[0].get_array().shape[:2]
        assert (height, width) == (PATHS * 10, STEPS * 10)
    elif kind == "vector":
        assert [len(line.get_xdata()) for line in axis.get_lines()] == [FINE] * 5
    else:
        lines = axis.texts[0].get_text().split("\n")
        assert len(lines) == STEPS + (kind == "table")


@pytest.mark.parametrize("draw", [critic_landscapes, noise_maps, interpolation])
def test_without_players_there_is_a_sentence(plane, draw):
    with pytest.raises(SpecError, match="neither noise nor players"):
        draw(replace(plane, stored=unplayed), RING)


def test_training_again_ends_where_the_run_ended(plane):
    *_, (step, x) = retrained(plane, "ns-run")
    assert step == TRAINED
    stored = plane.stored("ns-run")
    torch.testing.assert_close(x, stored.samples(stored.players.noise(len(x), "animation")[0]))


def test_a_film_has_a_picture_for_every_pause(plane):
    pictures = animation(plane, RING)
    assert len(pictures) == min(FRAMES, TRAINED) + 1
    assert pictures[0].get_suptitle() == "ns, step 0"
    assert pictures[-1].get_suptitle() == f"ns, step {TRAINED}"
    data = film(pictures[:3])
    assert data.startswith(b"GIF89a")
    assert data == film(animation(plane, RING)[:3])
