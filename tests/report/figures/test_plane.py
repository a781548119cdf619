"""What maps of the plane show."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.collections import QuadMesh

from ganbench.errors import GanbenchError
from ganbench.report.figures import density, witness
from ganbench.report.figures.plane import TICKS, bandwidth, estimate, plane_of

N = 400


def maps(figure):
    return [
        axis.findobj(QuadMesh)[0].get_array().ravel() for axis in figure.axes if axis.get_title()
    ]


def test_an_estimate_integrates_to_one_and_lies_where_the_sample_does():
    sample = torch.randn(N, 2, generator=torch.Generator().manual_seed(0))
    ticks = np.linspace(-6, 6, 121)
    x, y = np.meshgrid(ticks, ticks)
    points = torch.from_numpy(np.stack([x, y], -1).reshape(-1, 2)).float()
    values = estimate(sample, points, 0.3)
    assert values.sum() * 0.1**2 == pytest.approx(1, abs=1e-3)
    peak = points[int(values.argmax())]
    assert peak.norm() < 1


def test_the_bandwidth_follows_the_scale_and_the_clusters():
    rng = torch.Generator().manual_seed(0)
    sample = torch.randn(N, 2, generator=rng)
    assert bandwidth(3 * sample) == pytest.approx(3 * bandwidth(sample), rel=1e-4)
    clusters = sample * 0.05 + 5 * torch.randint(2, (N, 2), generator=rng)
    assert bandwidth(clusters) < 0.2


def test_density_shows_the_known_law_beside_every_loss_on_one_scale(plane):
    figure = density(plane, "ring8(std=0.1)")
    panels = [axis for axis in figure.axes if axis.get_title()]
    assert [axis.get_title() for axis in panels] == ["real", "ns\nseed 0", "hinge\nseed 0"]
    law = plane_of(plane.dataset(""))
    known = law.data.log_prob(law.points()).exp().numpy()
    np.testing.assert_allclose(maps(figure)[0], known, rtol=1e-4)
    assert len({axis.findobj(QuadMesh)[0].get_clim() for axis in panels}) == 1


def test_an_unknown_density_is_estimated(results):
    class Hidden(type(results.dataset("ring8"))):
        log_prob = None

    hidden = replace(results, dataset=lambda _: Hidden())
    real = maps(density(hidden, "ring8"))[0]
    assert len(real) == TICKS**2
    assert real.max() > 0
    assert not np.allclose(real, maps(density(results, "ring8"))[0])


def test_the_witness_is_positive_where_samples_are_missing(plane):
    law = plane_of(plane.dataset(""))
    half = law.real[law.real[:, 0] > 0]
    figure = witness(replace(plane, samples=lambda _: half), "ring8(std=0.1)")
    values, x = maps(figure)[0], law.points()[:, 0].numpy()
    assert values[x < -0.5].mean() > 0 > values[x > 0.5].mean()
    same = maps(witness(replace(plane, samples=lambda _: law.real), "ring8(std=0.1)"))[0]
    assert np.abs(same).max() < 1e-6


@pytest.mark.parametrize("draw", [density, witness])
def test_other_laws_have_no_map(results, draw):
    with pytest.raises(GanbenchError, match="no law on the plane"):
        draw(results, "people")
