import itertools
import math

import numpy as np
import pytest
import torch
from fitting import Finite, draw, fit, normal, rng
from scipy import stats
from sklearn.neighbors import KernelDensity as SklearnKernelDensity

from ganbench.api import Column, DataSpec
from ganbench_baselines.copula import GaussianCopula
from ganbench_baselines.kde import KernelDensity
from ganbench_baselines.mixture import GaussianMixture
from ganbench_vectors import ring8

MEAN = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
FACTOR = torch.tensor([[2.0, 0, 0], [0.5, 0.3, 0], [-1, 0.2, 0.1]], dtype=torch.float64)


class TestGaussianMixture:
    def test_it_recovers_known_parameters_within_four_standard_errors(self):
        n, weights = 8000, torch.tensor([0.5, 0.3, 0.2]).double()
        means = torch.tensor([[0.0, 0], [10, 0], [0, 12]]).double()
        factor = torch.tensor([[1.0, 0], [0.8, 0.6]]).double()
        picks = torch.multinomial(weights, n, replacement=True, generator=rng("picks"))
        rows = means[picks] + normal(n, 2) @ factor.T
        law = fit(GaussianMixture(components=6), Finite(rows))
        assert len(law.weights) == 3
        order = law.weights.argsort(descending=True)
        errors = (weights * (1 - weights) / n).sqrt()
        assert ((law.weights[order] - weights).abs() < 4 * errors).all()
        found = law.origin + law.means[order] @ law.axes
        assert ((found - means).abs() < 4 / (n * weights).sqrt()[:, None]).all()
        factors = law.axes.T @ law.factors[order]
        covariances = factors @ factors.transpose(1, 2)
        expected = factor @ factor.T
        errors = ((1 + expected.square()) / (n * weights[:, None, None])).sqrt()
        assert ((covariances - expected).abs() < 4 * errors).all()

    def test_the_criterion_picks_eight_components_on_the_ring(self):
        law = fit(GaussianMixture(components=12, rows=4000), ring8())
        assert len(law.weights) == 8
        found = (law.origin + law.means @ law.axes).numpy()
        distances = np.linalg.norm(found[:, None] - ring8().modes.centers, axis=2)
        assert (distances.min(axis=0) < 4 * 0.02 / math.sqrt(400)).all()
        drawn = law(5000, rng("draw"))
        assert ring8().log_prob(drawn).mean() > 2.91 - 0.1

    def test_axes_beyond_the_leading_ones_keep_their_covariance(self):
        rows = MEAN + normal(3000, 3) @ FACTOR.T
        drawn = draw(GaussianMixture(axes=1), Finite(rows), 50_000).double()
        difference = torch.cov(drawn.T) - torch.cov(rows.T)
        limit = torch.outer(*[rows.std(dim=0)] * 2) * 6 / math.sqrt(50_000)
        assert (difference.abs() < limit).all()

    def test_discrete_columns_give_no_endless_likelihood(self):
        rows = torch.randint(4, (2000, 2), generator=rng("grades"))
        assert len(fit(GaussianMixture(components=12), Finite(rows)).weights) < 12


