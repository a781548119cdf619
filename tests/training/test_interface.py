"""What components may ask of the engine: states, gates, fits, noise of their own, no critic."""

from dataclasses import replace

import pytest
import torch
from stand_ins import built
from torch import nn

from ganbench import seeding
from ganbench.api import (
    SCORE,
    Architecture,
    Draw,
    FeatureCritic,
    Loss,
    Noise,
    Output,
    Prior,
    Regularizer,
    compose,
    from_scores,
)
from ganbench.training.ensemble import Ensemble
from ganbench.training.loop import train

CPU = torch.device("cpu")


def with_loss(cell, loss):
    return replace(cell, loss=built("loss", lambda: loss))


def with_part(cell, part):
    return replace(cell, regularizers=(built("regularizer", lambda: part),))


def with_players(cell, **networks):
    """Replace the generator or the discriminator by a network."""
    players = {}
    for role, network in networks.items():
        likely = hasattr(network(), "log_prob")

        class Players(Architecture):
            generator_gives = frozenset({"likelihood" if likely else "pathwise"})

            def generator(self, spec, noise_dim, network=network):
                return network()

            def discriminator(self, spec, output, network=network):
                return network()

        players[role] = built(role, Players)
    return replace(cell, **players)


def last(cell, seeds=(0,)):
    *_, progress = train(cell, seeds, CPU)
    return progress


def plain_loss(**changes):
    loss = from_scores(lambda a, b: b.mean() - a.mean(), lambda a, b: -b.mean())
    for name, value in changes.items():
        setattr(loss, name, value)
    return loss


# ------------------------------------------------------------------------------- regularizers


def test_a_state_is_carried_and_handed_to_the_penalty(make_cell):
    part = Regularizer(
        penalty=lambda critic, real, fake, draws: 0 * critic(real).mean() + draws["count"],
        state={"count": torch.tensor(0.0)},
        advance=lambda critic, real, fake, draws: {"count": draws["count"] + 1},
    )
    cell = with_part(make_cell(generator_steps=5, critic_steps=2, block=2), part)
    progress = last(cell, (0, 1))
    assert progress.engine.rung == "traced"
    assert progress.ensemble.state["carried.regularizer0.count"].tolist() == [10.0, 10.0]


@pytest.mark.parametrize("hook", ["generator_penalty", "penalty", "weight_penalty"])
def test_penalties_act_on_the_player_that_they_are_for(make_cell, hook):
    """A penalty that pulls everything to zero moves its player alone."""

    def pull(critic, real, fake, draws):
        samples = fake if hook == "generator_penalty" else critic(real)
        return 1e3 * samples.square().mean()

    part = Regularizer(
        **{hook: lambda w: sum(each.square().sum() for each in w.values())}
        if hook == "weight_penalty"
        else {hook: pull}
    )
    constant = with_loss(
        make_cell(generator_steps=1, block=1),
        from_scores(lambda a, b: 0 * a.mean(), lambda a, b: 0 * b.mean()),
    )
    before, after = Ensemble(constant, [0], CPU), last(with_part(constant, part)).ensemble
    moved = {
        role
        for role in ("generator", "critic")
        if not torch.equal(before.state[role], after.state[role])
    }
    assert moved == {"generator" if hook == "generator_penalty" else "critic"}


def test_a_gate_scales_the_gradients_of_samples_and_not_the_samples(make_cell):
    def run(part):
        cell = make_cell(generator_steps=1, block=1, generator_optimizer="sgd", momentum=0.0)
        cell = with_part(cell, part)
        progress = last(cell)
        start = Ensemble(cell, [0], CPU).state["generator"]
        losses = [row[3] for row in progress.history if row[2] == "generator_loss"]
        return progress.ensemble.state["generator"] - start, losses

    plain, value = run(Regularizer())
    doubled, same_value = run(Regularizer(gate=lambda scores, draws: torch.full_like(scores, 2)))
    shut, _ = run(Regularizer(gate=lambda scores, draws: torch.zeros_like(scores)))
    torch.testing.assert_close(doubled, 2 * plain)
    assert value == same_value
    assert not shut.any()


