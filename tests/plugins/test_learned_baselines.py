import importlib.util
import math

import pytest
import torch
from fitting import Finite, fit, rng
from torch import nn
from torch.nn import functional

from ganbench.api import Column, DataSpec
from ganbench.metrics import mmd2
from ganbench_baselines import flow
from ganbench_baselines.flow import NormalizingFlow
from ganbench_baselines.gaussian import Gaussian
from ganbench_baselines.learning import train
from ganbench_baselines.mle import MaximumLikelihood
from ganbench_baselines.vae import Vae, _Network
from ganbench_sequences import Markov
from ganbench_vectors import ring8

RIVALS = [Vae(width=64, steps=1500, rows=4000), Gaussian()]


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
        errors = (drawn - rows.mean(dim=0)).mean(dim=0) / rows.std(dim=0)
        assert errors.abs().max() < 0.15
        agree = (drawn[:, 1:3].sum(dim=1) == drawn[:, 5]).float().mean()
        assert agree > 0.9

    def test_the_likelihood_of_categories_is_a_softmax_over_each(self):
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


LEARNERS = {
    "mle": (MaximumLikelihood(hidden=8, steps=20, rows=100), Markov()),
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
