"""Losses, regularizers and players that break a rule of the game are caught by it."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from ganbench.api import (
    Architecture,
    FeatureCritic,
    Loss,
    OutputHead,
    Regularizer,
    from_scores,
    input_gradient,
)


def loss_of(critic, generator=lambda real, fake: softplus(-fake).mean()):
    return lambda: from_scores(critic, generator)


def players_of(body=None, generator=None, given=("vector",)):
    """Make players of a hidden layer: a function of (inputs, width) that builds one."""

    class Mine(Architecture):
        kinds = frozenset(given)

        def generator(self, spec, noise_dim):
            if generator is not None:
                return generator(noise_dim, spec)
            layers = nn.Linear(noise_dim, 6), nn.Tanh(), nn.Linear(6, spec.size)
            return nn.Sequential(*layers, OutputHead(spec))

        def discriminator(self, spec, output):
            make = body or (lambda size, width: nn.Sequential(nn.Linear(size, width), nn.Tanh()))
            return FeatureCritic(make(spec.size, 6), 6, output)

    return Mine


class Bent(nn.Module):
    """A hidden layer that is bent by a function of samples."""

    def __init__(self, bend):
        super().__init__()
        self.layer, self.bend = nn.Linear(2, 6), bend

    def forward(self, x):
        return torch.tanh(self.layer(self.bend(x)))


def bent(bend):
    return players_of(lambda size, width: Bent(bend))


def test_sound_ones_pass(verdicts):
    slope = Regularizer(
        penalty=lambda critic, real, fake, draws: input_gradient(critic, real).square().mean()
    )
    for kind, factory in (
        ("architecture", players_of()),
        ("regularizer", lambda: slope),
        ("loss", loss_of(lambda real, fake: softplus(-real).mean() + softplus(fake).mean())),
    ):
        found = verdicts(kind, factory)
        wrong = {name: verdict for name, verdict in found.items() if verdict.status == "failed"}
        assert set(wrong) <= {"has-a-summary", "names-its-source"}, wrong
        assert found["runs-alike-on-every-rung"].found == "traced"


def test_values_that_are_not_finite(caught):
    found = caught(
        "moves-are-finite", "loss", loss_of(lambda real, fake: (real - real).log().mean())
    )
    assert "not finite after a critic move" in found


def test_objectives_that_are_no_number(caught):
    found = caught("moves-are-finite", "loss", loss_of(lambda real, fake: fake - real))
    assert "shape (6,)" in found


def test_batches_of_one(caught):
    rule = "takes-batches-of-any-size"
    spread = loss_of(lambda real, fake: (fake.std() - real.std()) + fake.mean())
    assert "With 1 samples" in caught(rule, "loss", spread)
    pairs = loss_of(lambda real, fake: fake.view(2, -1).mean() - real.mean())
    assert "With 1 samples" in caught(rule, "loss", pairs) or "shape" in caught(
        rule, "loss", pairs
    )


def test_parameters_that_learn_nothing(caught):
    class Idle(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.idle = nn.Linear(2, 6), nn.Linear(2, 6)

        def forward(self, x):
            return torch.tanh(self.layer(x)) + self.idle(x).detach()

    rule = "gradients-reach-every-parameter"
    idle = players_of(lambda size, width: Idle())
    assert "No gradient reaches body.idle.weight" in caught(rule, "architecture", idle)


@pytest.mark.parametrize("kind", ["loss", "regularizer"])
def test_objectives_that_are_cut_off(caught, kind):
    cut = loss_of(
        lambda real, fake: fake.mean() - real.mean(), lambda real, fake: -fake.detach().mean()
    )
    frozen = lambda: Regularizer(augment=lambda x, draws: 0 * x)  # noqa: E731
    found = caught("gradients-reach-both-players", kind, cut if kind == "loss" else frozen)
    assert "No gradient reaches the generator" in found


def test_slopes_that_are_not_those_of_the_value(caught):
    class Halved(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x.clone()

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, slope):
            return slope / 2

    wrong = loss_of(lambda real, fake: Halved.apply(fake).mean() - real.mean())
    found = caught("gradients-match-finite-differences", "loss", wrong)
    assert "by differences" in found


def test_a_gradient_that_is_cut_off_on_purpose_is_told(verdicts):
    def partly(real, fake):
        return softplus(fake - real.detach()).mean()

    found = verdicts(
        "loss", loss_of(partly, lambda real, fake: softplus(-fake.detach() - fake).mean())
    )
    verdict = found["gradients-match-finite-differences"]
    assert verdict.status == "not applicable"
    assert "test_broken_players.py" in verdict.found


def test_numbers_that_no_seed_decides(caught):
    rule = "seeds-decide-the-numbers"
    noisy = loss_of(lambda real, fake: fake.mean() - real.mean() + float(np.random.rand()))
    assert "taken again differs" in caught(rule, "loss", noisy)

    def unseeded(size, width):
        layer = nn.Linear(size, width)
        layer.weight.data += float(np.random.rand())
        return nn.Sequential(layer, nn.Tanh())

    assert "built again differs" in caught(rule, "architecture", players_of(unseeded))

    def alike(size, width):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(size, width), nn.Tanh())

    def alike_generator(noise_dim, spec):
        torch.manual_seed(0)
        return nn.Linear(noise_dim, spec.size)

    both = players_of(alike, alike_generator)
    assert "two seeds begin alike" in caught(rule, "architecture", both)


def test_inputs_that_change(caught):
    def greedy(critic, real, fake, draws):
        return {"mean": real.mul_(2).mean()}

    state = {"mean": torch.zeros(())}
    factory = lambda: Regularizer(state=state, advance=greedy)  # noqa: E731
    assert "changes its input" in caught("changes-no-input", "regularizer", factory)


def test_single_precision(caught):
    single = loss_of(lambda real, fake: (fake.float() - real.float()).mean())
    assert "torch.float32" in caught("works-in-float64", "loss", single)


def test_devices(caught):
    weights = torch.ones(6)
    here = loss_of(lambda real, fake: (fake * torch.ones(len(fake)) - real).mean())
    assert "torch.ones(len(fake))" in caught("works-on-any-device", "loss", here)
    there = bent(lambda x: x * torch.ones(2))
    assert "test_broken_players.py" in caught("works-on-any-device", "architecture", there)
    del weights


def test_a_branch_is_told_with_its_line(verdicts):
    def branching(real, fake):
        if fake.sum() > 0:
            return softplus(fake).mean() - real.mean()
        return fake.mean() - real.mean()

    found = verdicts("loss", loss_of(branching))["runs-alike-on-every-rung"]
    assert found.status == "ok"
    assert "it is not traced" in found.found
    assert "it is not vmap" in found.found
    assert found.found.count("if fake.sum() > 0:") == 2


def test_hidden_random_numbers_are_told_with_their_line(caught):
    noisy = loss_of(lambda real, fake: (fake - real + torch.randn(len(fake))).mean())
    found = caught("runs-alike-on-every-rung", "loss", noisy)
    assert "global random state" in found
    assert "torch.randn(len(fake))" in found


def test_a_rung_that_differs(caught):
    """A count of calls makes seeds differ that are taken one after the other."""

    class Counting(Loss):
        calls = itertools.count()

        def critic_loss(self, critic, real, fake, draws, state):
            return (critic(fake) - critic(real)).mean() * (2 + next(self.calls) % 3), state

        def generator_loss(self, critic, real, fake, draws, state):
            return -critic(fake).mean()

    found = caught("runs-alike-on-every-rung", "loss", Counting)
    assert "differs from the loop" in found
