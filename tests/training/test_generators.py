"""What generators may do besides mapping noise: be told, ask for costs, be taught, see time."""

from dataclasses import replace
from typing import ClassVar

import pytest
import torch
from stand_ins import built
from torch import nn

from ganbench.api import (
    Architecture,
    Conditions,
    Dataset,
    DataSpec,
    FeatureCritic,
    Prior,
    Progress,
    Relaxation,
    Span,
)
from ganbench.compatibility import pretraining_misfit
from ganbench.components import Component
from ganbench.training.ensemble import Ensemble
from ganbench.training.loop import train

CPU = torch.device("cpu")


def last(cell):
    *_, progress = train(cell, (0, 1, 2), CPU)
    return progress


class Coin(Conditions):
    """One of two sides; the second is rare in the data."""

    spans = (Span(2, "choice"),)
    seen: ClassVar[list[bool]] = []

    def draw(self, n, rng, balanced):
        self.seen.append(balanced)
        share = 0.5 if balanced else 0.0
        side = torch.rand(n, generator=rng, device=rng.device) < share
        return torch.stack([~side, side], dim=1).float()

    def rows(self, conditions, rng):
        return 2.0 * conditions[:, 1:]


class Sides(Dataset):
    """Numbers 0 and 2."""

    spec = DataSpec("vector", (1,))
    conditions = Coin()

    def sample(self, n, split, rng):
        return torch.zeros(n, 1)


class Told(Architecture):
    """Players that remember what they were built for."""

    kinds = frozenset({"vector"})
    conditional = True
    widths: ClassVar[dict[str, int]] = {}

    def generator(self, spec, noise_dim, conditions):
        self.widths["generator"] = noise_dim + conditions.width
        return nn.Linear(noise_dim + conditions.width, spec.size)

    def discriminator(self, spec, output):
        self.widths["discriminator"] = spec.size
        return FeatureCritic(nn.Linear(spec.size, 8), 8, output)


def told_cell(make_cell, **recipe):
    cell = replace(make_cell(**recipe), dataset=built("dataset", Sides))
    players = {role: built(role, Told) for role in ("generator", "discriminator")}
    return replace(cell, **players)


def test_a_conditional_generator_is_told_and_its_critic_sees_what(make_cell):
    cell = told_cell(make_cell)
    ensemble = last(cell).ensemble
    assert Told.widths == {"generator": 5, "discriminator": 3}
    batch = next(iter(ensemble.streams))[0]
    assert set(batch["real"][..., 0].unique().tolist()) == {0.0, 2.0}
    assert torch.equal(batch["real"][..., 0], 2 * batch["real"][..., 2]), "rows meet conditions"
    noise = batch["noise"][..., 3:]
    assert torch.equal(noise.sum(dim=2), torch.ones(3, 8))
    assert not torch.equal(noise, batch["real"][..., 1:]), "those of noise are their own"


def test_samples_are_drawn_under_the_conditions_of_the_data(make_cell):
    ensemble = Ensemble(told_cell(make_cell), [0, 1, 2], CPU)
    Coin.seen.clear()
    samples = ensemble.generate(20, "look")
    assert samples.shape == (3, 20, 1)
    assert Coin.seen == [False] * 3


class Costly(nn.Module):
    """A generator of one point that would rather be at 3, whatever the critic says."""

    def __init__(self):
        super().__init__()
        self.point = nn.Parameter(torch.zeros(2))

    def forward(self, noise):
        return self.point.expand(len(noise), 2)

    def with_cost(self, noise):
        return self(noise), 100 * (self.point - 3).square().sum()


class CostlyPlayers(Architecture):
    kinds = frozenset({"vector"})

    def generator(self, spec, noise_dim):
        return Costly()


def test_a_cost_of_its_own_moves_the_generator(make_cell):
    cell = make_cell(generator_steps=400, generator_rate=0.05)
    progress = last(replace(cell, generator=built("generator", CostlyPlayers)))
    points = progress.ensemble.generate(4, "look")
    torch.testing.assert_close(points, torch.full((3, 4, 2), 3.0), atol=0.1, rtol=0)
    losses = [value for *_, quantity, value in progress.history if quantity == "generator_loss"]
    assert max(losses) < 20, "the recorded loss is that of the game"


class CostlyDraws(Costly):
    """The same without a gradient through samples, whose probability never changes."""

    def forward(self, noise):
        return super().forward(noise).detach()

    def log_prob(self, x, noise):
        return 0 * self.point.sum() + 0 * x.sum(dim=1)


class CostlyDrawers(Architecture):
    kinds = frozenset({"vector"})
    generator_gives = frozenset({"likelihood"})

    def generator(self, spec, noise_dim):
        return CostlyDraws()


def test_a_cost_also_moves_a_generator_that_learns_by_the_score_function(make_cell):
    cell = make_cell(generator_steps=400, generator_rate=0.05)
    progress = last(replace(cell, generator=built("generator", CostlyDrawers)))
    points = progress.ensemble.generate(4, "look")
    torch.testing.assert_close(points, torch.full((3, 4, 2), 3.0), atol=0.1, rtol=0)


class Taught(nn.Module):
    """A unit normal law around a learned point, moved by what noise is learned."""

    def __init__(self):
        super().__init__()
        self.point = nn.Parameter(torch.zeros(2))

    def forward(self, noise):
        return self.point + 0 * noise[:, :2]

    def log_prob(self, x, noise):
        return -(x - self.point - 0 * noise[:, :2]).square().sum(dim=1) / 2


