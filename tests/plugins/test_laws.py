import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import integrate, stats

import ganbench_sequences
import ganbench_vectors
from ganbench.api import SpecError
from ganbench_vectors import Gaussian, Manifold, Moons, ParetoLaw, StudentTLaw, grid25, ring8

ROWS = 20_000
EXACT = {
    "gaussian": (Gaussian(), 8),
    "correlated": (Gaussian(correlation=0.8), 8),
    "student_t": (StudentTLaw(df=5.0), 30),
    "pareto": (ParetoLaw(alpha=5.0), 30),
    "moons": (Moons(), 4),
}
"""Laws with a density, and a reach beyond which at most 2 * 31^-5 of their mass lies."""


def draw(dataset, n=ROWS, seed=1):
    return dataset.sample(n, "train", torch.Generator().manual_seed(seed)).double()


def lattice(dataset, reach, points=321):
    """Return points that are denser around 0, and the mass that each stands for."""
    line = torch.linspace(-1, 1, points, dtype=torch.float64)
    line, step = reach * line**3, 3 * reach * line**2 * (line[1] - line[0])
    grid, area = torch.cartesian_prod(line, line), torch.cartesian_prod(step, step).prod(dim=1)
    return grid.numpy(), (dataset.log_prob(grid).exp() * area).numpy()


@pytest.mark.parametrize("name", EXACT)
def test_the_density_integrates_to_one(name):
    _, mass = lattice(*EXACT[name])
    assert mass.sum() == pytest.approx(1, abs=5e-4)


@pytest.mark.parametrize("name", EXACT)
def test_the_density_is_that_of_the_samples(name):
    """The share of each of 36 boxes is the integral of the density, to 5 sigma and 0.005.

    The lattice gives the integral over a box to about a cell at its edges.
    """
    dataset, reach = EXACT[name]
    edges = np.array([-np.inf, -1.0, -0.4, 0.1, 0.6, 1.2, np.inf])
    counts = np.histogram2d(*draw(dataset).numpy().T, bins=[edges, edges])[0]
    points, mass = lattice(dataset, reach)
    share = np.histogram2d(*points.T, bins=[edges, edges], weights=mass)[0]
    gap = np.abs(counts / ROWS - share)
    assert (gap < 5 * np.sqrt(share / ROWS) + 0.005).all()


MARGINALS = {
    "gaussian": (Gaussian(dim=3), stats.norm()),
    "correlated": (Gaussian(dim=3, correlation=0.6), stats.norm()),
    "student_t": (StudentTLaw(dim=3, df=2.0), stats.t(2.0)),
}


@pytest.mark.parametrize("name", MARGINALS)
def test_coordinates_follow_their_law(name):
    dataset, law = MARGINALS[name]
    for column in draw(dataset).numpy().T:
        assert stats.kstest(column, law.cdf).pvalue > 1e-3


def test_sizes_of_the_pareto_law_are_lomax_and_signs_even():
    for column in draw(ParetoLaw(dim=3, alpha=1.5)).numpy().T:
        assert stats.kstest(np.abs(column), stats.lomax(1.5).cdf).pvalue > 1e-3
        assert stats.binomtest(int((column > 0).sum()), ROWS).pvalue > 1e-3


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.95])
@pytest.mark.parametrize("dim", [1, 2, 5])
def test_the_gaussian_has_its_covariance_and_density(dim, correlation):
    dataset = Gaussian(dim=dim, correlation=correlation)
    covariance = (1 - correlation) * np.eye(dim) + correlation
    x = draw(dataset)
    np.testing.assert_allclose(np.cov(x.T).reshape(dim, dim), covariance, atol=0.04)
    exact = stats.multivariate_normal(np.zeros(dim), covariance).logpdf(x[:50].numpy())
    np.testing.assert_allclose(dataset.log_prob(x[:50]).numpy(), exact.reshape(-1), rtol=1e-10)


@pytest.mark.parametrize("index", [0.5, 2.0, 30.0])
def test_heavy_densities_equal_those_of_scipy(index):
    x = 10 * draw(Gaussian(dim=3), 50)
    exact = stats.t(index).logpdf(x.numpy()).sum(axis=1)
    np.testing.assert_allclose(StudentTLaw(dim=3, df=index).log_prob(x).numpy(), exact, rtol=1e-9)
    exact = (stats.lomax(index).logpdf(x.abs().numpy()) - math.log(2)).sum(axis=1)
    pareto = ParetoLaw(dim=3, alpha=index)
    np.testing.assert_allclose(pareto.log_prob(x).numpy(), exact, rtol=1e-9)


