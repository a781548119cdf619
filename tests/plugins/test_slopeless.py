"""Forests and neighbours against scikit-learn, and the gradient that they are given."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from ganbench_players import ExtraTrees, Neighbours
from ganbench_players.neighbours import NeighbourVote
from ganbench_players.smoothing import SmoothedCritic, antithetic_gradient
from ganbench_players.trees import Forest, encoded, grown
from ganbench_vectors import ring8

SPEC = ring8().spec


def refit(module, real, fake):
    for name, value in module.refit(real, fake).items():
        assert value.shape == getattr(module, name).shape
        assert value.dtype == getattr(module, name).dtype
        setattr(module, name, value)


# ------------------------------------------------------------------------------------- smoothing


def estimates(function, x, sigma, count=4000, pairs=3):
    """Return the mean and its standard error of many independent estimates at one place."""
    directions = torch.randn(count, pairs, len(x), dtype=torch.float64)
    slopes = antithetic_gradient(function, x.expand(count, -1), directions, sigma)
    return slopes.mean(dim=0), slopes.std(dim=0) / count**0.5


def test_the_smoothed_gradient_of_a_linear_function_is_its_slope():
    slope, x = torch.tensor([1.0, -2.0, 0.5]).double(), torch.randn(3).double()
    mean, error = estimates(lambda rows: rows @ slope + 7, x, sigma=0.3)
    assert ((mean - slope).abs() < 4 * error).all()


def test_the_smoothed_gradient_of_a_quadratic_function_is_exact_on_average():
    """Smoothing adds a constant to a quadratic function, and so leaves its gradient as it is."""
    a, x = torch.randn(3, 3).double(), torch.randn(3).double()
    mean, error = estimates(lambda rows: (rows @ a * rows).sum(dim=1), x, sigma=0.5)
    assert ((mean - (a + a.T) @ x).abs() < 4 * error).all()


def test_the_smoothed_gradient_of_a_step_is_the_density_of_the_noise():
    """Of 1[x > 0] at x0 it is N(x0; 0, sigma^2)."""
    x, sigma = torch.tensor([0.1]).double(), 0.2
    mean, error = estimates(lambda rows: (rows[:, 0] > 0).double(), x, sigma, count=20_000)
    density = torch.distributions.Normal(0.0, sigma).log_prob(x).exp()
    assert ((mean - density).abs() < 4 * error).all()
    assert (error < 0.05 * density).all()


def test_a_pair_cancels_the_value_of_the_function():
    x, directions = torch.randn(5, 3), torch.randn(5, 4, 3)
    assert not antithetic_gradient(lambda rows: 0 * rows[:, 0] + 1e6, x, directions, 0.1).any()


class Step(torch.nn.Module):
    def forward(self, rows):
        return (rows[:, 0] > 0).to(rows.dtype)


def test_a_smoothed_critic_has_its_own_value_and_the_smoothed_gradient():
    critic = SmoothedCritic(Step(), pairs=5, sigma=0.2, floor=0.1)
    critic.noise.values = torch.randn(6, 5, 2)
    x = torch.randn(6, 2)
    gradient = torch.func.grad(lambda x: critic(x).sum())(x)
    expected = torch.where(x[:, 0] > 0, 1.1, 0.1).log() - torch.where(x[:, 0] > 0, 0.1, 1.1).log()
    torch.testing.assert_close(critic(x), expected)
    torch.testing.assert_close(
        gradient, antithetic_gradient(critic._log_odds, x, critic.noise.values, 0.2)
    )


def test_real_and_fake_batches_meet_the_same_steps():
    critic = SmoothedCritic(Step(), pairs=5, sigma=0.2, floor=0.1)
    critic.noise.values = torch.randn(6, 5, 2)
    x = torch.randn(6, 2)
    slope = torch.func.grad(lambda x: critic(x).sum())
    torch.testing.assert_close(slope(torch.cat([x, x])), slope(x).repeat(2, 1))


# ------------------------------------------------------------------------------------ neighbours


def test_the_vote_is_that_of_scikit_learn():
    real, fake, x = torch.randn(30, 3) + 0.5, torch.randn(30, 3), 100 * torch.randn(40, 3)
    x[:20] /= 100
    vote = NeighbourVote(3, 1, neighbours=7)
    vote.prepare(30)
    refit(vote, real, fake)
    peer = KNeighborsClassifier(7).fit(torch.cat([real, fake]), np.repeat([1, 0], 30))
    np.testing.assert_allclose(vote(x), peer.predict_proba(x.numpy())[:, 1], atol=1e-6)


def test_the_score_is_the_log_odds_of_the_vote():
    critic = Neighbours(neighbours=5, memory=1, floor=0.2).discriminator(SPEC)
    critic.classifier.prepare(20)
    refit(critic.classifier, torch.randn(20, 2) + 9, torch.randn(20, 2) - 9)
    far = np.log(1.2 / 0.2)
    scores = critic(torch.tensor([[9.0, 9.0], [-9.0, -9.0]]))
    torch.testing.assert_close(scores, torch.tensor([far, -far]).float())


# ----------------------------------------------------------------------------------------- trees


@pytest.mark.parametrize("depth", [1, 6])
def test_encoded_forests_predict_as_scikit_learn(depth):
    """On the rows they grew from too, where a value may be next to a threshold."""
    rows = (10 * torch.randn(80, 3)).round() / 10  # ties between values
    targets = np.repeat([1, 0], 40)
    peer = grown(rows.numpy(), targets, trees=9, depth=depth, seed=3)
    forest = Forest(3, 1, trees=9, depth=depth, interval=1)
    for name, value in encoded(peer).items():
        assert value.shape == (9, 2 ** (depth + 1) - 1)
        setattr(forest, name, torch.from_numpy(value))
    for x in (rows, torch.randn(200, 3)):
        np.testing.assert_allclose(forest(x), peer.predict_proba(x.numpy())[:, 1], atol=1e-6)


def test_thresholds_are_compared_as_scikit_learn_compares_them():
    """A float32 just above a float64 threshold goes right."""
    rows = np.nextafter(np.full((40, 1), 1.0, np.float32), np.float32(2))
    rows[:20] = 1.0
    peer = grown(rows, np.repeat([1, 0], 20), trees=30, depth=1, seed=0)
    forest = Forest(1, 1, trees=30, depth=1, interval=1)
    for name, value in encoded(peer).items():
        setattr(forest, name, torch.from_numpy(value))
    np.testing.assert_allclose(
        forest(torch.from_numpy(rows)), peer.predict_proba(rows)[:, 1], atol=1e-6
    )


def forest_of(interval=1, memory=1, trees=5):
    forest = Forest(2, memory, trees, 3, interval)
    forest.prepare(20)
    return forest


def batch():
    return torch.randn(20, 2) + 1, torch.randn(20, 2)


def test_a_forest_that_never_grew_has_no_opinion():
    assert torch.equal(forest_of()(torch.randn(6, 2)), torch.full((6,), 0.5))


def test_the_forest_grows_anew_after_every_interval():
    forest, thresholds = forest_of(interval=3), []
    for _ in range(7):
        refit(forest, *batch())
        thresholds.append(forest.threshold)
    new = [not torch.equal(a, b) for a, b in itertools.pairwise(thresholds)]
    assert new == [False, False, True, False, False, True]


def test_forests_differ_between_seeds_and_fits_but_not_between_runs():
    real, fake = batch()
    thresholds = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        forest = forest_of()
        for _ in range(2):
            refit(forest, real, fake)
            thresholds.append(forest.threshold)
    first, second, again, _, other, _ = thresholds
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert not torch.equal(first, other)


def test_growing_leaves_the_global_random_state_of_numpy_alone():
    before = np.random.get_state()[1].copy()
    refit(forest_of(), *batch())
    assert np.array_equal(before, np.random.get_state()[1])


def test_the_forest_remembers_several_batches():
    forest = forest_of(memory=2)
    real, fake = batch()
    refit(forest, real, fake)
    refit(forest, real + 10, fake + 10)
    assert torch.equal(forest.real, torch.cat([real + 10, real]))
    critic = ExtraTrees().discriminator(SPEC)
    critic.classifier.prepare(20)
    assert critic.classifier.real.shape == (ExtraTrees().memory * 20, 2)
