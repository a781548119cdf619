"""Generators of sequences: the laws that they draw from, know, and learn by."""

import itertools

import pytest
import torch
from torch.func import functional_call
from torch.nn import functional

from ganbench.api import DataSpec, Relaxation
from ganbench.cells import plan
from ganbench.compatibility import pretraining_misfit
from ganbench.components import Component
from ganbench.grid import make_grid
from ganbench.training.loop import train
from ganbench_players import Mlp
from ganbench_sequences import Markov, TextCnn, gru, lstm

LENGTH, VOCABULARY = 3, 3
SPEC = DataSpec("sequence", (LENGTH, VOCABULARY))
PLAYERS = {
    "lstm": lambda **given: lstm(hidden=4, **given),
    "gru": lambda **given: gru(hidden=4, **given),
    "textcnn": lambda **given: TextCnn(width=4, depth=1, kernel=3, **given),
}
SYMBOLS = torch.tensor(list(itertools.product(range(VOCABULARY), repeat=LENGTH)))
ALL = functional.one_hot(SYMBOLS, VOCABULARY).float()
RELAXATIONS = ("softmax", "gumbel", "straight_through", "st_gumbel", "reinforce")
DRAWING = ("gumbel", "st_gumbel", "reinforce")
BATCHES, BATCH = 40, 500


def writer(name, relaxation="softmax", **given):
    """Build a generator whose laws are far from even, the same for every relaxation."""
    torch.manual_seed(0)
    generator = PLAYERS[name](relaxation=relaxation, **given).generator(SPEC, 2)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape))
    return generator


def repeated(rows):
    return torch.tensor([[0.5, -1.0]]).expand(rows, 2)


def law(generator):
    """Return the log-probabilities of all sequences given one noise."""
    return generator.log_prob(ALL, repeated(len(ALL)))


def codes(x):
    return x.argmax(dim=2) @ VOCABULARY ** torch.arange(LENGTH - 1, -1, -1)


@pytest.mark.parametrize("name", PLAYERS)
@pytest.mark.parametrize("relaxation", DRAWING)
def test_samples_have_the_probabilities_that_they_are_given(name, relaxation):
    generator = writer(name, relaxation, temperature=0.01 if relaxation == "gumbel" else 1.0)
    n = 20_000
    drawn = generator(repeated(n)).detach()
    seen = torch.bincount(codes(drawn), minlength=len(ALL)) / n
    expected = law(generator).exp().detach()
    errors = (expected * (1 - expected) / n).sqrt()
    # 27 comparisons; soft symbols, at 1/100 nearly one-hot, are read on as they are.
    assert ((seen - expected).abs() < 4.5 * errors + 0.001).all()


@pytest.mark.parametrize("name", PLAYERS)
def test_probabilities_sum_to_one_and_are_products_over_steps(name):
    generator = writer(name)
    values = law(generator)
    assert values.exp().sum().item() == pytest.approx(1, abs=1e-6)
    # By hand: the law of each prefix is the sum over what may follow it.
    joint = values.exp().reshape(*[VOCABULARY] * LENGTH)
    first = generator(repeated(1))[0, 0]
    torch.testing.assert_close(joint.sum(dim=(1, 2)), first)


@pytest.mark.parametrize("make", [lstm, gru])
def test_the_probability_of_a_sequence_is_a_sum_over_cells(make):
    torch.manual_seed(1)
    generator = make(hidden=4).generator(SPEC, 2)
    noise, x = torch.randn(5, 2), ALL[[0, 5, 13, 21, 26]]
    total, state, last = torch.zeros(5), None, torch.zeros(5, VOCABULARY)
    for step in range(LENGTH):
        state = generator.cell(torch.cat([noise, last], dim=1), state)
        laws = generator.head(generator.cell.output(state)).softmax(dim=1)
        last = x[:, step]
        total += (laws * last).sum(dim=1).log()
    torch.testing.assert_close(generator.log_prob(x, noise), total)


@pytest.mark.parametrize("name", PLAYERS)
@pytest.mark.parametrize("relaxation", RELAXATIONS)
def test_every_relaxation_knows_the_same_probabilities(name, relaxation):
    generator = writer(name, relaxation, temperature=3.0, final_temperature=0.1)
    assert torch.equal(law(generator), law(writer(name)))


