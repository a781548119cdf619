import pytest
import torch
from torch.distributions import MultivariateNormal

from ganbench_players import Linear, Quadratic
from ganbench_sequences import Markov
from ganbench_vectors import ring8


def test_a_linear_critic_is_linear_in_all_values():
    critic = Linear().discriminator(Markov().spec)
    x, y = torch.randn(2, 4, *Markov().spec.shape)
    torch.testing.assert_close(critic((x + y) / 2), (critic(x) + critic(y)) / 2)
    assert torch.equal(critic.features(x), x.flatten(1))


def test_a_quadratic_critic_is_its_formula():
    critic = Quadratic().discriminator(ring8().spec)
    x = torch.randn(5, 2)
    matrix, slope = critic.curve.weight, critic.slope.weight[0]
    expected = [row @ matrix @ row + slope @ row + critic.slope.bias[0] for row in x]
    torch.testing.assert_close(critic(x), torch.stack(expected))


@pytest.fixture
def gaussians():
    a = torch.randn(2, 2, dtype=torch.float64)
    real = MultivariateNormal(torch.tensor([1.0, -0.5]).double(), a @ a.T + torch.eye(2))
    return real, MultivariateNormal(torch.zeros(2).double(), torch.eye(2).double() / 2)


def test_a_quadratic_critic_can_be_the_log_ratio_of_two_gaussians(gaussians):
    real, fake = gaussians
    critic = Quadratic().discriminator(ring8().spec).double()
    origin = torch.zeros(2).double()
    with torch.no_grad():
        critic.curve.weight.copy_((fake.precision_matrix - real.precision_matrix) / 2)
        critic.slope.weight.copy_(real.precision_matrix @ real.mean)
        critic.slope.bias.copy_(real.log_prob(origin) - fake.log_prob(origin))
    x = 3 * torch.randn(20, 2).double()
    torch.testing.assert_close(critic(x), real.log_prob(x) - fake.log_prob(x))


def test_a_trained_quadratic_critic_comes_to_the_log_ratio(gaussians):
    real, fake = gaussians
    critic = Quadratic().discriminator(ring8().spec).double()
    optimizer = torch.optim.LBFGS(critic.parameters(), max_iter=200)
    x, y = real.sample((20_000,)), fake.sample((20_000,))

    def objective():
        optimizer.zero_grad()
        softplus = torch.nn.functional.softplus
        value = softplus(-critic(x)).mean() + softplus(critic(y)).mean()
        value.backward()
        return value

    optimizer.step(objective)
    at = torch.randn(20, 2).double() / 2
    expected = real.log_prob(at) - fake.log_prob(at)
    torch.testing.assert_close(critic(at), expected, atol=0.15, rtol=0)
