import importlib.util
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from ganbench.api import Column, Dataset, DataSpec
from ganbench.metrics import mmd2
from ganbench.seeding import global_torch_seed, torch_stream
from ganbench_baselines import flow
from ganbench_baselines.flow import NormalizingFlow
from ganbench_baselines.gaussian import Gaussian
from ganbench_baselines.learning import train
from ganbench_baselines.mle import MaximumLikelihood
from ganbench_baselines.ngram import Ngram
from ganbench_baselines.vae import Vae
from ganbench_sequences import Markov
from ganbench_vectors import ring8

START = 3
CHAIN = Markov(vocabulary=6, length=8)


class Corpus(Dataset):
    """Sequences over the symbols 0, 1, 2."""

    def __init__(self, *lines):
        self.train = functional.one_hot(torch.tensor(lines), 3).float()
        self.spec = DataSpec("sequence", tuple(self.train.shape[1:]))

    def rows(self, split):
        return self.train


class Finite(Dataset):
    """A finite set of the given training rows."""

    def __init__(self, rows, spec):
        self.train = rows.float()
        self.spec = spec

    def rows(self, split):
        return self.train


TINY = Corpus([0, 1, 0, 1], [0, 1, 2, 2], [1, 0, 1, 0])


def rng(*role):
    return torch_stream(0, "learned", *role)


def fit(baseline, dataset, seed=0):
    with global_torch_seed(seed):
        return baseline.fit(dataset, rng("fit"))


def following(law, *history):
    return law.probabilities(np.array([history]))[0]


class TestNgram:
    def test_probabilities_are_the_smoothed_counts(self):
        law = fit(Ngram(order=2), TINY)
        # Of 12 symbols, 0 and 1 come 5 times and 2 twice: 3 different ones.
        single = (np.array([5, 5, 2]) + 3 * np.full(3, 1 / 3)) / 15
        # Lines start with 0 twice and with 1 once: 2 different ones.
        np.testing.assert_allclose(following(law, START), ([2, 1, 0] + 2 * single) / 5)
        # 0 is followed by 1 four times, 1 by 0 thrice and by 2 once, 2 by 2 once.
        np.testing.assert_allclose(following(law, 0), (np.array([0, 4, 0]) + single) / 5)
        np.testing.assert_allclose(following(law, 1), ([3, 0, 1] + 2 * single) / 6)
        np.testing.assert_allclose(following(law, 2), (np.array([0, 0, 1]) + single) / 2)

    def test_longer_contexts_fall_back_on_shorter_ones(self):
        law, shorter = fit(Ngram(order=3), TINY), fit(Ngram(order=2), TINY)
        np.testing.assert_allclose(following(law, 2, 0), following(shorter, 0), err_msg="unseen")
        np.testing.assert_allclose(
            following(law, 0, 1), ([2, 0, 1] + 2 * following(shorter, 1)) / 5
        )
        expected = (np.array([1, 0, 0]) + following(shorter, 1)) / 2
        np.testing.assert_allclose(following(law, START, 1), expected)

    def test_samples_follow_the_probabilities(self):
        law = fit(Ngram(order=3), TINY)
        n = 20_000
        symbols = law(n, rng("draw")).argmax(dim=2).numpy()
        padded = np.concatenate([np.full((n, 2), START), symbols], axis=1)
        for position in (0, 1, 3):
            history, drawn = padded[:, position : position + 2], symbols[:, position]
            for context in np.unique(history, axis=0):
                here = drawn[(history == context).all(axis=1)]
                expected = following(law, *context)
                errors = np.sqrt(expected * (1 - expected) / len(here))
                observed = np.bincount(here, minlength=3) / len(here)
                assert (np.abs(observed - expected) <= 4.5 * errors + 1 / len(here)).all()

    def test_single_symbols_need_no_context(self):
        law = fit(Ngram(order=1), TINY)
        np.testing.assert_allclose(
            law.probabilities(np.empty((1, 0), np.int64))[0] * 15, [6, 6, 3]
        )
        assert law(7, rng("draw")).shape == (7, 4, 3)

    def test_a_chain_is_learned_from_its_pairs(self):
        law = fit(Ngram(order=2), CHAIN)
        learned = law.probabilities(np.arange(6)[:, None])
        np.testing.assert_allclose(learned, CHAIN.transition, atol=0.03)

    def test_contexts_that_cannot_be_numbered_are_refused(self):
        assert Ngram(order=16).misfit(CHAIN) is None
        assert "16-grams of 1024 symbols" in Ngram(order=16).misfit(Markov(vocabulary=1024))


