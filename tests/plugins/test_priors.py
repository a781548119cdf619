import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch.func import functional_call

import ganbench_vectors
from ganbench.api import SpecError
from ganbench_vectors import (
    Bernoulli,
    Hypersphere,
    LearnedMixture,
    Mixture,
    Normal,
    OneHot,
    Pareto,
    StudentT,
    TruncatedNormal,
    Uniform,
    UniformSum,
)

PRIORS = ganbench_vectors.ganbench_priors()
ROWS = 20_000


def draw(prior, *shape, seed=1):
    return prior.sample(shape or (ROWS,), torch.Generator().manual_seed(seed))


LAWS = {
    "normal": (Normal(dim=3), stats.norm()),
    "uniform": (Uniform(dim=3), stats.uniform(-1, 2)),
    "box": (UniformSum(dim=3, terms=1), stats.uniform(-math.sqrt(3), 2 * math.sqrt(3))),
    "tent": (UniformSum(dim=3), stats.triang(0.5, -math.sqrt(6), 2 * math.sqrt(6))),
    "nearly_a_bell": (UniformSum(dim=3, terms=100), stats.norm()),
    "truncated_normal": (TruncatedNormal(dim=3), stats.truncnorm(-2, 2)),
    "narrow": (TruncatedNormal(dim=3, limit=0.1), stats.truncnorm(-0.1, 0.1)),
    "wide": (TruncatedNormal(dim=3, limit=30.0), stats.norm()),
    "student_t": (StudentT(dim=3), stats.t(3)),
    "cauchy": (StudentT(dim=3, df=1.0), stats.cauchy()),
    "nearly_normal": (StudentT(dim=3, df=1000.0), stats.t(1000)),
    "one-hot": (OneHot(dim=6, categories=3, std=0.5), stats.norm(scale=0.5)),
}


@pytest.mark.parametrize("name", LAWS)
def test_coordinates_are_independent_draws_of_the_exact_law(name):
    """Kolmogorov-Smirnov at level 1e-3, for each coordinate; ranks do not correlate."""
    prior, law = LAWS[name]
    noise = draw(prior).double().numpy()[:, -3:]
    for column in noise.T:
        assert stats.kstest(column, law.cdf).pvalue > 1e-3
    correlations = stats.spearmanr(noise).statistic[np.triu_indices(3, 1)]
    assert np.abs(correlations).max() < 4 / math.sqrt(ROWS)


@pytest.mark.parametrize("alpha", [0.5, 2.0, 3.0])
def test_the_pareto_law_has_its_tails_on_both_sides(alpha):
    noise = draw(Pareto(dim=2, alpha=alpha)).double().numpy()
    for column in noise.T:
        assert stats.kstest(np.abs(column), stats.lomax(alpha).cdf).pvalue > 1e-3
        assert stats.binomtest(int((column > 0).sum()), ROWS).pvalue > 1e-3
        assert abs(stats.spearmanr(column > 0, np.abs(column)).statistic) < 4 / math.sqrt(ROWS)


@pytest.mark.parametrize("prior", [StudentT(dim=1, df=2.0), Pareto(dim=1, alpha=2.0)])
def test_heavy_tails_reach_beyond_single_precision_uniforms(prior):
    """Of a million draws 4 are expected beyond 500 times what is typical; the Hill index is 2."""
    sizes = draw(prior, 1_000_000).abs().flatten().double().sort(descending=True).values
    top = sizes[:2000] + (1 if isinstance(prior, Pareto) else 0)
    index = 1 / (top / top[-1]).log()[:-1].mean().item()
    assert index == pytest.approx(2, rel=4 / math.sqrt(2000))


@pytest.mark.parametrize("prior", [StudentT(df=0.5), Pareto(alpha=0.5)])
def test_the_heaviest_tails_stay_finite_at_the_smallest_uniform(prior, monkeypatch):
    monkeypatch.setattr(
        torch, "rand", lambda *_, **__: torch.full((1,), 1 - 2.0**-53, dtype=torch.float64)
    )
    assert draw(prior).isfinite().all()


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_bernoulli_noise_is_one_with_probability_p_else_minus_one(p):
    noise = draw(Bernoulli(dim=3, p=p))
    assert set(noise.unique().tolist()) == {-1, 1}
    for column in noise.T:
        assert stats.binomtest(int((column > 0).sum()), ROWS, p).pvalue > 1e-3
    assert np.abs(np.corrcoef(noise.T)[np.triu_indices(3, 1)]).max() < 4 / math.sqrt(ROWS)


