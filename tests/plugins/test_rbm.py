"""The restricted Boltzmann machine as a player."""

import math

import pytest
import torch
from enumeration import (
    HIDDEN,
    MIXED,
    PLANE,
    exact_law,
    exact_log_density,
    exact_sample,
    parameters,
    random_machine,
    within_four_errors,
)
from torch import nn
from torch.func import functional_call, grad, jacrev, vmap

from ganbench.cells import plan
from ganbench.training.loop import train
from ganbench_images import Digits
from ganbench_players import Rbm
from ganbench_players.boltzmann import GibbsChain, binary_concrete
from ganbench_tabular import Fair


@pytest.fixture
def machine():
    return random_machine()


class TestCritic:
    @pytest.fixture
    def critic(self):
        return Rbm(hidden=8, std=0.4).discriminator(PLANE)

    def test_scores_differ_by_free_energies(self, critic):
        x, y = torch.randn(2, 10, 2)
        expected = critic.machine.free_energy(y) - critic.machine.free_energy(x)
        torch.testing.assert_close(critic(x) - critic(y), expected)

    def test_features_are_what_the_score_gains_by_each_hidden_bias(self, critic):
        x = torch.randn(5, 2)

        def scores(bias):
            return functional_call(critic, {"machine.hidden_bias": bias}, (x,))

        torch.testing.assert_close(
            jacrev(scores)(critic.machine.hidden_bias.detach()), critic.features(x)
        )

    def test_first_scores_of_normal_data_are_near_zero(self, critic):
        with torch.no_grad():
            scores = critic(torch.randn(1000, 2))
        error = scores.std() * math.sqrt(1 / 1000 + 1 / 256)
        assert scores.mean().abs() < 4 * error

    def test_scores_are_centred_by_a_running_mean_of_the_free_energy(self, critic):
        critic.double()
        batches = 3 * torch.randn(30, 2, 16, 2, dtype=torch.float64)
        means = critic.machine.free_energy(batches.flatten(0, 2)).view(30, 32).mean(dim=1)
        values = {}
        with torch.no_grad():
            for seen, (real, fake) in enumerate(batches, start=1):
                values = functional_call(Refitting(critic), prefixed(values), (real, fake))
                if seen == 10:
                    torch.testing.assert_close(values["centre"], means[:10].mean())
        ages = torch.arange(29, -1, -1, dtype=torch.float64)
        weights = 0.1 * 0.9 ** ages.clamp(max=20)
        torch.testing.assert_close(values["centre"], (weights * means).sum())

    def test_its_first_batch_centres_it(self, critic):
        x = 9 + torch.randn(64, 2)
        with torch.no_grad():
            critic.offset.fill_(0.7)
            scores = functional_call(critic, critic.refit(x, -x), (torch.cat([x, -x]),))
        # Of free energies of about 700 in float32.
        assert scores.mean().item() == pytest.approx(0.7, abs=1e-3)

    def test_it_flattens_images(self):
        critic = Rbm(hidden=4).discriminator(Digits().spec)
        assert critic(Digits().rows("train")[:7]).shape == (7,)


class Refitting(nn.Module):
    def __init__(self, critic):
        super().__init__()
        self.critic = critic

    def forward(self, real, fake):
        return self.critic.refit(real, fake)


def prefixed(values):
    return {f"critic.{name}": value for name, value in values.items()}


