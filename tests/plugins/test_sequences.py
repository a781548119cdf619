import itertools
import math

import pytest
import torch
from torch.nn import functional

from ganbench.api import DataSpec
from ganbench.seeding import torch_stream
from ganbench_images import Dcgan, Digits
from ganbench_players import ResMlp
from ganbench_sequences import Markov, gru, lstm
from ganbench_vectors import ring8

PLAYERS = {"lstm": lstm, "gru": gru}


def draw(dataset, n, role="a"):
    return dataset.sample(n, "train", torch_stream(0, role))


def test_probabilities_of_all_sequences_sum_to_one():
    dataset = Markov(vocabulary=3, length=4)
    symbols = torch.tensor(list(itertools.product(range(3), repeat=4)))
    x = functional.one_hot(symbols, 3).double()
    log_prob = dataset.log_prob(x)
    assert log_prob.shape == (81,)
    assert log_prob.exp().sum().item() == pytest.approx(1, abs=1e-12)
    by_hand = math.log(dataset.initial[2]) + math.log(dataset.transition[2, 0])
    by_hand += math.log(dataset.transition[0, 0]) + math.log(dataset.transition[0, 1])
    (position,) = (symbols == torch.tensor([2, 0, 0, 1])).all(dim=1).nonzero()
    assert log_prob[position].item() == pytest.approx(by_hand)


def test_what_the_data_cannot_be_has_no_probability():
    x = draw(Markov(), 5)
    assert Markov().log_prob(x * 0.9).tolist() == [-math.inf] * 5


def test_samples_have_the_frequencies_of_the_law():
    dataset = Markov(vocabulary=4, length=10, concentration=1.0)
    x = draw(dataset, 50_000)
    assert x.dtype == torch.float32
    assert torch.equal(x.sum(dim=2), torch.ones(50_000, 10))
    torch.testing.assert_close(x[:, 0].mean(dim=0).double(), dataset.initial, atol=0.01, rtol=0)
    pairs = torch.einsum("nti,ntj->ij", x[:, :-1], x[:, 1:]).double()
    share = pairs / pairs.sum(dim=1, keepdim=True)
    torch.testing.assert_close(share, dataset.transition, atol=0.01, rtol=0)


def test_mean_log_probability_is_minus_the_entropy():
    dataset = Markov(vocabulary=5, length=6)
    law, entropy = dataset.initial, torch.special.entr(dataset.initial).sum()
    for _ in range(5):
        entropy += law @ torch.special.entr(dataset.transition).sum(dim=1)
        law = law @ dataset.transition
    mean = dataset.log_prob(draw(dataset, 50_000)).mean().item()
    assert mean == pytest.approx(-entropy.item(), abs=0.03)


@pytest.mark.parametrize("concentration", [0.001, 1000.0])
@pytest.mark.parametrize("vocabulary", [2, 200])
def test_extreme_laws_are_laws(vocabulary, concentration):
    dataset = Markov(vocabulary=vocabulary, length=3, concentration=concentration)
    for law in (dataset.initial[None], dataset.transition):
        torch.testing.assert_close(law.sum(dim=1), torch.ones(len(law)).double())
    assert torch.isfinite(dataset.log_prob(draw(dataset, 1000))).all()


def test_the_law_is_fixed_and_its_fingerprint_follows_it():
    assert torch.equal(Markov().transition, Markov().transition)
    assert Markov().fingerprint() == Markov().fingerprint()
    for other in (Markov(vocabulary=31), Markov(concentration=0.4)):
        assert other.fingerprint() != Markov().fingerprint()


def test_projection_takes_the_likeliest_symbol():
    x = torch.tensor([[[0.2, 0.5, 0.3], [0.4, 0.3, 0.3]]])
    expected = torch.tensor([[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]])
    assert torch.equal(Markov(vocabulary=3, length=2).project(x), expected)


@pytest.mark.parametrize("name", PLAYERS)
def test_players_write_laws_of_symbols_and_score_sequences(name):
    spec = DataSpec("sequence", (7, 5))
    players = PLAYERS[name](hidden=6)
    assert spec.kind in players.kinds
    assert players.misfit(spec) is None
    generator, critic = players.generator(spec, 3), players.discriminator(spec)
    fake = generator(torch.randn(4, 3))
    assert fake.shape == (4, 7, 5)
    assert fake.min() > 0
    torch.testing.assert_close(fake.sum(dim=2), torch.ones(4, 7))
    together = critic(fake)
    assert together.shape == (4,)
    torch.testing.assert_close(together, torch.cat([critic(one[None]) for one in fake]))


@pytest.mark.parametrize("name", PLAYERS)
def test_the_generator_reads_its_own_output_and_the_critic_the_whole_sequence(name):
    spec = DataSpec("sequence", (4, 5))
    players = PLAYERS[name](hidden=6)
    generator, critic = players.generator(spec, 3), players.discriminator(spec)
    noise = torch.randn(2, 3)
    before = generator(noise)
    with torch.no_grad():
        generator.cell.weight_ih[:, 3:] *= 2
    after = generator(noise)
    assert torch.equal(before[:, 0], after[:, 0]), "the first step reads zeros"
    assert not torch.isclose(before[:, 1:], after[:, 1:]).all()
    x = before.detach().requires_grad_()
    critic(x).sum().backward()
    assert (x.grad.abs().sum(dim=(0, 2)) > 0).all()


@pytest.mark.parametrize("make_dataset", [ring8, Digits])
def test_players_are_for_sequences_alone(make_dataset):
    assert make_dataset().spec.kind not in lstm().kinds | gru().kinds
    assert Markov().spec.kind not in ResMlp().kinds | Dcgan().kinds
