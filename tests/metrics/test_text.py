import json
import math
from collections import Counter

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from ganbench.errors import MetricError
from ganbench.metrics import bleu, distinct_ngrams, novel_ngrams, self_bleu


def draw(n, seed, symbols=6, length=8):
    """Draw sequences (n, L) in which each token is near the one before."""
    rng = np.random.default_rng(seed)
    steps = rng.choice([0, 1, 2], size=(n, length), p=[0.2, 0.5, 0.3])
    return (rng.integers(symbols, size=(n, 1)) + steps.cumsum(axis=1)) % symbols


def grams(row, order):
    return [tuple(row[at : at + order]) for at in range(len(row) - order + 1)]


def naive_bleu(references, sentence, order):
    logs = []
    for k in range(1, order + 1):
        counts = Counter(grams(sentence, k))
        most = Counter()
        for reference in references:
            most |= Counter(grams(reference, k))
        matched = sum((counts & most).values())
        if matched == 0 and k == 1:
            return 0.0
        logs.append(math.log((matched or 0.1) / sum(counts.values())))
    return math.exp(sum(logs) / order)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("order", [1, 2, 4, 8])
def test_bleu_equals_a_naive_count(order):
    x, y = draw(12, 0), draw(15, 1, symbols=9)
    y[3] = 77
    expected = [naive_bleu(x.tolist(), row, order) for row in y.tolist()]
    score = bleu(x, y, rng=rng(), order=order)
    assert score.value == pytest.approx(np.mean(expected), abs=1e-12)
    assert expected[3] == 0
    assert (score.n_real, score.n_fake) == (12, 15)
    few = x[rng().permutation(12)[:5]]
    expected = [naive_bleu(few.tolist(), row, order) for row in y.tolist()]
    score = bleu(x, y, rng=rng(), order=order, references=5)
    assert score.value == pytest.approx(np.mean(expected), abs=1e-12)


def test_self_bleu_equals_a_naive_count():
    y = draw(20, 0)
    shuffled = y[rng().permutation(20)].tolist()
    expected = [naive_bleu(shuffled[:6], row, 4) for row in shuffled[6:]]
    assert self_bleu(y, rng=rng(), references=6).value == pytest.approx(
        np.mean(expected), abs=1e-12
    )
    assert self_bleu(y, rng=rng(), references=500).details["references"] == 10


def test_clipping_and_smoothing_by_hand():
    references = [[1, 1, 2, 3], [4, 5, 6, 7]]
    # Of 1 1 1 2: three of four tokens count, two of three bigrams, no trigram of these two.
    score = bleu(references, [[1, 1, 1, 2], [1, 1, 1, 2]], rng=rng(), order=3)
    assert score.value == pytest.approx((3 / 4 * 2 / 3 * 1 / 2) ** (1 / 3), abs=1e-12)
    score = bleu(references, [[1, 8, 1, 8], [1, 8, 1, 8]], rng=rng(), order=2)
    assert score.value == pytest.approx((2 / 4 * 0.1 / 3) ** (1 / 2), abs=1e-12)


def test_copies_are_of_full_quality_and_a_repeated_sentence_has_no_diversity():
    x = draw(50, 0)
    assert bleu(x, x[:7], rng=rng()).value == pytest.approx(1, abs=1e-12)
    collapsed = np.repeat(x[:1], 40, axis=0)
    for score in (bleu(x, collapsed, rng=rng()), self_bleu(collapsed, rng=rng())):
        assert score.value == pytest.approx(1, abs=1e-12)
        assert score.low <= score.value <= score.high
    same = bleu(x, x[::-1], rng=rng())
    assert same.details["warnings"] == [
        "`real` and `fake` hold the same rows: they are no independent samples."
    ]


def test_nonsense_has_a_lower_bleu_and_a_lower_self_bleu():
    x, y, noise = draw(400, 0), draw(400, 1), rng(2).integers(6, size=(400, 8))
    assert bleu(x, noise, rng=rng(), references=50).high < bleu(x, y, rng=rng(), references=50).low
    assert (
        self_bleu(noise, rng=rng(), references=50).high
        < self_bleu(y, rng=rng(), references=50).low
    )


def test_bleu_grows_with_its_references():
    x, y = draw(400, 0), draw(100, 1)
    values = [bleu(x, y, rng=rng(), references=r).value for r in (1, 10, 100, 400)]
    assert values == sorted(values)


def test_self_bleu_is_the_bleu_of_two_samples_of_one_law_and_errors_are_not_too_small():
    scores = [
        (
            bleu(draw(100, 2 * s), draw(100, 2 * s + 1), rng=rng(), references=50),
            self_bleu(draw(150, 500 + s), rng=rng(), references=50),
        )
        for s in range(40)
    ]
    values = np.array([[score.value for score in pair] for pair in scores])
    errors = np.array([[(score.high - score.low) / 3.92 for score in pair] for pair in scores])
    gap = values[:, 0] - values[:, 1]
    assert abs(gap.mean()) < 4 * gap.std(ddof=1) / math.sqrt(40)
    ratios = values.var(axis=0, ddof=1) / (errors**2).mean(axis=0)
    # A true error would be exceeded so far once in a thousand times.
    assert (ratios < chi2.ppf(0.999, 39) / 39).all()
    # The jackknife of a maximum is wide: about a fifth, seen here and on other laws.
    assert (ratios > 0.3).all()


