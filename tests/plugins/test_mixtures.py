"""Rings, grids and random mixtures: their modes, weights, densities and draws."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from ganbench.api import SpecError
from ganbench.components import parse_single
from ganbench_vectors import grid, grid25, random_mixture, ring, ring8

ROWS = 20_000


def draw(dataset, n=ROWS, seed=1):
    return dataset.sample(n, "train", torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("k", [1, 2, 3, 5, 7, 8, 9, 16, 25, 100, 1001, 4096])
def test_a_ring_has_k_distinct_evenly_spaced_modes(k):
    centers = ring(k=k, radius=3.0).modes.centers
    assert len(np.unique(centers.round(9), axis=0)) == k
    np.testing.assert_allclose(np.hypot(*centers.T), 3)
    gaps = np.linalg.norm(centers - np.roll(centers, -1, axis=0), axis=1)
    np.testing.assert_allclose(gaps, 6 * math.sin(math.pi / k), atol=1e-12)
    np.testing.assert_array_equal(centers[0], [3, 0])


@pytest.mark.parametrize("side", [1, 2, 4, 5, 10])
def test_a_grid_is_square_and_centred(side):
    centers = grid(side=side, spacing=1.5).modes.centers
    line = 1.5 * (np.arange(side) - (side - 1) / 2)
    expected = {(x, y) for x in line for y in line}
    assert len(centers) == side**2
    assert set(map(tuple, centers)) == expected


@pytest.mark.parametrize(("preset", "general"), [(ring8, ring), (grid25, grid)])
def test_draws_and_densities_of_equal_weights_are_those_of_committed_results(preset, general):
    """Bit by bit: a uniform component, then normal numbers; a mean of equal densities."""
    if preset is ring8:
        angles = 2 * np.pi * np.arange(8) / 8
        centers, std = np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.02
    else:
        line = 2.0 * np.arange(-2, 3)
        centers, std = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), 0.05
    rng = torch.Generator().manual_seed(3)
    means = torch.from_numpy(centers)
    picks = torch.randint(len(centers), (500,), generator=rng)
    x = means.float()[picks] + std * torch.randn(500, 2, generator=rng)
    exponents = -((x.double()[:, None] - means) / std).square().sum(dim=2) / 2
    norm = math.log(len(centers)) + 2 * math.log(std * math.sqrt(2 * math.pi))
    for dataset in (preset(), general()):
        np.testing.assert_array_equal(dataset.modes.centers, centers)
        np.testing.assert_array_equal(dataset.modes.weights, 1 / len(centers))
        assert torch.equal(draw(dataset, 500, seed=3), x)
        assert torch.equal(dataset.log_prob(x.double()), exponents.logsumexp(dim=1) - norm)
        assert dataset.fingerprint() == "e3b0c44298fc1c14"


WEIGHTED = {
    "ring": ring(k=4, std=0.3, weights=(1, 2, 3, 10)),
    "random": random_mixture(k=5, spread=2.0, std=0.4, seed=3),
    "space": random_mixture(dim=3, k=4, spread=2.0, std=0.5),
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_the_density_is_that_of_scipy(name):
    dataset = WEIGHTED[name]
    modes, dim = dataset.modes, dataset.spec.size
    x = 2 * torch.randn(200, dim, dtype=torch.float64)
    covariance = modes.std**2 * np.eye(dim)
    exact = sum(
        weight * stats.multivariate_normal(center, covariance).pdf(x.numpy())
        for center, weight in zip(modes.centers, modes.weights, strict=True)
    )
    np.testing.assert_allclose(dataset.log_prob(x).exp().numpy(), exact, rtol=1e-10)


@pytest.mark.parametrize("name", WEIGHTED)
def test_samples_have_the_marginals_of_the_mixture(name):
    dataset = WEIGHTED[name]
    modes = dataset.modes
    assert modes.weights.sum() == pytest.approx(1, abs=1e-12)
    for column, centers in zip(draw(dataset).double().numpy().T, modes.centers.T, strict=True):
        assert column.shape == (ROWS,)

        def cdf(x, centers=centers):
            return stats.norm.cdf((x[:, None] - centers) / modes.std) @ modes.weights

        assert stats.kstest(column, cdf).pvalue > 1e-3


def test_modes_come_as_often_as_their_weights_say():
    dataset = ring(k=5, weights=(8, 4, 2, 1, 0.5))
    np.testing.assert_allclose(dataset.modes.weights, np.array([8, 4, 2, 1, 0.5]) / 15.5)
    nearest = torch.cdist(draw(dataset).double(), torch.from_numpy(dataset.modes.centers))
    counts = nearest.argmin(dim=1).bincount().numpy()
    assert stats.chisquare(counts, ROWS * dataset.modes.weights).pvalue > 1e-3


def test_weights_count_by_their_proportions_and_equal_ones_change_no_draw():
    weighted, scaled = ring(k=3, weights=(1, 2, 3)), ring(k=3, weights=(1e308, 1.5e308, 0.5e308))
    assert torch.equal(draw(ring(k=3, weights=(4.0, 4.0, 4.0)), 9), draw(ring(k=3), 9))
    assert torch.equal(draw(weighted, 9), draw(ring(k=3, weights=(10, 20, 30)), 9))
    np.testing.assert_allclose(scaled.modes.weights, [1 / 3, 1 / 2, 1 / 6])


def test_a_random_mixture_is_the_same_in_every_run_and_another_with_another_seed():
    first, again, other = (random_mixture(dim=7, k=9, seed=seed) for seed in (4, 4, 5))
    stream = np.random.default_rng(4)
    np.testing.assert_array_equal(first.modes.centers, stream.uniform(-4, 4, (9, 7)))
    np.testing.assert_array_equal(first.modes.weights, stream.dirichlet(np.full(9, 5.0)))
    assert torch.equal(draw(first, 20), draw(again, 20))
    assert not np.isin(first.modes.centers, other.modes.centers).any()
    assert first.intrinsic_dim == 7
    assert draw(first, 3).shape == (3, 7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ring(k=3, weights=(1, 2))", "ring: weights has 2 numbers, but k = 3: give 3."),
        ("ring(k=2, weights=(1, -2))", "weights must be tuple of float > 0 or None."),
        ("ring(k=2, weights=(1, 0))", "weights must be tuple of float > 0 or None."),
        ("ring(k=0)", "k must be int >= 1 and <= 4096."),
        ("grid(side=65)", "side must be int >= 1 and <= 64."),
        ("random_mixture(std=0.0)", "std must be float >= 1e-06 and <= 1e+06."),
        ("random_mixture(seed=-1)", "seed must be int >= 0."),
    ],
)
def test_what_makes_no_mixture_is_refused_in_a_sentence(registry, text, words):
    with pytest.raises(SpecError) as error:
        registry.build("dataset", parse_single(text))
    assert str(error.value).endswith(words)
    assert str(error.value).count("\n") == 0