def test_what_is_no_lazy_penalty_counts_at_every_step(make_cell):
    def critic_after(lazy):
        part = Regularizer(penalty=lambda critic, real, *_: critic(real).mean(), lazy=lazy)
        cell = make_cell(generator_steps=3, block=1, penalty_interval=2)
        return last(with_part(cell, part)).ensemble.state["critic"]

    cell = make_cell(generator_steps=3, block=1)
    part = Regularizer(penalty=lambda critic, real, *_: critic(real).mean())
    always = last(with_part(cell, part)).ensemble.state["critic"]
    torch.testing.assert_close(critic_after(lazy=False), always)
    assert not torch.allclose(critic_after(lazy=True), always)


def test_an_extragradient_step_is_one_step_for_what_is_carried(make_cell):
    part = Regularizer(
        state={"count": torch.tensor(0.0)},
        advance=lambda critic, real, fake, draws: {"count": draws["count"] + 1},
    )
    progress = last(with_part(make_cell(generator_steps=5, updates="extragradient"), part))
    assert progress.ensemble.state["carried.regularizer0.count"][0] == 5


def test_progress_runs_from_zero_to_one(make_cell):
    part = Regularizer(
        state={"seen": torch.zeros(())},
        advance=lambda critic, real, fake, draws: {"seen": draws["progress"]},
    )
    progress = last(with_part(make_cell(generator_steps=8, block=1), part))
    assert progress.ensemble.state["carried.regularizer0.seen"].item() == pytest.approx(7 / 8)


def test_a_network_may_be_changed_before_training_and_still_show_its_features(make_cell):
    class Tenfold(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, x):
            return 10 * self.network(x)

    loss = plain_loss(needs=frozenset({"features"}))
    loss.generator_fn = None
    seen = {}

    def generator_loss(critic, real, fake, draws, state):
        seen["ratio"] = critic(fake).shape, critic.features(fake).shape
        return critic.features(fake).square().mean()

    loss.generator_loss = generator_loss
    cell = with_part(
        with_loss(make_cell(generator_steps=2, block=1), loss), Regularizer(network=Tenfold)
    )
    ensemble = last(cell).ensemble
    assert set(ensemble.game.critic.shapes) == {
        f"network.{part}" for part in ("body.1.weight", "body.1.bias", "head.weight", "head.bias")
    }
    assert seen["ratio"] == ((8,), (8, 8))


def test_a_composed_loss_is_the_loss_with_its_regularizers(make_cell, registry):
    r1 = registry.find("regularizer", "r1").factory
    ns = registry.find("loss", "ns").factory
    plain = make_cell(loss="ns+r1(gamma=0.5)", generator_steps=10)
    whole = replace(with_loss(plain, compose(ns(), r1(gamma=0.5))), regularizers=())
    first, second = (last(cell, (0, 1, 2)).ensemble.state for cell in (plain, whole))
    assert torch.equal(first["generator"], second["generator"])


def test_composition_gathers_recipes_the_last_word_first():
    loss = plain_loss(recipe={"critic_steps": 5, "beta1": 0.1})
    whole = compose(loss, Regularizer(recipe={"beta1": 0.2}), recipe={"ema": 0.5})
    assert dict(whole.recipe) == {"critic_steps": 5, "beta1": 0.2, "ema": 0.5}
    assert loss.regularizers == ()


# ------------------------------------------------------------------------------------- losses


class Alone(Loss):
    """Draws samples to the real mean, without a critic."""

    output = None
    draws = {"shift": Draw("normal", (3,))}  # noqa: RUF012

    def generator_loss(self, critic, real, fake, draws, state):
        return (real.mean(0) - fake.mean(0)).square().sum() + 0 * draws["shift"].sum()


def test_a_loss_without_a_critic_takes_no_critic_steps(make_cell):
    cell = with_loss(make_cell(critic_steps=3, updates="simultaneous"), Alone())
    progress = last(cell, (0, 1, 2))
    assert progress.engine.rung == "traced"
    assert progress.ensemble.game.moves(0) == ["generator"]
    assert progress.ensemble.state["critic"].shape == (3, 0)
    assert {row[2] for row in progress.history} == {"generator_loss"}


