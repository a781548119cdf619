"""Losses, regularizers and players that break a rule of the game are caught by it."""

import itertools
import re

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
    assert found.startswith("The critic's parameters are not finite after a critic move of kit-")


def test_objectives_that_are_no_number(caught):
    found = caught("makes-its-first-moves", "loss", loss_of(lambda real, fake: fake - real))
    assert "shape (6,)" in found


def test_batches_of_one(caught):
    rule = "takes-batches-of-any-size"
    spread = loss_of(lambda real, fake: (fake.std() - real.std()) + fake.mean())
    assert "With 1 sample in a batch: " in caught(rule, "loss", spread)
    pairs = loss_of(lambda real, fake: fake.view(2, -1).mean() - real.mean())
    assert "With 1 sample in a batch: RuntimeError: shape" in caught(rule, "loss", pairs)
    lonely = loss_of(lambda real, fake: (fake / (len(fake) - 1) - real).mean())
    found = caught(rule, "loss", lonely)
    assert found.startswith("With 1 sample in a batch: The critic's parameters are not finite")


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
    assert "A move changes 'real' in kit-" in caught("changes-no-input", "regularizer", factory)


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
    at = rf"test_broken_players\.py:{branching.__code__.co_firstlineno + 1}: `if fake.sum\(\) > 0`"
    assert re.fullmatch(f"runs on loop, seed by seed: {at}", found.found)


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


def failures(found):
    """Name the rules that are broken, but for those about words."""
    broken = {name for name, verdict in found.items() if verdict.status == "failed"}
    return broken - {"has-a-summary", "names-its-source"}


def test_samples_that_change_in_place_are_told_by_one_rule(verdicts):
    def clamped(critic, real, fake, draws):
        return critic(real.clamp_(-1, 1)).mean()

    found = verdicts("regularizer", lambda: Regularizer(penalty=clamped))
    assert failures(found) == {"changes-no-input"}
    told = found["changes-no-input"].found
    assert told.startswith("A move changes a tensor that it is given in kit-vectors")
    assert "real.clamp_(-1, 1)" in told
    assert "vjp" not in told
    assert found["works-in-float64"].found == "It breaks changes-no-input, and cannot be tried."


def test_a_move_that_raises_is_told_by_one_rule(verdicts):
    class Asking(Loss):
        def critic_loss(self, critic, real, fake, draws, state):
            return (critic(fake) * draws["u"]).mean(), state

        def generator_loss(self, critic, real, fake, draws, state):
            return -critic(fake).mean()

    found = verdicts("loss", Asking)
    assert failures(found) == {"makes-its-first-moves"}
    assert found["makes-its-first-moves"].found.startswith("KeyError: 'u' (test_broken_players.py")
    assert "declare the draws" in found["makes-its-first-moves"].rule.mend


def test_players_that_fit_nothing_are_told_by_one_rule(verdicts):
    class Nowhere(Players := players_of()):
        def misfit(self, spec):
            return "it likes nothing"

    found = verdicts("architecture", Nowhere)
    assert failures(found) == {"makes-its-first-moves"}
    assert "fits none of the kit's partners" in found["makes-its-first-moves"].found


def test_what_is_kept_from_call_to_call(verdicts):
    class Counting(Loss):
        calls = itertools.count()

        def critic_loss(self, critic, real, fake, draws, state):
            return (critic(fake) - critic(real)).mean() * (1 + next(self.calls) % 3), state

        def generator_loss(self, critic, real, fake, draws, state):
            return -critic(fake).mean()

    found = verdicts("loss", Counting)
    assert failures(found) == {"seeds-decide-the-numbers", "runs-alike-on-every-rung"}
    assert "keep nothing from call to call" in found["seeds-decide-the-numbers"].rule.mend
    assert "call to call" not in found["changes-no-input"].rule.mend


class Drawn(nn.Module):
    """A generator that does something else to its samples when they are drawn."""

    def __init__(self, noise_dim, spec, instead):
        super().__init__()
        self.layer, self.instead = nn.Linear(noise_dim, spec.size), instead
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, z):
        x = self.layer(z)
        return x if self.training else self.instead(self, x)


def refuse(module, x):
    raise ValueError("no samples")


def count(module, x):
    module.calls += 1
    return x


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        (lambda module, x: x * torch.nan, "generator are not finite float32 in evaluation mode"),
        (lambda module, x: x + float(np.random.rand()), "generator differ in evaluation mode"),
        (lambda module, x: x + torch.randn_like(x), "while samples are drawn"),
        (count, "Drawing changes the state"),
        (refuse, "ValueError: no samples (test_broken_players.py"),
    ],
)
def test_samples_that_cannot_be_scored(caught, instead, words):
    players = players_of(generator=lambda noise_dim, spec: Drawn(noise_dim, spec, instead))
    assert words in caught("draws-samples", "architecture", players)


def test_critics_that_cannot_judge_again(caught):
    moody = bent(lambda x: x * float(np.random.rand()))

    class Moody(Bent):
        def forward(self, x):
            return super().forward(x) if self.training else super().forward(x) * torch.nan

    assert "taken again differs" in caught("seeds-decide-the-numbers", "architecture", moody)
    players = players_of(lambda size, width: Moody(lambda x: x))
    assert "critic are not finite" in caught("draws-samples", "architecture", players)


def test_generators_that_read_their_values_when_they_are_drawn_from_pass(verdicts):
    def scaled(module, x):
        return x * float(x.mean().item())

    players = players_of(generator=lambda noise_dim, spec: Drawn(noise_dim, spec, scaled))
    assert not failures(verdicts("architecture", players))


def test_generators_that_vmap_cannot_do_pass_and_are_told(verdicts):
    """Its own move can be traced; that of the critic, which takes no gradient of it, cannot."""

    class Recurrent(nn.Module):
        def __init__(self, noise_dim, spec):
            super().__init__()
            self.lstm, self.head = nn.LSTM(noise_dim, 4), nn.Linear(4, spec.size)

        def forward(self, z):
            return self.head(self.lstm(z.repeat(3, 1, 1))[0][-1])

    found = verdicts("architecture", players_of(generator=Recurrent))
    assert not failures(found)
    told = found["runs-alike-on-every-rung"].found
    assert told.startswith("as generator it runs on loop, seed by seed: test_broken_players.py")
    assert told.endswith("`return self.head(self.lstm(z.repeat(3, 1, 1))[0][-1])`")
