"""Exact laws of sequences: probabilities by other means, and draws against them."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional

from ganbench.api import SpecError
from ganbench.components import parse_single
from ganbench_sequences import Grammar, HiddenMarkov, LstmOracle, Markov
from ganbench_vectors import ring8

ROWS = 50_000
SMALL = {
    "markov": Markov(vocabulary=4, length=5),
    "hmm": HiddenMarkov(states=3, vocabulary=4, length=5),
    "one state": HiddenMarkov(states=1, vocabulary=3, length=4),
    "pcfg": Grammar(vocabulary=4, length=5, nonterminals=3),
    "one nonterminal": Grammar(vocabulary=3, length=4, nonterminals=1),
    "two words": Grammar(vocabulary=5, length=2, seed=3),
    "lstm_oracle": LstmOracle(vocabulary=4, length=5, hidden=6),
}
ALL = {
    "markov": Markov,
    "hmm": HiddenMarkov,
    "pcfg": Grammar,
    "lstm_oracle": LstmOracle,
}


def draw(dataset, n=ROWS, seed=1):
    return dataset.sample(n, "train", torch.Generator().manual_seed(seed))


def exact(dataset):
    return dataset.log_prob(dataset.support().double()).exp()


@pytest.mark.parametrize("name", SMALL)
def test_probabilities_of_all_sequences_sum_to_one(name):
    dataset = SMALL[name]
    length, vocabulary = dataset.spec.shape
    support = dataset.support()
    assert support.shape == (vocabulary**length, length, vocabulary)
    assert support.dtype == torch.float32
    symbols = set(map(tuple, support.argmax(dim=2).tolist()))
    assert symbols == set(itertools.product(range(vocabulary), repeat=length))
    assert exact(dataset).sum().item() == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("name", SMALL)
def test_samples_come_as_often_as_their_probabilities_say(name):
    dataset = SMALL[name]
    length, vocabulary = dataset.spec.shape
    x = draw(dataset)
    assert x.dtype == torch.float32
    assert torch.equal(x.sum(dim=2), torch.ones(ROWS, length))
    place = vocabulary ** torch.arange(length - 1, -1, -1)
    counts = (x.argmax(dim=2) * place).sum(dim=1).bincount(minlength=vocabulary**length).numpy()
    expected = ROWS * exact(dataset).numpy()
    assert (counts[expected == 0] == 0).all()
    often = expected >= 5
    observed = np.append(counts[often], counts[~often].sum())
    law = np.append(expected[often], expected[~often].sum())
    kept = law > 1
    assert (
        stats.chisquare(observed[kept], law[kept] * observed[kept].sum() / law[kept].sum())[1]
        > 1e-3
    )


@pytest.mark.parametrize("name", ALL)
def test_mean_log_probabilities_in_either_precision_agree(name):
    dataset = ALL[name]()
    x = draw(dataset, 200)
    assert dataset.log_prob(x).dtype == torch.float32
    torch.testing.assert_close(dataset.log_prob(x).double(), dataset.log_prob(x.double()))
    assert torch.isfinite(dataset.log_prob(x)).all()
    assert dataset.log_prob(0.9 * x).tolist() == [-math.inf] * 200
    assert dataset.log_prob(x[:0]).shape == (0,)


@pytest.mark.parametrize("name", ALL)
def test_the_fingerprint_follows_the_law(name):
    make = ALL[name]
    assert make().fingerprint() == make().fingerprint()
    assert make(vocabulary=7).fingerprint() != make().fingerprint()


@pytest.mark.parametrize("make", [Grammar, LstmOracle])
def test_seeds_give_other_laws(make):
    assert make(seed=1).fingerprint() != make(seed=2).fingerprint()


@pytest.mark.parametrize("concentration", [0.001, 1000.0])
@pytest.mark.parametrize("vocabulary", [2, 200])
@pytest.mark.parametrize("make", [HiddenMarkov, Grammar])
def test_extreme_laws_are_laws(make, vocabulary, concentration):
    dataset = make(vocabulary=vocabulary, length=30, concentration=concentration)
    assert torch.isfinite(dataset.log_prob(draw(dataset, 500))).all()


def test_only_small_supports_are_listed():
    assert Markov(vocabulary=2, length=14).support() is not None
    assert Markov(vocabulary=2, length=15).support() is None
    assert Markov(vocabulary=2, length=15).support(limit=2**15).shape == (2**15, 15, 2)
    assert Markov(vocabulary=3, length=2).support(limit=8) is None
    assert Markov(vocabulary=2, length=1024).support() is None
    assert ring8().support() is None


# ----------------------------------------------------------------------------------------- chain


def test_the_forward_algorithm_sums_over_all_paths_of_states():
    dataset = SMALL["hmm"]
    expected = np.zeros(len(dataset.support()))
    symbols = dataset.support().argmax(dim=2).numpy()
    initial, transition, emission = (law.numpy() for law in dataset.law)
    for path in itertools.product(range(3), repeat=5):
        start = initial[path[0]]
        steps = [transition[pair] for pair in itertools.pairwise(path)]
        emitted = emission[np.array(path), symbols].prod(axis=1)
        expected += start * np.prod(steps) * emitted
    np.testing.assert_allclose(exact(dataset).numpy(), expected, rtol=1e-10)


def test_states_that_show_themselves_are_a_markov_chain():
    hidden = HiddenMarkov(states=4, vocabulary=4, length=6)
    hidden.law = (hidden.initial, hidden.transition, torch.eye(4, dtype=torch.float64))
    plain = Markov(vocabulary=4, length=6)
    x = draw(plain, 100).double()
    plain.law = hidden.law[:2]
    torch.testing.assert_close(hidden.log_prob(x), plain.log_prob(x))


# --------------------------------------------------------------------------------------- grammar


def trees(grammar, words, label):
    """Sum over all trees by the definition."""
    total = grammar.lexical[label, words[0]].item() if len(words) == 1 else 0.0
    count = len(grammar.binary)
    for k in range(1, len(words)):
        for left, right in itertools.product(range(count), repeat=2):
            rule = grammar.binary[label, left, right].item()
            total += rule * trees(grammar, words[:k], left) * trees(grammar, words[k:], right)
    return total


def test_the_inside_algorithm_sums_over_all_trees():
    grammar = Grammar(vocabulary=3, length=4, nonterminals=2)
    support = grammar.support()
    by_hand = np.array([trees(grammar, row, 0) for row in support.argmax(dim=2).tolist()])
    assert by_hand.sum() == pytest.approx(grammar.lengths[4, 0].item(), rel=1e-12)
    np.testing.assert_allclose(exact(grammar).numpy(), by_hand / by_hand.sum(), rtol=1e-10)


def test_rules_of_a_nonterminal_are_a_law_and_so_are_all_lengths():
    grammar = Grammar(nonterminals=5, length=64)
    shares = grammar.binary.sum(dim=(1, 2)) + grammar.lexical.sum(dim=1)
    torch.testing.assert_close(shares, torch.ones(5).double())
    assert (grammar.lengths[1:] > 0).all()
    assert (grammar.lengths.sum(dim=0) <= 1 + 1e-12).all()


def test_one_nonterminal_writes_independent_words():
    grammar = SMALL["one nonterminal"]
    law = grammar.lexical[0] / grammar.lexical[0].sum()
    expected = law[grammar.support().argmax(dim=2)].prod(dim=1)
    torch.testing.assert_close(exact(grammar), expected)


def test_long_sentences_are_summed_in_parts(monkeypatch):
    grammar = Grammar(vocabulary=16, length=32, nonterminals=8)
    x = draw(grammar, 40).double()
    whole = grammar.log_prob(x)
    monkeypatch.setattr("ganbench_sequences.grammar._BATCH", 7 * 32 * 64)
    torch.testing.assert_close(grammar.log_prob(x), whole)
    assert (whole < 0).all()


# ---------------------------------------------------------------------------------------- oracle


def test_the_oracle_is_a_network_of_torch():
    dataset = LstmOracle(vocabulary=7, length=9, hidden=5, seed=2)
    embedding, weight_ih, weight_hh, bias, weight, weight_bias = dataset.law
    network = nn.LSTM(5, 5, batch_first=True).double()
    parameters = (weight_ih, weight_hh, bias, torch.zeros_like(bias))
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), parameters, strict=True):
            parameter.copy_(value)
    x = draw(dataset, 50)
    symbols = x.argmax(dim=2)
    read = torch.cat([torch.full((50, 1), 7), symbols[:, :-1]], dim=1)
    logits = network(embedding[read])[0] @ weight.T + weight_bias
    losses = functional.cross_entropy(logits.transpose(1, 2), symbols, reduction="none")
    torch.testing.assert_close(dataset.log_prob(x.double()), -losses.sum(dim=1).detach())


def test_parameters_of_the_oracle_are_normal_with_the_scale():
    dataset = LstmOracle(vocabulary=64, hidden=64, scale=0.7)
    for part in dataset.law:
        assert stats.kstest(part.ravel().numpy() / 0.7, "norm").pvalue > 1e-3
    assert math.exp(
        -LstmOracle(scale=0.001).log_prob(draw(LstmOracle(scale=0.001), 9)).mean()
    ) == (pytest.approx(32**16, rel=0.1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hmm(states=0)", "states must be int >= 1 and <= 64."),
        ("pcfg(length=65)", "length must be int >= 2 and <= 64."),
        ("pcfg(nonterminals=17)", "nonterminals must be int >= 1 and <= 16."),
        ("lstm_oracle(scale=0.0)", "scale must be float >= 0.001 and <= 100."),
        ("lstm_oracle(seed=-1)", "seed must be int >= 0."),
    ],
)
def test_what_makes_no_law_is_refused_in_a_sentence(registry, text, words):
    with pytest.raises(SpecError) as error:
        registry.build("dataset", parse_single(text))
    assert str(error.value).endswith(words)