class TestMaximumLikelihood:
    def test_it_comes_near_the_entropy_and_below_single_symbols(self):
        law = fit(MaximumLikelihood(hidden=32, steps=400, rows=6000), CHAIN)
        x = CHAIN.sample(5000, "test", rng("test"))
        shares = x.mean(dim=(0, 1)).double()
        single = torch.special.entr(shares).sum().item()
        true = -CHAIN.log_prob(x).mean().item() / 8
        mine = -law.log_prob(x).mean().item() / 8
        assert true - 0.01 < mine < true + 0.02
        assert mine < single - 0.1
        written = -CHAIN.log_prob(law(5000, rng("draw"))).mean().item() / 8
        assert written == pytest.approx(true, abs=0.04)

    def test_symbols_are_drawn_as_likely_as_it_says(self):
        law = fit(MaximumLikelihood(hidden=8, steps=50, rows=200), TINY)
        drawn = law(20_000, rng("draw"))
        distinct, counts = drawn.flatten(1).unique(dim=0, return_counts=True)
        expected = law.log_prob(distinct.reshape(-1, 4, 3)).exp()
        errors = (expected * (1 - expected) / 20_000).sqrt()
        assert ((counts / 20_000 - expected).abs() < 4.5 * errors + 1 / 20_000).all()

    def test_a_low_temperature_repeats_what_is_likeliest(self):
        cold = MaximumLikelihood(hidden=8, steps=50, rows=200, temperature=0.01)
        assert len(fit(cold, TINY)(200, rng("draw")).unique(dim=0)) <= 2


class TestVae:
    def test_it_beats_a_gaussian_on_the_ring(self):
        fakes = [fit(baseline, ring8())(1000, rng("draw")) for baseline in RIVALS]
        real = ring8().sample(1000, "test", rng("test"))
        mine, single = (mmd2(real, fake).value for fake in fakes)
        assert mine < single / 2

    def test_numbers_have_the_variance_of_the_data_and_constants_none(self):
        rows = torch.cat([torch.randn(2000, 2, generator=rng("rows")), torch.ones(2000, 1)], dim=1)
        drawn = fit(Vae(width=32, steps=500), Finite(rows, DataSpec("vector", (3,))))(
            5000, rng("draw")
        )
        torch.testing.assert_close(drawn[:, :2].var(dim=0), torch.ones(2), atol=0.2, rtol=0)
        assert torch.equal(drawn[:, 2], torch.ones(5000))

    def test_categories_are_drawn_with_their_shares(self):
        columns = (
            Column("kind", "categorical", ("a", "b", "c")),
            Column("size", "numeric"),
            Column("sign", "categorical", ("-", "+")),
        )
        n = 4000
        kind = torch.multinomial(
            torch.tensor([0.6, 0.3, 0.1]), n, replacement=True, generator=rng("kind")
        )
        size = torch.randn(n, 1, generator=rng("size")) + 3 * kind[:, None]
        sign = functional.one_hot((kind > 0).long(), 2)
        rows = torch.cat([functional.one_hot(kind, 3), size, sign], dim=1)
        data = Finite(rows, DataSpec("table", (6,), columns))
        drawn = fit(Vae(width=32, steps=500), data)(5000, rng("draw"))
        assert set(drawn[:, [0, 1, 2, 4, 5]].unique().tolist()) == {0.0, 1.0}
        torch.testing.assert_close(drawn.mean(dim=0), rows.mean(dim=0), atol=0.12, rtol=0)
        agree = (drawn[:, 1:3].sum(dim=1) == drawn[:, 5]).float().mean()
        assert agree > 0.9

    def test_the_likelihood_of_categories_is_a_softmax_over_each(self):
        from ganbench_baselines.vae import _Network

        network = _Network(2, [3, 2], latent=1, width=4)
        rows = torch.tensor([[0.3, -0.2, 0, 1, 0, 0, 1.0], [1.0, 0.5, 1, 0, 0, 1, 0]])
        outputs = torch.randn(2, 7)
        expected = torch.distributions.Normal(outputs[:, :2], network.log_std.exp())
        value = expected.log_prob(rows[:, :2]).sum(dim=1)
        value = value - functional.cross_entropy(
            outputs[:, 2:5], rows[:, 2:5].argmax(dim=1), reduction="none"
        )
        value = value - functional.cross_entropy(
            outputs[:, 5:], rows[:, 5:].argmax(dim=1), reduction="none"
        )
        torch.testing.assert_close(network._log_likelihood(outputs, rows), value)