@pytest.mark.parametrize("name", PLAYERS)
@pytest.mark.parametrize("relaxation", RELAXATIONS)
def test_symbols_are_soft_or_hard_and_have_a_gradient_or_none(name, relaxation):
    x = writer(name, relaxation)(torch.randn(50, 2))
    torch.testing.assert_close(x.sum(dim=2), torch.ones(50, LENGTH))
    near = (x - x.round()).abs().amax() < 1e-6
    assert near == (relaxation not in ("softmax", "gumbel"))
    assert x.requires_grad == (relaxation != "reinforce")


@pytest.mark.parametrize("name", PLAYERS)
@pytest.mark.parametrize("relaxation", ["softmax", "straight_through"])
def test_without_gumbel_noise_the_prior_decides_all(name, relaxation):
    generator, noise = writer(name, relaxation), torch.randn(9, 2)
    assert torch.equal(generator(noise), generator(noise))
    likeliest = writer(name, "softmax")(noise)[:, 0].argmax(dim=1)
    assert torch.equal(generator(noise)[:, 0].argmax(dim=1), likeliest)


@pytest.mark.parametrize("name", PLAYERS)
@pytest.mark.parametrize(
    ("soft", "hard"), [("softmax", "straight_through"), ("gumbel", "st_gumbel")]
)
def test_hard_symbols_have_the_gradient_of_soft_ones(name, soft, hard):
    single = DataSpec("sequence", (1, VOCABULARY))  # later symbols would depend on the first
    noise, weights = torch.randn(6, 2), torch.randn(6, 1, VOCABULARY)
    gradients = []
    for relaxation in (soft, hard):
        torch.manual_seed(0)
        generator = PLAYERS[name](relaxation=relaxation, temperature=0.7).generator(single, 2)
        torch.manual_seed(1)
        (generator(noise) * weights).sum().backward()
        gradients.append([parameter.grad for parameter in generator.parameters()])
    assert any(gradient.abs().max() > 0 for gradient in gradients[0])
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second)


@pytest.mark.parametrize(("progress", "expected"), [(0.0, 4.0), (0.5, 1.0), (1.0, 0.25)])
@pytest.mark.parametrize("name", PLAYERS)
def test_the_temperature_falls_geometrically(name, progress, expected):
    annealed = writer(name, temperature=4.0, final_temperature=0.25)
    (relaxation,) = (each for each in annealed.modules() if isinstance(each, Relaxation))
    relaxation.progress.value = torch.tensor(progress)
    noise = torch.randn(5, 2)
    torch.testing.assert_close(annealed(noise), writer(name, temperature=expected)(noise))


@pytest.mark.parametrize("name", PLAYERS)
def test_the_score_function_estimates_the_gradient_of_an_expectation(name):
    """The mean of f(x) grad log p(x) over drawn x is the gradient of the sum of p(x) f(x)."""
    generator = writer(name, "reinforce")
    values = torch.randn(len(ALL))
    parameters = {key: value.detach() for key, value in generator.named_parameters()}

    def apply(parameters, method, *inputs):
        module = _Calls(generator, method)
        return functional_call(module, {f"network.{k}": v for k, v in parameters.items()}, inputs)

    def exact(parameters):
        return apply(parameters, "log_prob", ALL, repeated(len(ALL))).exp() @ values

    def estimate(parameters, x):
        return (apply(parameters, "log_prob", x, repeated(BATCH)) * values[codes(x)]).mean()

    truth = torch.func.grad(exact)(parameters)
    samples = generator(repeated(BATCHES * BATCH)).detach().unflatten(0, (BATCHES, BATCH))
    estimates = torch.vmap(torch.func.grad(estimate), in_dims=(None, 0))(parameters, samples)
    gaps, errors = [], []
    for key, gradient in truth.items():
        gaps.append((estimates[key].mean(dim=0) - gradient).flatten())
        errors.append(estimates[key].std(dim=0).flatten() / BATCHES**0.5)
    gap, error = torch.cat(gaps), torch.cat(errors)
    # Up to some 170 numbers; a t law of 39 degrees of freedom is beyond 5 once in 80,000.
    assert (gap.abs() < 5 * error + 1e-6).all()
    assert torch.cat([each.flatten() for each in truth.values()]).norm() > 10 * error.mean()


class _Calls(torch.nn.Module):
    def __init__(self, network, method):
        super().__init__()
        self.network, self.method = network, method

    def forward(self, *inputs):
        return getattr(self.network, self.method)(*inputs)