class TestKernelDensity:
    def test_the_density_is_that_of_scikit_learn(self):
        rows = (MEAN + normal(300, 3) @ FACTOR.T).float()
        law = fit(KernelDensity(), Finite(rows))
        x = rows[:50] + 0.1
        std = rows.double().std(dim=0, correction=0).numpy()
        same = SklearnKernelDensity(bandwidth=law.bandwidth).fit(rows.double().numpy() / std)
        expected = same.score_samples(x.double().numpy() / std) - np.log(std).sum()
        np.testing.assert_allclose(law.log_prob(x), expected, rtol=1e-9)

    def test_the_bandwidth_is_the_likeliest_of_rows_that_are_left_out(self):
        rows = ring8(std=0.1).sample(100, "train", rng("rows")).double()
        law = fit(KernelDensity(), Finite(rows))
        points = law.rows.numpy()
        scores = {}
        for power in range(17):
            h = 100 ** (-1 / 6) * 2 ** (-power / 2)
            scores[h] = sum(
                SklearnKernelDensity(bandwidth=h).fit(np.delete(points, i, 0)).score(points[[i]])
                for i in range(100)
            )
        assert law.bandwidth == pytest.approx(max(scores, key=scores.get))

    def test_samples_are_rows_with_noise(self):
        rows = torch.tensor([[-1.0, 0], [1, 0]])
        law = fit(KernelDensity(), Finite(rows))
        law.bandwidth = 0.1
        drawn = law(10_000, rng("draw"))
        assert torch.equal(drawn[:, 1], torch.zeros(10_000)), "a constant column stays"
        noise = drawn[:, 0].abs() - 1
        assert noise.mean().abs() < 4 * 0.1 / 100
        assert noise.std().item() == pytest.approx(0.1, rel=4 / math.sqrt(2 * 10_000))

    def test_discrete_columns_give_no_endless_likelihood(self):
        rows = torch.randint(4, (2000, 2), generator=rng("grades"))
        law = fit(KernelDensity(), Finite(rows))
        assert law.bandwidth > 2000 ** (-1 / 6) / 8


class TestGaussianCopula:
    def test_marginals_and_rank_correlations_are_kept(self):
        z = normal(5000, 2)
        x = torch.stack([z[:, 0].exp(), (0.7 * z[:, 0] + 0.51**0.5 * z[:, 1]) ** 3], dim=1)
        y = draw(GaussianCopula(), Finite(x))
        for column in range(2):
            assert stats.ks_2samp(y[:, column], x[:, column]).pvalue > 1e-4
        ranks = [stats.spearmanr(*values.T).statistic for values in (x.numpy(), y.numpy())]
        assert abs(ranks[0] - ranks[1]) < 4 * math.sqrt(2 / 5000)
        assert abs(fit(GaussianCopula(), Finite(x)).correlation[0, 1] - 0.7) < 4 * 0.51 / 5000**0.5

    @pytest.mark.parametrize("rho", [-0.9, 0.3, 0.8])
    def test_the_latent_correlation_is_found_through_grades(self, rho):
        z = normal(20_000, 2)
        latent = torch.stack([z[:, 0], rho * z[:, 0] + (1 - rho**2) ** 0.5 * z[:, 1]], dim=1)
        grades = torch.stack([(latent[:, 0] > 0.5) * 1.0, (latent[:, 1] * 2).round()], dim=1)
        law = fit(GaussianCopula(), Finite(grades))
        # Of what the grades leave, a normal law with as many rows would know to 0.01.
        assert law.correlation[0, 1].item() == pytest.approx(rho, abs=0.03)
        tau = [
            stats.kendalltau(*values.T).statistic
            for values in (grades.numpy(), law(20_000, rng("draw")).numpy())
        ]
        assert tau[0] == pytest.approx(tau[1], abs=0.02)

    def test_categories_keep_their_shares_and_follow_numbers(self):
        spec = DataSpec(
            "table",
            (4,),
            (Column("size", "numeric"), Column("kind", "categorical", ("a", "b", "c"))),
        )
        size = normal(20_000, 1)
        kind = (size[:, 0] > 0.3) * 1 + (size[:, 0] > 1) * 1
        rows = torch.cat([size, torch.eye(3).double()[kind]], dim=1)
        y = draw(GaussianCopula(), Finite(rows, spec), 20_000).double()
        assert torch.equal(y[:, 1:].sum(dim=1), torch.ones(20_000).double())
        torch.testing.assert_close(y.mean(dim=0), rows.mean(dim=0), atol=0.03, rtol=0)
        assert (y[:, 1:].argmax(dim=1) == ((y[:, 0] > 0.3) * 1 + (y[:, 0] > 1) * 1)).all()

    def test_contradicting_correlations_are_mended(self):
        grades = torch.tensor(list(itertools.product([0.0, 1.0], repeat=2)) * 50)
        rows = torch.cat([grades, grades.sum(dim=1, keepdim=True)], dim=1)
        correlation = fit(GaussianCopula(), Finite(rows)).correlation
        torch.testing.assert_close(correlation.diag(), torch.ones(3).double())
        assert torch.linalg.eigvalsh(correlation).min() > -1e-9