class TestNormalizingFlow:
    def test_it_beats_a_gaussian_on_the_ring(self):
        pytest.importorskip("zuko")
        law = fit(NormalizingFlow(steps=150), ring8())
        x = ring8().sample(2000, "test", rng("test"))
        gaussian = torch.distributions.MultivariateNormal(torch.zeros(2), torch.cov(x.T))
        assert law.log_prob(x).mean() > gaussian.log_prob(x).mean() + 1
        real = ring8().sample(1000, "test", rng("real"))
        single = fit(Gaussian(), ring8())
        fakes = [law(1000, rng("draw")), single(1000, rng("draw"))]
        mine, theirs = (mmd2(real, fake).value for fake in fakes)
        assert mine < theirs / 4

    def test_the_density_integrates_to_one(self):
        pytest.importorskip("zuko")
        law = fit(NormalizingFlow(steps=20), ring8(std=0.3))
        line = torch.linspace(-4, 4, 200)
        density = law.log_prob(torch.cartesian_prod(line, line)).exp()
        assert density.sum().item() * (8 / 199) ** 2 == pytest.approx(1, abs=0.01)

    def test_without_its_library_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setattr(flow.importlib.util, "find_spec", lambda name: None)
        expected = 'It needs zuko: pip install "ganbench[flow]".'
        assert NormalizingFlow().misfit(ring8()) == expected


RIVALS = [Vae(width=64, steps=1500, rows=4000), Gaussian()]
LEARNERS = {
    "mle": (MaximumLikelihood(hidden=8, steps=20, rows=100), CHAIN),
    "vae": (Vae(width=8, steps=20, rows=100), ring8()),
    "flow": (NormalizingFlow(steps=20, rows=100), ring8()),
}


@pytest.mark.parametrize("name", LEARNERS)
def test_the_stream_and_the_seed_decide_what_is_learned(name):
    baseline, data = LEARNERS[name]
    if baseline.misfit(data):
        assert importlib.util.find_spec("zuko") is None
        pytest.skip("zuko is not installed")
    first, again, other = (fit(baseline, data, seed)(50, rng("draw")) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_training_keeps_the_weights_that_are_best_on_what_is_held_out():
    model = nn.Linear(1, 1, bias=False)
    rows = torch.ones(100, 1)
    seen = []

    def loss(batch):
        value = (model.weight - 1).square().mean() * (1 if torch.is_grad_enabled() else -1)
        if not torch.is_grad_enabled():
            seen.append((value.item(), model.weight.item(), len(batch)))
        return value

    train(model, loss, rows, rng("train"), steps=5000, learning_rate=0.01)
    best = min(seen)
    assert model.weight.item() == best[1]
    assert {size for *_, size in seen} == {10}
    assert len(seen) == seen.index(best) + 1 + 10, "it stops after ten checks without a fall"
    assert math.isfinite(best[0])