@pytest.mark.parametrize("dim", [1, 2, 3, 10])
def test_the_sphere_is_met_everywhere_alike(dim):
    """A coordinate x of a unit vector has (x + 1) / 2 ~ Beta((dim - 1) / 2, (dim - 1) / 2)."""
    noise = draw(Hypersphere(dim=dim)).double()
    torch.testing.assert_close(
        noise.norm(dim=1), torch.full((ROWS,), math.sqrt(dim), dtype=torch.float64)
    )
    half = (dim - 1) / 2
    for column in noise.numpy().T / math.sqrt(dim):
        if dim == 1:
            assert stats.binomtest(int((column > 0).sum()), ROWS).pvalue > 1e-3
        else:
            assert stats.kstest((column + 1) / 2, stats.beta(half, half).cdf).pvalue > 1e-3


def test_bounded_priors_stay_within_their_bounds():
    bounds = {"uniform": 1, "truncated_normal": 2, "bernoulli": 1, "hypersphere": 4}
    bounds["uniform_sum"] = math.sqrt(6)
    assert {name for name, make in PRIORS.items() if make().tails == "bounded"} == set(bounds)
    for name, bound in bounds.items():
        assert draw(PRIORS[name]()).abs().max() <= bound
    assert draw(Uniform(dim=2)).max() < 1


def test_tails_are_declared():
    heavy = {name for name, make in PRIORS.items() if make().tails == "heavy"}
    assert heavy == {"student_t", "pareto"}


# ------------------------------------------------------------------------------- several pieces


def test_onehot_noise_begins_with_equally_likely_categories():
    one_hot = draw(OneHot(dim=6, categories=4))[:, :4]
    assert torch.equal(one_hot.sum(dim=1), torch.ones(ROWS))
    assert set(one_hot.unique().tolist()) == {0, 1}
    assert stats.chisquare(one_hot.sum(dim=0).numpy()).pvalue > 1e-3
    assert draw(OneHot(dim=4, categories=4), 5).shape == (5, 4)


def test_onehot_needs_room_for_its_categories():
    with pytest.raises(SpecError, match="dim = 4 is too few for 8 categories"):
        OneHot(dim=4)


def test_the_mixture_is_its_components_around_fixed_centres():
    prior = Mixture(dim=2, components=4, spread=3.0, std=0.01)
    assert np.array_equal(prior.centers, Mixture(dim=2, components=4, spread=3.0).centers)
    expected = 3 * np.random.default_rng(0).uniform(-1, 1, (4, 2))
    np.testing.assert_allclose(prior.centers, expected, rtol=1e-6)
    noise = draw(prior).numpy()
    gaps = noise[:, None] - prior.centers
    nearest = np.square(gaps).sum(axis=2).argmin(axis=1)
    assert stats.chisquare(np.bincount(nearest, minlength=4)).pvalue > 1e-3
    within = gaps[np.arange(ROWS), nearest] / 0.01
    for column in within.T:
        assert stats.kstest(column, stats.norm.cdf).pvalue > 1e-3


def test_the_learned_mixture_maps_its_draws_to_components():
    prior = LearnedMixture(dim=2, components=3, std=0.5)
    numbers = draw(prior)
    assert numbers.shape == (ROWS, 3 + 2)
    assert torch.equal(numbers[:, :3].sum(dim=1), torch.ones(ROWS))
    assert stats.chisquare(numbers[:, :3].sum(dim=0).numpy()).pvalue > 1e-3
    network = prior.network()
    noise = network(numbers).detach()
    assert network.means.abs().max() <= 1
    for k in range(3):
        inside = noise[numbers[:, k] == 1].numpy()
        for column, mean in zip(inside.T, network.means[k].tolist(), strict=True):
            assert stats.kstest(column, stats.norm(mean, 0.5).cdf).pvalue > 1e-3


def test_means_and_deviations_of_the_learned_mixture_are_trained():
    """Maximum likelihood by the reparametrised gradient: E z and E z^2 of each component."""
    prior = LearnedMixture(dim=1, components=2)
    network, numbers = prior.network(), draw(prior, 200)
    new = {"means": torch.tensor([[1.0], [2.0]]), "log_stds": torch.tensor([[0.0], [-1.0]])}

    def total(parameters):
        return functional_call(network, parameters, (numbers,)).square().sum() / 2

    gradient = torch.func.grad(total)(new)
    noise = functional_call(network, new, (numbers,))
    for k in range(2):
        mine = numbers[:, k] == 1
        z, normal = noise[mine], numbers[mine][:, 2:]
        torch.testing.assert_close(gradient["means"][k], z.sum(dim=0))
        slope = (z * normal).sum(dim=0) * new["log_stds"][k].exp()
        torch.testing.assert_close(gradient["log_stds"][k], slope)


@pytest.mark.parametrize("name", PRIORS)
@pytest.mark.parametrize("dim", [1, 2, 64])
def test_every_dimension_is_free(name, dim):
    pieces = {"categories": 1} if name == "onehot" else {}
    prior = PRIORS[name](dim=dim, **pieces)
    noise = draw(prior, 4, 3)
    network = prior.network()
    if network is not None:
        noise = network(noise.flatten(0, 1)).unflatten(0, (4, 3))
    assert noise.shape == (4, 3, dim)
    assert noise.dtype == torch.float32