class TestPathwiseGenerator:
    def test_samples_fit_the_data_and_gradients_reach_every_parameter(self):
        for spec in (PLANE, MIXED, Digits().spec, Fair().spec):
            generator = Rbm(hidden=8).generator(spec, 5)
            fake = generator(torch.randn(50, 5))
            assert fake.shape == (50, *spec.shape)
            (fake * torch.randn_like(fake)).sum().backward()
            assert all(value.grad.abs().max() > 0 for value in generator.parameters())
            if spec.low is not None:
                assert fake.min() >= spec.low
                assert fake.max() <= spec.high

    def test_the_last_step_has_the_slope_of_a_normal_law_with_a_mean_and_a_scale(self):
        chain = GibbsChain(random_machine(), PLANE, temperature=0.5)
        start = torch.randn(6, 2, dtype=torch.float64)
        noise = torch.randn(6, 1, 2, dtype=torch.float64)
        values = {
            **parameters(chain),
            "hidden_noise.values": torch.rand(6, 1, HIDDEN, dtype=torch.float64),
            "visible_noise.values": noise,
        }

        def total(name):
            return lambda value: functional_call(chain, values | {name: value}, (start, 1)).sum()

        def slope(name):
            return grad(total(name))(values[name])

        torch.testing.assert_close(
            slope("machine.visible_bias"), torch.full((2,), 6.0, dtype=torch.float64)
        )
        sample = functional_call(chain, values, (start, 1))
        std = chain.machine.variance.sqrt()
        h = binary_concrete(
            chain.machine.hidden_logits(start), values["hidden_noise.values"][:, 0], 0.5
        )
        torch.testing.assert_close(sample, chain.machine.visible_means(h) + std * noise[:, 0])

    def test_seeds_side_by_side_are_as_alone(self):
        generators = [Rbm(hidden=8, steps=2).generator(MIXED, 5) for _ in range(3)]
        numbers = {
            "chain.hidden_noise.values": torch.rand(3, 6, 2, 8),
            "chain.visible_noise.values": torch.randn(3, 6, 2, 4),
            "chain.level_noise.values": torch.rand(3, 6, 2, 4),
        }
        noise = torch.randn(3, 6, 5)
        stacked = {
            name: torch.stack([one.state_dict()[name] for one in generators])
            for name in generators[0].state_dict()
        }

        def draw(values, noise):
            return functional_call(generators[0], values, (noise,))

        together = vmap(draw, randomness="error")({**stacked, **numbers}, noise)
        for i, generator in enumerate(generators):
            own = {name: value[i] for name, value in numbers.items()}
            alone = functional_call(generator, own, (noise[i],))
            torch.testing.assert_close(together[i], alone)