class TaughtPlayers(Architecture):
    kinds = frozenset({"vector"})
    generator_gives = frozenset({"pathwise", "likelihood"})

    def generator(self, spec, noise_dim):
        return Taught()


class Learned(Prior):
    dim = 3

    def sample(self, shape, rng):
        return torch.randn(*shape, 5, generator=rng)

    def network(self):
        return nn.Linear(5, 3)


class Away(Dataset):
    spec = DataSpec("vector", (2,))

    def sample(self, n, split, rng):
        return torch.tensor([4.0, -4.0]).expand(n, 2)


@pytest.mark.parametrize("learned", [False, True])
def test_pretraining_maximises_the_likelihood_of_real_samples(make_cell, learned):
    recipe = {"generator_steps": 300, "generator_rate": 0.05, "ema": 0.0}
    cell = make_cell(**recipe, pretraining_steps=300)
    changes = {"dataset": built("dataset", Away), "generator": built("generator", TaughtPlayers)}
    if learned:
        changes["prior"] = built("prior", Learned)
    progress = last(replace(cell, **changes))
    points = progress.ensemble.generate(4, "look")
    torch.testing.assert_close(points[0, 0], torch.tensor([4.0, -4.0]), atol=0.1, rtol=0)
    assert any(quantity == "critic_loss" for *_, quantity, _ in progress.history)


def test_pretraining_ends_where_the_game_begins(make_cell):
    game = Ensemble(make_cell(pretraining_steps=2, critic_steps=2), [0], CPU).game
    assert [game.moves(step)[-1] for step in range(4)] == [
        "pretraining", "pretraining", "generator", "generator",
    ]  # fmt: skip
    assert game.moves(0)[:2] == ["critic", "critic"]
    assert set(game.names) == {"critic", "pretraining", "generator"}


def test_pretraining_needs_a_likelihood():
    taught, plain = built("generator", TaughtPlayers), built("generator", CostlyPlayers)
    assert pretraining_misfit(taught, 5) is None
    assert pretraining_misfit(plain, 0) is None
    assert "needs a generator that gives real samples a probability" in str(
        pretraining_misfit(plain, 5)
    )


class Watch(nn.Module):
    """Gives the time that it sees, and moves by it."""

    def __init__(self):
        super().__init__()
        self.progress = Progress()
        self.sum = nn.Parameter(torch.zeros(2))

    def forward(self, noise):
        return (self.sum + self.progress()).expand(len(noise), 2)

    def with_cost(self, noise):
        return self(noise).detach() + 0 * self.sum, -(self.progress() * self.sum).sum()


class WatchPlayers(Architecture):
    kinds = frozenset({"vector"})

    def generator(self, spec, noise_dim):
        return Watch()


def test_generators_see_how_much_of_training_is_done(make_cell):
    """The slope of the cost is minus the time: sgd adds up rate * time over all steps."""
    cell = make_cell(
        generator_steps=20, generator_optimizer="sgd", momentum=0.0, generator_rate=0.1,
        schedule="constant", ema=0.0,
    )  # fmt: skip
    ensemble = last(replace(cell, generator=built("generator", WatchPlayers))).ensemble
    moved = 0.1 * sum(step / 20 for step in range(20))
    expected = torch.full((3, 2, 2), moved + 1)
    torch.testing.assert_close(ensemble.generate(2, "look"), expected)


class Guess(nn.Module):
    """One choice among four, relaxed under noise that cools down."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor([0.0, 1.0, 2.0, 0.5]))
        self.relaxation = Relaxation("st_gumbel", 2.0, 0.5)

    def forward(self, noise):
        return self.relaxation(self.logits.expand(len(noise), 4))


class GuessPlayers(Architecture):
    kinds = frozenset({"vector"})

    def generator(self, spec, noise_dim):
        return Guess()


def test_relaxations_draw_from_their_law_in_training_and_after(make_cell):
    class Four(Dataset):
        spec = DataSpec("vector", (4,))

        def sample(self, n, split, rng):
            return torch.eye(4)[torch.randint(4, (n,), generator=rng)]

    cell = replace(make_cell(), dataset=built("dataset", Four))
    cell = replace(cell, generator=built("generator", GuessPlayers))
    before = Ensemble(cell, [0, 1, 2], CPU).generate(4000, "look")
    shares = torch.tensor([0.0, 1.0, 2.0, 0.5]).softmax(dim=0)
    error = 4 * (shares * (1 - shares) / 4000).sqrt()
    assert ((before.mean(dim=1) - shares).abs() < error).all()
    after = last(cell).ensemble
    assert set(after.generate(50, "look").unique().tolist()) == {0.0, 1.0}


def test_a_stored_generator_can_be_taken_over(make_cell, registry):
    cell = replace(
        make_cell(generator_steps=5),
        prior=registry.build("prior", Component("learned_mixture", (("dim", 3),))),
    )
    ensemble = last(cell).ensemble
    fresh = Ensemble(cell, [0, 1, 2], CPU)
    for slot in range(3):
        fresh.restore(slot, ensemble.generator(slot))
    assert torch.equal(fresh.generate(10, "look"), ensemble.generate(10, "look"))
