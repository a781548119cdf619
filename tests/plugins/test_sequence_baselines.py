import numpy as np
import pytest
import torch
from fitting import Finite, fit, rng
from torch.nn import functional

from ganbench.api import DataSpec
from ganbench_baselines.mle import MaximumLikelihood
from ganbench_baselines.ngram import Ngram
from ganbench_sequences import Markov

START = 3
CHAIN = Markov(vocabulary=6, length=8)
LINES = torch.tensor([[0, 1, 0, 1], [0, 1, 2, 2], [1, 0, 1, 0]])
TINY = Finite(functional.one_hot(LINES, 3), DataSpec("sequence", (4, 3)))


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