def test_the_state_of_a_loss_is_recorded(make_cell):
    class Counting(Loss):
        def initial_state(self):
            return {"balance": torch.tensor(0.0), "table": torch.zeros(2)}

        def critic_loss(self, critic, real, fake, draws, state):
            value = critic(fake).mean() - critic(real).mean()
            return value, {"balance": state["balance"] + 1, "table": state["table"]}

        def generator_loss(self, critic, real, fake, draws, state):
            return -critic(fake).mean()

    progress = last(with_loss(make_cell(generator_steps=4, block=1), Counting()))
    balances = [row[3] for row in progress.history if row[2] == "balance"]
    assert balances == [1.0, 2.0, 3.0, 4.0]
    assert "table" not in {row[2] for row in progress.history}


def test_a_loss_gets_the_output_that_it_asks_for(make_cell):
    shapes = set()

    class Embedded(Loss):
        output = Output("embedding", 5)

        def critic_loss(self, critic, real, fake, draws, state):
            return -(critic(real).mean(0) - critic(fake).mean(0)).square().sum(), state

        def generator_loss(self, critic, real, fake, draws, state):
            shapes.add(tuple(critic(fake).shape))
            return (critic(real).mean(0) - critic(fake).mean(0)).square().sum()

    assert last(with_loss(make_cell(), Embedded()), (0, 1, 2)).engine.rung == "traced"
    assert shapes == {(8, 5)}


# ------------------------------------------------------------------------------------- players


class Fitted(nn.Module):
    """A critic without parameters: how much nearer a sample is to the real mean."""

    def __init__(self):
        super().__init__()
        self.register_buffer("means", torch.zeros(2, 2))

    def prepare(self, rows):
        self.register_buffer("kept", torch.zeros(rows, 2))

    def refit(self, real, fake):
        return {"means": torch.stack([real.mean(0), fake.mean(0)]), "kept": real}

    def forward(self, x):
        near = (x[:, None] - self.means).square().sum(2)
        return near[:, 1] - near[:, 0]


def test_a_critic_without_parameters_is_fitted_to_each_batch(make_cell):
    cell = with_players(make_cell(), discriminator=Fitted)
    progress = last(cell, (0, 1, 2))
    state = progress.ensemble.state
    assert progress.engine.rung == "traced"
    assert state["critic"].shape == (3, 0)
    assert state["critic.buffer.kept"].shape == (3, 8, 2)
    torch.testing.assert_close(
        state["critic.buffer.means"][:, 0], state["critic.buffer.kept"].mean(1)
    )
    assert state["critic.buffer.means"].std(0).min() > 0