@pytest.mark.parametrize("order", [1, 2, 3, 8])
def test_distinct_ngrams_equal_a_naive_count_and_its_jackknife(order):
    y = draw(25, 0, symbols=20).tolist()
    value = len({gram for row in y for gram in grams(row, order)}) / (25 * 8)
    left_out = np.array(
        [
            len({gram for row in y[:i] + y[i + 1 :] for gram in grams(row, order)}) / (24 * 8)
            for i in range(25)
        ]
    )
    half = 1.959963984540054 * math.sqrt(24 * left_out.var())
    score = distinct_ngrams(y, order)
    assert score.value == pytest.approx(value, abs=1e-12)
    assert score.high - score.value == pytest.approx(half, abs=1e-12)
    assert score.estimator == f"distinct{order}"
    assert score.details["ngrams"] == 25 * (9 - order)


def test_repeating_generators_are_less_distinct():
    y = draw(200, 0, symbols=20)
    values = [distinct_ngrams(np.repeat(y[: 200 // k], k, axis=0), 3).value for k in (1, 4, 20)]
    assert values == sorted(values, reverse=True)


def test_the_error_of_distinct_ngrams_is_not_too_small():
    scores = [distinct_ngrams(draw(100, seed, symbols=20), 3) for seed in range(40)]
    errors = np.array([(score.high - score.low) / 3.92 for score in scores])
    ratio = np.var([score.value for score in scores], ddof=1) / np.mean(errors**2)
    assert ratio < chi2.ppf(0.999, 39) / 39


@pytest.mark.parametrize("order", [1, 2, 4, 8])
def test_novel_ngrams_equal_a_naive_count(order):
    x, y = draw(10, 0, symbols=12).tolist(), draw(25, 1, symbols=14).tolist()
    known = {gram for row in x for gram in grams(row, order)}
    new = [gram not in known for row in y for gram in grams(row, order)]
    score = novel_ngrams(x, y, order)
    assert score.value == pytest.approx(np.mean(new), abs=1e-12)
    assert 0 <= score.low <= score.value <= score.high <= 1


def test_copies_are_not_novel_and_unknown_tokens_always_are():
    x = draw(50, 0)
    assert novel_ngrams(x, x[10:30], 4).value == 0
    assert novel_ngrams(x, x[10:30], 4).high > 0.05
    assert novel_ngrams(x, x + 100, 1).value == 1
    fresh, noise = draw(200, 1), rng().integers(6, size=(200, 8))
    assert 0 < novel_ngrams(x, fresh, 4).high < novel_ngrams(x, noise, 4).low


def test_interval_of_novelty_covers_the_share_that_a_large_sample_has():
    x = draw(50, 0)
    truth = novel_ngrams(x, draw(100_000, 1), 4).value
    scores = [novel_ngrams(x, draw(100, seed), 4) for seed in range(2, 102)]
    # At a true coverage of .95, fewer happen once in a thousand times.
    assert sum(score.low <= truth <= score.high for score in scores) >= 87


SCORES = {
    "bleu": lambda x, y: bleu(x, y, rng=rng(), order=2),
    "self_bleu": lambda x, y: self_bleu(y, rng=rng(), order=2),
    "distinct": lambda x, y: distinct_ngrams(y, 2),
    "novel": lambda x, y: novel_ngrams(x, y, 2),
}


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_tensors_and_names_of_tokens_change_nothing(score):
    x, y = draw(30, 0), draw(30, 1)
    x.flags.writeable = y.flags.writeable = False
    expected = score(x, y)
    assert score(torch.tensor(x.copy()), torch.tensor(y.copy())) == expected
    assert score(7 - 3 * x, 7 - 3 * y) == expected
    assert score(x, y) == expected
    json.dumps(dict(expected.details), allow_nan=False)


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_bad_sentences_are_refused(score):
    x, y = draw(30, 0), draw(30, 1)
    for bad, complaint in (
        (y + 0.5, "`fake` must hold tokens"),
        (y[:1], "`fake` has 1 rows, but at least"),
        (y[:, :1], "`fake` has 1 columns|`order` is 2, but"),
        (y * np.nan, "`fake` has NaN"),
    ):
        with pytest.raises(MetricError, match=complaint):
            score(x, bad)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda x: bleu(x, x, rng=rng(), order=9), "order"),
        (lambda x: bleu(x, x, rng=rng(), order=0), "order"),
        (lambda x: bleu(x, x, rng=rng(), references=0), "references"),
        (lambda x: self_bleu(x, rng=rng(), references=0), "references"),
        (lambda x: distinct_ngrams(x, 9), "order"),
        (lambda x: novel_ngrams(x, x, 9), "order"),
        (lambda x: novel_ngrams(x / 2, x, 1), "train"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(MetricError, match=f"`{argument}`"):
        call(draw(10, 0))