@pytest.mark.parametrize("noise", [0.01, 0.1, 1.0])
def test_the_density_of_moons_equals_adaptive_quadrature(noise):
    dataset = Moons(noise=noise)
    for point in ([1.0, 0.0], [0.3, 0.9], [1.5, -0.4], [-1.0 - noise, -noise], [0.5, 0.2]):

        def integrand(t, point=point):
            first = (point[0] - math.cos(t)) ** 2 + (point[1] - math.sin(t)) ** 2
            second = (point[0] - 1 + math.cos(t)) ** 2 + (point[1] - 0.5 + math.sin(t)) ** 2
            return sum(math.exp(-d / (2 * noise**2)) for d in (first, second))

        breaks = np.linspace(0, math.pi, 65)
        exact = sum(
            integrate.quad(integrand, low, high, epsabs=0, epsrel=1e-11)[0]
            for low, high in pairwise(breaks)
        )
        exact /= 2 * math.pi * 2 * math.pi * noise**2
        found = dataset.log_prob(torch.tensor([point], dtype=torch.float64)).exp().item()
        assert found == pytest.approx(exact, rel=1e-9, abs=1e-200)


def test_half_of_the_points_lie_around_each_moon():
    x = draw(Moons(noise=0.02)).numpy()
    first = np.abs(np.hypot(*x.T) - 1)
    second = np.abs(np.hypot(x[:, 0] - 1, x[:, 1] - 0.5) - 1)
    assert np.minimum(first, second).max() < 0.1
    assert stats.binomtest(int((first < second).sum()), ROWS).pvalue > 1e-3
    upper = x[first < second]
    angle = np.arctan2(upper[:, 1], upper[:, 0])
    inside = angle[(angle > 0.3) & (angle < 2.8)]
    assert stats.kstest(inside, stats.uniform(0.3, 2.5).cdf).pvalue > 1e-3


# -------------------------------------------------------------------------------------- manifold


@pytest.mark.parametrize(("intrinsic", "dim"), [(1, 32), (2, 32), (4, 32), (3, 3)])
def test_the_sheet_is_the_turned_graph_of_a_function_of_uniform_numbers(intrinsic, dim):
    dataset = Manifold(dim=dim, intrinsic=intrinsic)
    back = draw(dataset).numpy() @ dataset.rotation
    place, waves = back[:, :intrinsic], back[:, intrinsic:]
    expected = np.sin(place @ dataset.frequencies + dataset.phases)
    np.testing.assert_allclose(waves, expected, atol=1e-5 * math.sqrt(dim))
    for column in place.T:
        assert stats.kstest(column, stats.uniform(-1, 2).cdf).pvalue > 1e-3
    np.testing.assert_allclose(dataset.rotation @ dataset.rotation.T, np.eye(dim), atol=1e-12)


@pytest.mark.parametrize("intrinsic", [1, 2, 4])
def test_close_to_a_point_the_sheet_has_its_intrinsic_dimension(intrinsic):
    """Differences within a small ball span so many directions; those of far points span more."""
    dataset = Manifold(dim=16, intrinsic=intrinsic)
    rng = np.random.default_rng(0)
    ranks = []
    for reach in (1e-6, 1.0):
        place = reach * rng.uniform(-1, 1, (500, intrinsic))
        waves = np.sin(place @ dataset.frequencies + dataset.phases)
        x = np.concatenate([place, waves], axis=1) @ dataset.rotation.T
        values = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
        ranks.append((values > 1e-3 * values[0]).sum())
    assert ranks[0] == intrinsic
    assert ranks[1] > 3 * intrinsic


def test_the_sheet_is_the_same_in_every_run():
    first, second = Manifold(), Manifold()
    assert torch.equal(draw(first, 5), draw(second, 5))
    stream = np.random.default_rng(0)
    np.testing.assert_array_equal(first.frequencies, math.pi * stream.standard_normal((2, 30)))


def test_a_sheet_needs_room():
    with pytest.raises(SpecError, match="a sheet of 3 dimensions needs dim >= 3, not 2"):
        Manifold(dim=2, intrinsic=3)


# ---------------------------------------------------------------------------------------- traits


@pytest.mark.parametrize(
    ("dataset", "intrinsic", "tails"),
    [
        (ring8(), 2, "light"),
        (grid25(), 2, "light"),
        (Gaussian(dim=5), 5, "light"),
        (StudentTLaw(dim=3), 3, "heavy"),
        (ParetoLaw(dim=3), 3, "heavy"),
        (Moons(), 2, "light"),
        (Manifold(intrinsic=3), 3, "bounded"),
    ],
)
def test_dimension_and_tails_are_known(dataset, intrinsic, tails):
    assert (dataset.intrinsic_dim, dataset.tails) == (intrinsic, tails)


@pytest.mark.parametrize(
    ("plugin", "kind"), [(ganbench_vectors, "vector"), (ganbench_sequences, "sequence")]
)
def test_every_law_says_its_kind_size_and_licence(registry, plugin, kind):
    for name in plugin.ganbench_datasets():
        entry = registry.find("dataset", name)
        said = {title: entry.said(title) for title in ("Source", "Kind", "Size", "Licence")}
        assert said["Licence"]
        assert "Kind" not in said["Source"]
        assert said["Kind"] == kind
        assert said["Size"]