def test_what_generators_offer_follows_from_the_relaxation():
    for make in PLAYERS.values():
        for relaxation in RELAXATIONS[:-1]:
            assert make(relaxation=relaxation).generator_gives == {"pathwise", "likelihood"}
        players = make(relaxation="reinforce")
        assert players.generator_gives == {"likelihood"}
        assert players.generator_needs == {"samplewise", "separate"}


# ---------------------------------------------------------------------------- other players


def test_a_perceptron_writes_the_likeliest_symbols_of_all_positions():
    spec = DataSpec("sequence", (5, 4))
    generator, critic = Mlp(width=8).generator(spec, 3), Mlp(width=8).discriminator(spec)
    x = generator(torch.randn(6, 3))
    assert x.shape == (6, 5, 4)
    torch.testing.assert_close(x.amax(dim=2), torch.ones(6, 5))
    torch.testing.assert_close(x.sum(dim=2), torch.ones(6, 5))
    critic(x).sum().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in generator.parameters())


@pytest.mark.parametrize(("length", "vocabulary"), [(2, 2), (32, 102), (7, 5)])
def test_convolutions_fit_every_length(length, vocabulary):
    spec = DataSpec("sequence", (length, vocabulary))
    players = TextCnn(width=3, kernel=11)
    x = players.generator(spec, 4)(torch.randn(2, 4))
    assert x.shape == (2, length, vocabulary)
    assert players.discriminator(spec)(x).shape == (2,)


def test_convolutions_see_as_far_as_their_kernels():
    spec = DataSpec("sequence", (9, 2))
    body = TextCnn(width=32, depth=1, kernel=3).discriminator(spec).body[:-1]
    x = torch.randn(1, 9, 2, requires_grad=True)
    body(x)[0, :, 4].sum().backward()
    seen = x.grad.abs().sum(dim=(0, 2)) > 0
    assert seen.nonzero().flatten().tolist() == [2, 3, 4, 5, 6]


# ------------------------------------------------------------------------------- in the game


def cell(registry, architecture, loss="ns+r1(gamma=0.1)", **recipe):
    settings = {"generator_steps": 20, "batch_size": 16, "block": 2, **recipe}
    grid = make_grid(
        {
            "name": "text",
            "datasets": ["markov(vocabulary=3, length=2, concentration=0.2)"],
            "priors": ["normal(dim=2)"],
            "architectures": [architecture],
            "losses": [loss],
            "train": settings,
        },
        origin="test",
    )
    (only,) = plan(grid, registry)
    return only


def last(cell):
    *_, progress = train(cell, (0, 1), torch.device("cpu"))
    return progress


@pytest.mark.parametrize(
    "architecture",
    [
        "mlp(width=4)",
        "generator=gru(hidden=3, relaxation='reinforce', final_temperature=0.5) "
        "discriminator=textcnn(width=3)",
        "textcnn(width=3, relaxation='st_gumbel', temperature=2.0, final_temperature=0.5)",
    ],
)
def test_players_train_for_all_seeds_at_once(registry, architecture):
    progress = last(cell(registry, architecture))
    assert progress.engine.rung == "traced"
    ensemble = progress.ensemble
    assert torch.isfinite(ensemble.state["generator"]).all()
    x = ensemble.generate(50, "look")
    assert x.shape == (2, 50, 2, 3)
    assert len(x.argmax(dim=3).flatten(0, 1).unique(dim=0)) > 1


def test_likelihood_alone_teaches_a_writer_the_chain(registry):
    taught = cell(
        registry,
        "textcnn(width=4, depth=1, relaxation='reinforce')",
        generator_steps=100,
        pretraining_steps=100,
        generator_rate=0.03,
        batch_size=128,
    )
    chain = Markov(vocabulary=3, length=2, concentration=0.2)
    drawn = last(taught).ensemble.generate(5000, "look").flatten(0, 1)
    shares = chain.project(drawn).mean(dim=0)
    expected = chain.sample(20_000, "test", torch.Generator().manual_seed(0)).mean(dim=0)
    # Given the noise positions are independent, so that the best law is that of each alone.
    torch.testing.assert_close(shares, expected, atol=0.03, rtol=0)


def test_pretraining_asks_for_a_likelihood(registry):
    def build(name):
        return registry.build("architecture", Component(name))

    assert pretraining_misfit(build("textcnn"), 5) is None
    assert pretraining_misfit(build("lstm"), 5) is None
    assert pretraining_misfit(build("mlp"), 5) is not None
