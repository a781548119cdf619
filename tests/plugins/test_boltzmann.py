"""The Boltzmann machine and its chain against enumeration."""

import pytest
import torch
from enumeration import (
    MIXED,
    PLANE,
    STATES,
    energy,
    exact_law,
    exact_sample,
    random_machine,
    within_four_errors,
)
from torch.func import grad

from ganbench_players.boltzmann import GibbsChain, binary_concrete


@pytest.fixture
def machine():
    return random_machine()


class TestMachine:
    def test_free_energy_is_minus_log_sum_over_hidden_units(self, machine):
        v = 2 * torch.randn(20, 2, dtype=torch.float64)
        expected = -(-energy(machine, v, STATES)).logsumexp(dim=1)
        torch.testing.assert_close(machine.free_energy(v), expected, rtol=1e-12, atol=1e-12)

    def test_free_energy_falls_along_the_reconstruction(self, machine):
        v = 2 * torch.randn(20, 2, dtype=torch.float64)
        slope = grad(lambda x: machine.free_energy(x).sum())(v)
        reconstruction = machine.visible_means(machine.hidden_logits(v).sigmoid())
        expected = (v - reconstruction) / machine.variance
        torch.testing.assert_close(slope, expected, rtol=1e-12, atol=1e-12)

    def test_hidden_probabilities_are_those_of_the_energy(self, machine):
        v = torch.randn(20, 2, dtype=torch.float64)
        expected = (-energy(machine, v, STATES)).softmax(dim=1) @ STATES
        torch.testing.assert_close(machine.hidden_logits(v).sigmoid(), expected)

    def test_visible_means_are_those_of_the_energy(self, machine):
        for h in STATES:
            slope_at = grad(lambda v, h=h: energy(machine, v[None], h[None]).sum())
            slope = slope_at(machine.visible_means(h))
            torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-12)


class TestChain:
    def moments(self, v):
        return torch.cat([v, v.square(), v[:, :1] * v[:, 1:]], dim=1)

    def exact_moments(self, machine):
        log_p, centres, std = exact_law(machine)
        of_centres = self.moments(centres)
        of_centres[:, 2:4] += std**2
        return log_p.exp() @ of_centres

    def test_long_chains_from_afar_reach_the_exact_law(self, machine):
        chain = GibbsChain(machine, PLANE, temperature=0.5)
        with torch.no_grad():
            v = chain(3 + torch.randn(5000, 2, dtype=torch.float64), 200)
            assert within_four_errors(self.moments(v), self.exact_moments(machine))
            p = machine.hidden_logits(v).sigmoid()
            assert within_four_errors(p, exact_law(machine)[0].exp() @ STATES)

    def test_one_step_leaves_the_exact_law_as_it_is(self, machine):
        chain = GibbsChain(machine, PLANE, temperature=0.5)
        with torch.no_grad():
            v = chain(exact_sample(machine, 20_000), 1)
            assert within_four_errors(self.moments(v), self.exact_moments(machine))

    def test_categories_follow_the_law_that_the_energy_gives_to_one_hots(self):
        machine = random_machine(MIXED)
        chain = GibbsChain(machine, MIXED, temperature=0.5)
        with torch.no_grad():
            v = chain(torch.randn(5000, 4, dtype=torch.float64), 200)
            levels = torch.eye(3, dtype=torch.float64)
            x = torch.linspace(-12, 12, 2001, dtype=torch.float64)
            each = [torch.cat([x[:, None], level.expand(len(x), 3)], dim=1) for level in levels]
            mass = torch.stack([(-machine.free_energy(v)).exp() for v in each], dim=1)
            mass = mass / mass.sum()
        assert set(v[:, 1:].unique().tolist()) == {0, 1}
        assert (v[:, 1:].sum(dim=1) == 1).all()
        assert within_four_errors(v[:, 1:], mass.sum(dim=0))
        assert within_four_errors(v[:, :1], (mass.sum(dim=1) @ x))
        assert within_four_errors(v[:, :1] * v[:, 1:], x @ mass)

    def test_a_straight_through_value_is_binary_and_has_the_slope_of_a_soft_one(self):
        logits = torch.linspace(-3, 3, 7, dtype=torch.float64).expand(20_000, 7)
        uniform = torch.rand(20_000, 7, dtype=torch.float64)
        values = binary_concrete(logits, uniform, 0.5)
        assert set(values.unique().tolist()) == {0, 1}
        assert within_four_errors(values, logits[0].sigmoid())
        slope = grad(lambda x: binary_concrete(x, uniform, 0.5).sum())(logits)
        soft = ((logits + uniform.log() - (-uniform).log1p()) / 0.5).sigmoid()
        torch.testing.assert_close(slope, soft * (1 - soft) / 0.5)

    def test_a_uniform_number_of_zero_is_harmless(self):
        zero = torch.zeros(3)
        assert torch.equal(binary_concrete(zero, zero, 0.5), zero)
        slope = grad(lambda logits: binary_concrete(logits, zero, 0.5).sum())(zero)
        assert torch.equal(slope, zero)
