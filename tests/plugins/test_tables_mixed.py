"""The synthetic table: its law, and samples of it."""

import itertools

import numpy as np
import pytest
import torch
from scipy import stats

from ganbench_tabular import Mixed


def sample(data, n, seed=0):
    return data.sample(n, "test", torch.Generator().manual_seed(seed))


def test_log_density_is_that_of_the_documented_law():
    data = Mixed(numeric=2, categorical=2, levels=3, components=3, seed=5)
    x = sample(data, 50)
    hots = x[:, 2:].reshape(50, 2, 3).argmax(dim=2).numpy()
    total = np.zeros(50)
    for z in range(3):
        factor = data.factors[z].numpy()
        normal = stats.multivariate_normal(data.means[z].numpy(), factor @ factor.T)
        tables = data.tables[z].numpy()
        chances = tables[0, hots[:, 0]] * tables[1, hots[:, 1]]
        total += data.weights[z].item() * normal.pdf(x[:, :2].double().numpy()) * chances
    np.testing.assert_allclose(data.log_prob(x).numpy(), np.log(total), rtol=1e-4, atol=1e-5)


def test_it_sums_to_one():
    data = Mixed(numeric=1, categorical=2, levels=3)
    line = torch.linspace(-9, 9, 4001)
    total = 0.0
    for a, b in itertools.product(range(3), repeat=2):
        hot = torch.zeros(len(line), 6)
        hot[:, a], hot[:, 3 + b] = 1, 1
        density = data.log_prob(torch.cat([line[:, None], hot], dim=1)).double().exp()
        total += torch.trapezoid(density, line.double()).item()
    assert total == pytest.approx(1, abs=1e-5)


def test_samples_follow_it():
    data, n = Mixed(numeric=1, categorical=1, levels=3), 20_000
    x = sample(data, n)
    shares = (data.weights[:, None] * data.tables[:, 0]).sum(dim=0).numpy()
    assert stats.chisquare(x[:, 1:].sum(dim=0).numpy(), n * shares).pvalue > 0.001
    weights, means, stds = (
        values.numpy() for values in (data.weights, data.means[:, 0], data.factors[:, 0, 0])
    )

    def cdf(values):
        return (weights * stats.norm.cdf(values[:, None], means, stds)).sum(axis=1)

    assert stats.kstest(x[:, 0].numpy(), cdf).pvalue > 0.001


def test_numbers_are_standardised_and_depend_on_each_other():
    data = Mixed(numeric=4)
    mean = data.weights @ data.means
    covariances = data.factors @ data.factors.mT
    second = covariances + data.means[:, :, None] * data.means[:, None]
    total = (data.weights[:, None, None] * second).sum(dim=0)
    torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-12, rtol=0)
    torch.testing.assert_close(total.diagonal(), torch.ones_like(mean))
    assert total.triu(1).abs().max() > 0.1


def test_tables_come_back():
    data = Mixed()
    x = sample(data, 20)
    frame = data.to_frame(x)
    assert list(frame) == ["number1", "number2", "number3", "category1", "category2"]
    assert frame["number1"].dtype == np.float64
    assert {*frame["category2"]} <= {*"abcd"}
    assert data.target in frame
    assert torch.equal(data.project(x), x)


def test_the_seed_decides_the_law():
    x = sample(Mixed(), 5)
    assert torch.equal(x, sample(Mixed(), 5))
    assert not torch.equal(x, sample(Mixed(seed=1), 5))
    assert not torch.equal(Mixed().log_prob(x), Mixed(seed=1).log_prob(x))