class TestScoreFunctionGenerator:
    ROWS = 40_000

    @pytest.fixture
    def generator(self, machine):
        rbm = Rbm(hidden=HIDDEN, mode="score_function", steps=3, burn_in=7)
        generator = rbm.generator(PLANE, 5).double()
        generator.chain.machine.load_state_dict(machine.state_dict())
        return generator

    def slopes(self, generator, x):
        """Return the gradient of each sample's log-probability, (B, parameters)."""
        machine = generator.chain.machine

        def log_prob(values, row):
            network = {f"chain.machine.{name}": value for name, value in values.items()}
            return functional_call(LogProb(generator), rooted(network), (row[None],))[0]

        each = vmap(grad(log_prob), in_dims=(None, 0))(parameters(machine), x)
        return torch.cat([value.reshape(len(x), -1) for value in each.values()], dim=1)

    def exact_slope(self, machine, function):
        """Differentiate a function of the machine."""
        values = torch.autograd.grad(function(machine), list(machine.parameters()))
        return torch.cat([value.flatten() for value in values])

    def test_log_probabilities_differ_as_the_exact_ones(self, generator, machine):
        x, y = torch.randn(2, 20, 2, dtype=torch.float64)
        ours = generator.log_prob(x, x) - generator.log_prob(y, y)
        exact = exact_log_density(machine, x) - exact_log_density(machine, y)
        torch.testing.assert_close(ours, exact, rtol=1e-10, atol=1e-10)

    def test_weighted_slopes_estimate_the_slope_of_an_expectation(self, generator, machine):
        u = torch.tensor([1.0, -0.5], dtype=torch.float64)

        def expectation(machine):  # of u.v + |v|^2
            log_p, centres, std = exact_law(machine)
            return log_p.exp() @ (centres @ u + centres.square().sum(dim=1)) + 2 * std**2

        x = exact_sample(machine, self.ROWS)
        r = x @ u + x.square().sum(dim=1)
        estimate = (r - r.mean())[:, None] * self.slopes(generator, x)
        assert within_four_errors(estimate, self.exact_slope(machine, expectation))

    def test_contrasted_slopes_estimate_the_slope_of_the_likelihood(self, generator, machine):
        real = 0.5 + torch.randn(self.ROWS, 2, dtype=torch.float64)
        estimate = self.slopes(generator, real) - self.slopes(
            generator, exact_sample(machine, self.ROWS)
        )
        exact = self.exact_slope(machine, lambda m: exact_log_density(m, real).mean())
        assert within_four_errors(estimate, exact)

    def test_chains_go_on_by_so_many_steps_for_each_row(self, generator):
        generator.prepare(6)
        generator.double()
        before = generator.chains.clone()
        numbers = {
            "chain.hidden_noise.values": torch.rand(6, 3, HIDDEN, dtype=torch.float64),
            "chain.visible_noise.values": torch.randn(6, 3, 2, dtype=torch.float64),
        }
        fresh = functional_call(Advance(generator), rooted(numbers), ())["chains"]
        chain_numbers = {name.removeprefix("chain."): v for name, v in numbers.items()}
        assert torch.equal(fresh, functional_call(generator.chain, chain_numbers, (before, 3)))
        assert torch.equal(generator.chains, before)
        assert torch.equal(generator(torch.randn(6, 5)), before)

    def test_samples_for_scores_come_from_long_chains_of_their_own(self, generator):
        generator.eval()
        noise = torch.randn(6, 5, dtype=torch.float64)
        numbers = {
            "hidden_noise.values": torch.rand(6, 7, HIDDEN, dtype=torch.float64),
            "visible_noise.values": torch.randn(6, 7, 2, dtype=torch.float64),
        }
        ours = functional_call(
            generator, {f"chain.{name}": value for name, value in numbers.items()}, (noise,)
        )
        start = noise @ generator.start.directions.T
        assert torch.equal(ours, functional_call(generator.chain, numbers, (start, 7)))

    def test_it_refuses_bounded_data(self):
        rbm = Rbm(mode="score_function")
        assert "bounds" in rbm.misfit(Digits().spec)
        assert rbm.misfit(PLANE) is None
        assert Rbm().misfit(Digits().spec) is None


class LogProb(nn.Module):
    def __init__(self, root):
        super().__init__()
        self.root = root

    def forward(self, x):
        return self.root.log_prob(x, x)


class Advance(nn.Module):
    def __init__(self, root):
        super().__init__()
        self.root = root

    def forward(self):
        return self.root.next_buffers()


def rooted(values):
    return {f"root.{name}": value for name, value in values.items()}


class TestTraining:
    @pytest.mark.parametrize(
        "generator", ["rbm(hidden=4, steps=1)", "rbm(hidden=4, mode='score_function', steps=1)"]
    )
    def test_every_parameter_and_buffer_moves(self, tiny, registry, generator):
        pair = {"generator": generator, "discriminator": "rbm(hidden=4)"}
        train_for = {"generator_steps": 3, "batch_size": 8, "block": 2}
        grid = tiny(architectures=[pair], datasets=["fair"], train=train_for)
        (cell,) = plan(grid, registry)
        assert cell.misfit is None
        for progress in train(cell, [0, 1], torch.device("cpu")):
            if progress.step == 0:
                first = {k: value.clone() for k, value in progress.ensemble.state.items()}
        assert progress.engine.rung == "traced"
        last, game = progress.ensemble.state, progress.ensemble.game
        for role, player in (("generator", game.generator), ("critic", game.critic)):
            change = player.unflatten((last[role] - first[role])[0])
            assert all(value.abs().max() > 0 for value in change.values())
        for name in ("generator.buffer.chains", "critic.buffer.centre"):
            assert name not in first or not torch.equal(first[name], last[name])
        assert torch.isfinite(progress.ensemble.generate(20, "test")).all()