class Stepwise(nn.Module):
    """A generator that adds random numbers of its own, and counts its steps in a buffer."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.noise = Noise("normal")
        self.register_buffer("walk", torch.zeros(2))

    def next_buffers(self):
        return {"walk": self.walk + self.noise(torch.empty(8, 2)).mean(0)}

    def forward(self, z):
        scale = 1.0 if self.training else 100.0
        x = self.layer(z)
        return x + scale * self.noise(x)


def test_random_numbers_of_a_network_come_from_the_streams_also_when_samples_are_drawn(make_cell):
    cell = with_players(make_cell(generator_steps=5), generator=Stepwise)
    before = torch.get_rng_state()
    progress, other = last(cell, (0, 1, 2)), last(cell, (7, 1))
    assert torch.equal(before, torch.get_rng_state())
    assert progress.engine.rung == "traced"
    assert "generator.noise.values" in progress.ensemble.game.draws
    walks = progress.ensemble.state["generator.buffer.walk"]
    assert walks.unique().numel() == 6
    assert torch.equal(walks[1], other.ensemble.state["generator.buffer.walk"][1])
    first, again = (progress.ensemble.generate(60, "look") for _ in range(2))
    assert torch.equal(first, again)
    assert first.std() > 50, "drawing is another mode than training"
    assert torch.equal(first[1], other.ensemble.generate(60, "look")[1])


class Bernoulli(nn.Module):
    """Two-dimensional samples of -1 and 1, whose probabilities are learned by score functions."""

    def __init__(self, likelihood=0.0):
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(2))
        self.likelihood = likelihood
        self.noise = Noise("uniform")

    def forward(self, z):
        uniform = self.noise(torch.empty(len(z), 2))
        return 2.0 * (uniform < self.logits.sigmoid()) - 1

    def log_prob(self, x, noise):
        return nn.functional.logsigmoid(x * self.logits).sum(1)


@pytest.mark.parametrize("packing", [1, 2])
def test_a_generator_without_a_gradient_learns_by_its_log_probability(make_cell, packing):
    """The loss is low where the first coordinate is 1 and the second -1."""

    class Wanted(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("signs", torch.tensor([1.0, -1.0] * packing))

        def forward(self, x):
            return x @ self.signs

    cell = make_cell(generator_steps=300, batch_size=32, generator_rate=0.05, packing=packing)
    cell = with_players(cell, generator=Bernoulli, discriminator=Wanted)
    progress = last(cell, (0, 1, 2))
    assert progress.engine.rung == "traced"
    logits = progress.ensemble.state["generator"][:, :2]
    assert (logits[:, 0] > 1).all()
    assert (logits[:, 1] < -1).all()


def test_such_a_generator_meets_a_critic_with_random_numbers_for_each_row(make_cell):
    """Each sample is judged alone, with the numbers of its own row."""

    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.noise = Noise("normal")

        def forward(self, x):
            return self.noise(x[:, 0])

    cell = make_cell(generator_steps=1, batch_size=8, loss="wgan(critic_steps=1)")
    progress = last(with_players(cell, generator=Bernoulli, discriminator=Noisy), (0, 1, 2))
    assert progress.engine.rung == "traced"
    batch = next(iter(Ensemble(progress.ensemble.cell, [0, 1, 2], CPU).streams))[-1]
    losses = [row[3] for row in progress.history if row[2] == "generator_loss"]
    torch.testing.assert_close(torch.tensor(losses), -batch["critic.noise.values"].mean(dim=1))


def test_a_share_of_likelihood_draws_such_a_generator_to_the_data(make_cell):
    """With likelihood alone the critic does not matter, and real samples do."""

    class Signs(Fitted):
        def refit(self, real, fake):
            return {"means": self.means, "kept": real}

    cell = make_cell(generator_steps=5, batch_size=32, generator_optimizer="sgd", momentum=0.0)
    cell = with_players(cell, generator=lambda: Bernoulli(1.0), discriminator=Signs)
    first, last_logits = (
        ensemble.state["generator"][:, :2]
        for ensemble in (Ensemble(cell, [0], CPU), last(cell).ensemble)
    )
    assert not torch.equal(first, last_logits)


class Shifted(Prior):
    """Noise whose mean is learned."""

    dim = 3

    def sample(self, shape, rng):
        return torch.randn(*shape, 5, generator=rng)

    def network(self):
        return nn.Linear(5, 3)


def test_a_prior_may_have_something_to_learn(make_cell):
    cell = replace(make_cell(), prior=built("prior", Shifted))
    progress = last(cell, (0, 1, 2))
    start = Ensemble(cell, [0, 1, 2], CPU).state["generator"]
    assert progress.ensemble.game.generator.shapes["learned.weight"] == (3, 5)
    assert not torch.equal(progress.ensemble.state["generator"][:, :15], start[:, :15])
    assert progress.ensemble.generate(10, "look").shape == (3, 10, 2)


def test_feature_critics_give_scores_or_embeddings():
    with seeding.global_torch_seed(0):
        score = FeatureCritic(nn.Linear(2, 4), 4, SCORE)
        embedding = FeatureCritic(nn.Linear(2, 4), 4, Output("embedding", 6))
    x = torch.ones(3, 2)
    assert score(x).shape == (3,)
    assert embedding(x).shape == (3, 6)
    torch.testing.assert_close(score.features(x), score.body(x))
