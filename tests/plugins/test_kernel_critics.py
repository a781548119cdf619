"""Kernel discriminators against double loops and other solvers."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from ganbench_players import KernelLogistic, MmdWitness
from ganbench_players.fourier import FourierFeatures
from ganbench_players.kernels import (
    LogisticCritic,
    WitnessCritic,
    gaussian_mixture,
    kernel_logistic,
)
from ganbench_vectors import ring8

BANDWIDTHS = (0.3, 1.0)


def naive_kernel(x, y):
    distance = sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / len(x)
    return sum(math.exp(-distance / (2 * h**2)) for h in BANDWIDTHS) / len(BANDWIDTHS)


def fitted(critic, real, fake):
    critic.prepare(len(real))
    for name, value in critic.refit(real, fake).items():
        setattr(critic, name, value)
    return critic


def test_the_kernel_is_a_mean_over_bandwidths_of_mean_squared_differences():
    x, y = torch.randn(4, 3).double(), torch.randn(5, 3).double()
    kernel = gaussian_mixture(x, y, BANDWIDTHS)
    for i in range(4):
        for j in range(5):
            expected = naive_kernel(x[i].tolist(), y[j].tolist())
            assert kernel[i, j].item() == pytest.approx(expected, abs=1e-12)


def test_the_kernel_is_exact_far_from_the_origin():
    x = 1000 + torch.randn(6, 2)
    near = x.double() - 1000
    torch.testing.assert_close(
        gaussian_mixture(x, x, (0.05,)).double(),
        gaussian_mixture(near, near, (0.05,)),
        atol=1e-4,  # eps * 5 / h^2: rounding of squares near the origin
        rtol=0,
    )


def test_the_witness_is_the_difference_of_mean_kernels():
    real, fake, x = (torch.randn(n, 3).double() for n in (6, 6, 4))
    critic = fitted(WitnessCritic(3, 1, BANDWIDTHS).double(), real, fake)
    for i in range(4):
        to_real = [naive_kernel(x[i].tolist(), row.tolist()) for row in real]
        to_fake = [naive_kernel(x[i].tolist(), row.tolist()) for row in fake]
        expected = sum(to_real) / 6 - sum(to_fake) / 6
        assert critic(x)[i].item() == pytest.approx(expected, abs=1e-12)


def test_following_the_witness_descends_half_the_squared_discrepancy():
    """Its gradient is that of MMD^2 in the fake samples, where the bank holds the same ones."""
    real, fake = torch.randn(6, 3).double() + 1, torch.randn(6, 3).double().requires_grad_()

    def squared(fake):
        within = gaussian_mixture(real, real, BANDWIDTHS).mean()
        return within + (
            gaussian_mixture(fake, fake, BANDWIDTHS).mean()
            - 2 * gaussian_mixture(fake, real, BANDWIDTHS).mean()
        )

    critic = fitted(WitnessCritic(3, 1, BANDWIDTHS).double(), real, fake.detach())
    (slope,) = torch.autograd.grad(-critic(fake).mean(), fake)
    (expected,) = torch.autograd.grad(squared(fake), fake)
    torch.testing.assert_close(slope, expected / 2)


def test_the_witness_of_equal_batches_is_zero():
    x = torch.randn(6, 2)
    critic = fitted(WitnessCritic(2, 1, BANDWIDTHS), x, x)
    assert not critic(torch.randn(5, 2)).any()


@pytest.mark.parametrize("players", [MmdWitness(memory=2), KernelLogistic(memory=2)])
def test_the_bank_keeps_the_last_batches(players):
    critic = players.discriminator(ring8().spec)
    critic.prepare(4)
    batches = [(torch.randn(4, 2), torch.randn(4, 2)) for _ in range(3)]
    for real, fake in batches:
        for name, value in critic.refit(real, fake).items():
            assert value.shape == getattr(critic, name).shape
            setattr(critic, name, value)
    assert torch.equal(critic.real, torch.cat([batches[2][0], batches[1][0]]))
    assert torch.equal(critic.fake, torch.cat([batches[2][1], batches[1][1]]))
    assert not list(critic.parameters())


@pytest.fixture
def problem():
    rows = torch.randn(60, 2, dtype=torch.float64)
    rows[:30] += 0.7
    targets = (torch.arange(60) < 30).double()
    return rows, targets, gaussian_mixture(rows, rows, BANDWIDTHS)


@pytest.mark.parametrize("ridge", [0.001, 0.03])
def test_kernel_logistic_regression_equals_sklearn_on_the_same_features(problem, ridge):
    """Its penalty is |w|^2 / 2 against C times the sum of losses."""
    rows, targets, kernel = problem
    values, vectors = np.linalg.eigh(kernel.numpy())
    features = vectors * np.sqrt(values.clip(0))
    peer = LogisticRegression(
        C=1 / (ridge * len(rows)), fit_intercept=False, tol=1e-12, max_iter=10_000
    ).fit(features, targets.numpy())
    scores = kernel @ kernel_logistic(kernel, targets, ridge, iterations=20)
    np.testing.assert_allclose(scores, features @ peer.coef_[0], atol=1e-5)


def test_kernel_logistic_regression_equals_an_optimum_of_scipy(problem):
    _, targets, kernel = problem
    signs, gram = 2 * targets.numpy() - 1, kernel.numpy()

    def objective(alpha):
        margins = signs * (gram @ alpha)
        return np.logaddexp(0, -margins).mean() + 0.03 / 2 * alpha @ gram @ alpha

    peer = minimize(objective, np.zeros(60), method="L-BFGS-B", options={"maxfun": 10**6})
    alpha = kernel_logistic(kernel, targets, 0.03, iterations=20).numpy()
    assert objective(alpha) <= peer.fun
    np.testing.assert_allclose(gram @ alpha, gram @ peer.x, atol=0.01)


def test_the_default_number_of_steps_is_enough(problem):
    _, targets, kernel = problem
    few = kernel_logistic(kernel, targets, 1e-3, KernelLogistic().iterations)
    many = kernel_logistic(kernel, targets, 1e-3, 50)
    torch.testing.assert_close(kernel @ few, kernel @ many, atol=1e-2, rtol=0)


def test_kernel_logistic_scores_are_the_log_ratio_of_two_gaussians():
    """Of N(.5, 1) and N(-.5, 1) it is x."""
    real, fake = torch.randn(2, 700, 1).double() + torch.tensor([[[0.5]], [[-0.5]]])
    critic = fitted(LogisticCritic(1, 1, (3.0,), 1e-4, 10).double(), real, fake)
    x = torch.linspace(-1, 1, 5).double()
    # 1400 rows: the error of a fitted slope is about 0.06.
    np.testing.assert_allclose(critic(x[:, None]), x, atol=0.25)


def test_random_features_have_the_kernel_as_their_mean():
    x, y = torch.randn(5, 3), torch.randn(6, 3)
    features = FourierFeatures(3, 40_000, BANDWIDTHS, gain=1 / 200)
    product = features(x) @ features(y).T
    # Each of 40,000 terms has a standard deviation of at most 1.
    torch.testing.assert_close(product, gaussian_mixture(x, y, BANDWIDTHS), atol=4 / 200, rtol=0)


def test_random_features_are_frozen():
    assert not list(FourierFeatures(3, 10, BANDWIDTHS, 1.0).parameters())
