import math

import numpy as np
import pytest
import torch

from ganbench_images import Digits
from ganbench_players import Mlp
from ganbench_tabular import Fair
from ganbench_vectors import grid25, ring8

DATASETS = {"ring8": ring8, "grid25": grid25}


def draw(dataset, n, seed=0, split="train"):
    return dataset.sample(n, split, torch.Generator().manual_seed(seed))


def test_ring_has_eight_distinct_modes():
    centers = ring8(radius=2.0).modes.centers
    angles = np.sort(np.arctan2(centers[:, 1], centers[:, 0]))
    assert np.allclose(np.diff(angles), 2 * np.pi / 8)
    assert np.allclose(np.linalg.norm(centers, axis=1), 2)


def test_grid_has_twenty_five_distinct_modes():
    centers = grid25(spacing=3.0).modes.centers
    assert len(np.unique(centers, axis=0)) == 25
    assert np.allclose(centers.mean(axis=0), 0)
    assert set(np.unique(centers)) == {-6, -3, 0, 3, 6}


@pytest.mark.parametrize("name", DATASETS)
def test_samples_lie_near_the_centers(name):
    dataset = DATASETS[name]()
    sample = draw(dataset, 20_000)
    assert sample.dtype == torch.float32
    assert sample.shape == (20_000, 2)
    distance = torch.cdist(sample.double(), torch.from_numpy(dataset.modes.centers))
    nearest, mode = distance.min(dim=1)
    assert (nearest < 3 * dataset.modes.std).double().mean().item() == pytest.approx(
        1 - math.exp(-4.5), abs=0.003
    )
    share = mode.bincount() / len(sample)
    np.testing.assert_allclose(share, dataset.modes.weights, rtol=0.15)
    assert (nearest**2).mean().item() == pytest.approx(2 * dataset.modes.std**2, rel=0.05)


@pytest.mark.parametrize("name", DATASETS)
def test_samples_depend_on_the_stream_alone(name):
    dataset = DATASETS[name]()
    assert torch.equal(draw(dataset, 10), draw(dataset, 10))
    assert not torch.equal(draw(dataset, 10), draw(dataset, 10, seed=1))


def lattice(reach, points):
    line = torch.linspace(-reach, reach, points, dtype=torch.float64)
    cell = (line[1] - line[0]).item() ** 2
    return torch.cartesian_prod(line, line), cell


def test_density_integrates_to_one():
    for dataset, reach in ((ring8(std=0.1), 2.0), (grid25(spacing=1.0, std=0.2), 3.5)):
        points, cell = lattice(reach, 300)
        assert dataset.log_prob(points).exp().sum().item() * cell == pytest.approx(1, abs=1e-4)


def test_density_matches_the_histogram_of_samples():
    dataset = ring8(std=0.2)
    sample = draw(dataset, 200_000).numpy()
    counts, edges, _ = np.histogram2d(*sample.T, bins=40, range=[[-2, 2]] * 2)
    middles = torch.from_numpy((edges[1:] + edges[:-1]) / 2)
    density = dataset.log_prob(torch.cartesian_prod(middles, middles)).exp().reshape(40, 40)
    difference = np.abs(counts / len(sample) - density.numpy() * 0.1**2).sum() / 2
    assert difference < 0.03


@pytest.mark.parametrize("name", DATASETS)
def test_mean_log_density_is_minus_the_entropy(name):
    dataset = DATASETS[name]()
    std, count = dataset.modes.std, len(dataset.modes.centers)
    entropy = math.log(count) + math.log(2 * math.pi * math.e * std**2)
    sample = draw(dataset, 50_000)
    assert dataset.log_prob(sample).mean().item() == pytest.approx(-entropy, abs=0.02)
    assert dataset.log_prob(sample).shape == (50_000,)


@pytest.mark.parametrize("make_dataset", [ring8, Fair, Digits])
def test_mlp_fits_every_kind(make_dataset):
    spec = make_dataset().spec
    mlp = Mlp(width=32, depth=3)
    assert spec.kind in mlp.kinds
    assert mlp.misfit(spec) is None
    generator, discriminator = mlp.generator(spec, 7), mlp.discriminator(spec)
    fake = generator(torch.randn(6, 7))
    assert fake.shape == (6, *spec.shape)
    score = discriminator(fake)
    assert score.shape == (6,)
    score.sum().backward()
    for parameter in (*generator.parameters(), *discriminator.parameters()):
        assert parameter.grad.abs().sum() > 0


def test_mlp_respects_bounds_and_categories():
    image = Mlp().generator(Digits().spec, 7)(100 * torch.randn(20, 7))
    assert image.abs().max() <= 1
    dataset = Fair()
    table = Mlp().generator(dataset.spec, 7)(torch.randn(20, 7)).detach()
    occupation = table[:, 6:12]
    torch.testing.assert_close(occupation.amax(dim=1), torch.ones(20))
    torch.testing.assert_close(occupation.sum(dim=1), torch.ones(20))


def test_mlp_has_the_width_and_depth_asked_for():
    parameters = Mlp(width=9, depth=3).discriminator(ring8().spec).parameters()
    assert [tuple(p.shape) for p in parameters if p.ndim == 2] == [(9, 2), (9, 9), (9, 9), (1, 9)]
