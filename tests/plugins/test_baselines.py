import math

import numpy as np
import pytest
import torch
from fitting import Finite, draw, fit, normal, rng
from scipy import stats
from sklearn.covariance import LedoitWolf

from ganbench_baselines.copula import GaussianCopula
from ganbench_baselines.encoding import as_samples, blocks, spread_rows
from ganbench_baselines.gaussian import Gaussian
from ganbench_baselines.kde import KernelDensity
from ganbench_baselines.mixture import GaussianMixture
from ganbench_baselines.resampling import Bootstrap, Marginals, Real
from ganbench_sequences import Markov
from ganbench_tabular import Fair
from ganbench_vectors import ring8

MEAN = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
FACTOR = torch.tensor([[2.0, 0, 0], [0.5, 0.3, 0], [-1, 0.2, 0.1]], dtype=torch.float64)
COVARIANCE = FACTOR @ FACTOR.T


class TestReal:
    def test_a_finite_set_is_dealt_out_before_any_row_comes_twice(self):
        rows = torch.arange(7.0)[:, None]
        drawn = draw(Real(), Finite(rows), 17)[:, 0]
        assert torch.equal(drawn[:7].sort().values, rows[:, 0])
        assert not torch.equal(drawn[:7], rows[:, 0])
        assert torch.equal(drawn[7:], drawn.repeat(2)[:10])

    def test_an_infinite_law_is_drawn_from_its_test_split(self):
        drawn = draw(Real(), ring8(), 50)
        assert torch.equal(drawn, ring8().sample(50, "test", rng("draw")))


class TestBootstrap:
    def test_rows_come_with_replacement(self):
        drawn = draw(Bootstrap(), Finite(torch.arange(100.0)[:, None]), 10_000)[:, 0]
        assert set(drawn.tolist()) == set(range(100))
        counts = drawn.long().bincount()
        assert stats.chisquare(counts).pvalue > 1e-4

    def test_of_an_infinite_law_few_rows_are_drawn_once(self):
        assert len(draw(Bootstrap(rows=20), ring8()).unique(dim=0)) == 20
        sampler = fit(Bootstrap(rows=20), ring8())
        both = torch.cat([sampler(500, rng("a")), sampler(500, rng("b"))])
        assert len(both.unique(dim=0)) == 20


class TestMarginals:
    def test_columns_keep_their_law_and_lose_their_ties(self):
        x = normal(5000, 1)
        y = draw(Marginals(), Finite(torch.cat([x, -x], dim=1))).double()
        assert stats.ks_2samp(y[:, 0], x[:, 0]).pvalue > 1e-4
        assert stats.ks_2samp(y[:, 1], -x[:, 0]).pvalue > 1e-4
        assert abs(torch.corrcoef(y.T)[0, 1]) < 4 / math.sqrt(5000)

    def test_categories_and_symbols_stay_whole_and_keep_their_shares(self):
        data = Markov(vocabulary=4, length=3)
        y = draw(Marginals(), data)
        assert torch.equal(data.project(y), y)
        shares, (first, second) = y.mean(dim=0), y[:, :2].argmax(dim=2).T
        torch.testing.assert_close(shares[0].double(), data.initial, atol=0.03, rtol=0)
        table = torch.zeros(4, 4).index_put_((first, second), torch.ones(5000), accumulate=True)
        table = table[table.sum(dim=1) > 0][:, table.sum(dim=0) > 0]
        assert stats.chi2_contingency(table).pvalue > 1e-4


class TestGaussian:
    def test_it_is_the_law_of_largest_likelihood(self):
        rows = (MEAN + normal(50, 3) @ FACTOR.T).float()
        law = fit(Gaussian(), Finite(rows))
        torch.testing.assert_close(law.mean, rows.double().mean(dim=0))
        torch.testing.assert_close(law.covariance, torch.cov(rows.double().T, correction=0))

    def test_it_recovers_known_parameters_within_four_standard_errors(self):
        n = 20_000
        law = fit(Gaussian(), Finite(MEAN + normal(n, 3) @ FACTOR.T))
        variances = COVARIANCE.diag()
        mean_errors = (variances / n).sqrt()
        errors = ((torch.outer(variances, variances) + COVARIANCE.square()) / n).sqrt()
        assert ((law.mean - MEAN).abs() < 4 * mean_errors).all()
        assert ((law.covariance - COVARIANCE).abs() < 4 * errors).all()
        drawn = law(n, rng("draw")).double()
        assert ((drawn.mean(dim=0) - law.mean).abs() < 4 * mean_errors).all()
        assert ((torch.cov(drawn.T) - law.covariance).abs() < 4 * errors).all()

    def test_fewer_rows_than_columns_are_shrunk_as_scikit_learn_does(self):
        rows = normal(10, 30).float()
        expected = LedoitWolf().fit(rows.double().numpy()).covariance_
        law = fit(Gaussian(), Finite(rows))
        np.testing.assert_allclose(law.covariance, expected, rtol=1e-9, atol=1e-12)
        drawn = torch.cov(law(100_000, rng("draw")).double().T)
        scale = expected.max()
        np.testing.assert_allclose(drawn, expected, atol=6 * scale / math.sqrt(100_000))

    def test_columns_without_spread_get_none(self):
        rows = torch.cat([normal(20, 1), torch.full((20, 1), 3.0)], dim=1)
        assert torch.equal(draw(Gaussian(), Finite(rows))[:, 1], torch.full((5000,), 3.0))


class TestSpreading:
    def test_rounding_undoes_it(self):
        grades = torch.tensor([-1.0, 0, 0.5, 4])[torch.randint(4, (500, 3), generator=rng("g"))]
        spread = spread_rows(Finite(grades), 10, rng("spread"))
        levels = grades.unique().double()
        nearest = levels[(spread[..., None] - levels).abs().argmin(dim=-1)]
        assert torch.equal(nearest, grades.double())
        assert len(spread.unique()) == spread.numel()

    def test_the_largest_entry_undoes_it_in_categories(self):
        rows, spec = Fair().rows("train"), Fair().spec
        values = as_samples(spread_rows(Fair(), 10, rng("spread")), spec)
        hot = [block for block in blocks(spec) if block.categorical]
        assert len(hot) == 2
        for block in hot:
            assert torch.equal(values[:, block.span], rows[:, block.span])

    def test_values_that_do_not_repeat_stay(self):
        rows = ring8().sample(100, "train", rng("rows"))
        assert torch.equal(spread_rows(Finite(rows), 10, rng("spread")), rows.double())


@pytest.mark.parametrize("baseline", [Gaussian, GaussianMixture, KernelDensity, GaussianCopula])
def test_densities_are_for_numbers_alone(baseline):
    assert Markov().spec.kind not in baseline().kinds
    assert ring8().spec.kind in baseline().kinds
