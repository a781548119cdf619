import math
from collections import Counter

import numpy as np
import pytest
import torch
from scipy.stats import binom

from ganbench.errors import MetricError
from ganbench.metrics import discrete, jsd_discrete, jsd_known_law

FLAT, RISING = np.ones(10) / 10, np.arange(1, 11) / 55
CATEGORIES_TRUTH = 0.0408301682218
ZIPF = 1 / np.arange(1, 1001) / np.sum(1 / np.arange(1, 1001))

STICKY = 0.6 * np.eye(4) + 0.1
MIXING = np.array(
    [[0.4, 0.3, 0.2, 0.1], [0.1, 0.5, 0.3, 0.1], [0.1, 0.1, 0.6, 0.2], [0.25, 0.25, 0.25, 0.25]]
)
BIGRAM_TRUTH = 0.0547578129172


def chain(transition, n, rng, length=6):
    """Draw sequences (n, length) of a Markov chain that starts anywhere."""
    columns = [rng.integers(len(transition), size=n)]
    for _ in range(length - 1):
        bounds = transition.cumsum(axis=1)[columns[-1]]
        columns.append((rng.random((n, 1)) > bounds[:, :-1]).sum(axis=1))
    return np.stack(columns, axis=1)


def bigram_law(transition, length=6):
    law, total = np.full(4, 1 / 4), np.zeros((4, 4))
    for _ in range(length - 1):
        total += law[:, None] * transition
        law = law @ transition
    return total.ravel() / (length - 1)


def divergence(p, q):
    m = (p + q) / 2
    return sum(a * np.log(a / b) for law in (p, q) for a, b in zip(law, m, strict=True) if a) / 2


def naive_plugin(x, y, order):
    laws = []
    for sample in (x, y):
        grams = [
            tuple(row[at : at + order]) for row in sample for at in range(len(row) - order + 1)
        ]
        laws.append({gram: count / len(grams) for gram, count in Counter(grams).items()})
    outcomes = sorted({*laws[0], *laws[1]})
    p, q = (np.array([law.get(outcome, 0) for outcome in outcomes]) for law in laws)
    return divergence(p, q)


def score(x, y, seed=0, **options):
    return jsd_discrete(x, y, rng=np.random.default_rng(seed), **{"permutations": 19} | options)


def test_the_truths_are_those_of_the_laws():
    assert divergence(FLAT, RISING) == pytest.approx(CATEGORIES_TRUTH, abs=1e-12)
    truth = divergence(bigram_law(STICKY), bigram_law(MIXING))
    assert truth == pytest.approx(BIGRAM_TRUTH, abs=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_equals_a_naive_count_with_the_same_permutations(order):
    rng = np.random.default_rng(0)
    x, y = chain(STICKY, 30, rng), chain(MIXING, 20, rng)
    seen = score(x, y, order=order)
    rows = np.vstack([x, y])
    labels = np.tile(np.arange(50) < 30, (19, 1))
    permuted = [
        naive_plugin(rows[each], rows[~each], order)
        for each in np.random.default_rng(0).permuted(labels, axis=1)
    ]
    plugin = naive_plugin(x, y, order)
    assert seen.details["plugin"] == pytest.approx(plugin, abs=1e-12)
    assert seen.details["permuted"] == pytest.approx(np.mean(permuted), abs=1e-12)
    assert seen.value == pytest.approx(plugin - np.mean(permuted), abs=1e-12)
    assert seen.p_value == (1 + np.sum(np.array(permuted) >= plugin - 1e-12)) / 20
    assert seen.estimator == f"jsd{order}"


def test_whole_rows_are_their_longest_ngrams_and_categories_are_rows_of_one_token():
    rng = np.random.default_rng(0)
    x, y = chain(STICKY, 40, rng), chain(MIXING, 40, rng)
    assert score(x, y).value == score(x, y, order=6).value
    assert score(x, y).estimator == "discrete"
    assert score(x[:, 0], y[:, 0]) == score(x[:, :1], y[:, :1])


def test_blocks_of_permutations_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = chain(STICKY, 40, rng), chain(MIXING, 40, rng)
    expected = score(x, y, order=3)
    monkeypatch.setattr(discrete, "_BLOCK", 500)
    assert score(x, y, order=3) == expected


def test_known_divergence_of_categories():
    rng = np.random.default_rng(0)
    x, y = (rng.choice(10, 5000, p=law) for law in (FLAT, RISING))
    seen = score(x, y, permutations=499)
    error = (seen.high - seen.value) / 1.96
    assert abs(seen.value - CATEGORIES_TRUTH) < 4 * error
    # The first-order error of the plug-in under these laws is .0023.
    assert error < 0.003
    assert seen.p_value == 1 / 500


def test_known_divergence_of_bigrams():
    rng = np.random.default_rng(0)
    seen = score(chain(STICKY, 3000, rng), chain(MIXING, 3000, rng), order=2)
    assert abs(seen.value - BIGRAM_TRUTH) < 4 * (seen.high - seen.value) / 1.96


def test_interval_covers_the_truth_where_outcomes_are_frequent():
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        seen = score(chain(STICKY, 200, rng), chain(MIXING, 200, rng), order=2)
        covered += seen.low <= BIGRAM_TRUTH <= seen.high
    # At a true coverage of .95, fewer happen once in a thousand times.
    assert covered >= binom.ppf(0.001, 100, 0.95)


def zipf(rng):
    return rng.choice(1000, 1000, p=ZIPF)


def repeated(rng):
    return np.repeat(rng.integers(20, size=(60, 1)), 8, axis=1)


@pytest.mark.parametrize(("draw", "order"), [(zipf, None), (repeated, 1), (repeated, 2)])
def test_equal_laws_are_rejected_as_often_as_promised(draw, order):
    scores = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        scores.append(score(draw(rng), draw(rng), order=order))
    rejected = sum(each.p_value <= 0.05 for each in scores)
    # Outside of this, 200 tests of level .05 end once in a thousand times.
    assert binom.ppf(0.0005, 200, 0.05) <= rejected <= binom.ppf(0.9995, 200, 0.05)
    values = np.array([each.value for each in scores])
    # Four standard errors of the mean: the excess is centred at zero.
    assert abs(values.mean()) < 4 * values.std(ddof=1) / math.sqrt(200)


def test_outcomes_that_all_differ_tell_nothing():
    rows = np.arange(320_000).reshape(-1, 16)
    seen = score(rows[:10_000], rows[10_000:], order=4)
    assert seen.p_value == 1
    assert seen.value == pytest.approx(0, abs=1e-9)
    assert seen.details["plugin"] == pytest.approx(math.log(2), abs=1e-9)


def test_plugin_alone_would_be_far_from_zero_on_sparse_text():
    rng = np.random.default_rng(0)
    assert score(zipf(rng), zipf(rng)).details["plugin"] > 0.15


def test_bits_end_at_one():
    x, y = np.arange(1000) % 4, 4 + np.arange(1000) % 4
    nats, bits = score(x, y), score(x, y, base=2)
    assert nats.details["plugin"] == pytest.approx(math.log(2), abs=1e-12)
    # Of 8 outcomes 125 each, permuted samples share almost all of both laws.
    assert 0.99 < bits.value < 1
    for name in ("value", "low", "high"):
        expected = getattr(nats, name) / math.log(2)
        assert getattr(bits, name) == pytest.approx(expected, abs=1e-12)


def test_names_of_tokens_and_order_of_rows_and_samples_do_not_matter():
    rng = np.random.default_rng(0)
    x, y = chain(STICKY, 50, rng), chain(MIXING, 50, rng)
    seen = score(x, y, order=2)
    assert score(-(10**9) * x, -(10**9) * y, order=2) == seen
    for other in (score(y, x, order=2), score(x[::-1], y[::-1], order=2)):
        assert other.details["plugin"] == pytest.approx(seen.details["plugin"], abs=1e-12)
        assert other.high - other.value == pytest.approx(seen.high - seen.value, abs=1e-12)


def test_more_missing_categories_are_further_away():
    rng = np.random.default_rng(0)
    x = rng.integers(10, size=1000)
    values = [score(x, rng.integers(10 - gone, size=1000)).value for gone in (0, 2, 5, 9)]
    assert values == sorted(values)
    assert values[0] < 0.005 < values[1]


def test_same_samples_are_worth_a_warning_and_collapse_a_bad_score():
    x = np.random.default_rng(0).integers(5, size=(50, 3))
    same = score(x, x[::-1])
    assert "hold the same rows" in same.details["warnings"][0]
    assert same.details["plugin"] == pytest.approx(0, abs=1e-12)
    assert same.p_value == 1
    collapsed = score(x, np.zeros((50, 3), dtype=int), order=1)
    assert collapsed.value > 0.2
    assert score(np.zeros(9), np.zeros(9)).value == 0


def test_tensors_and_arrays_give_equal_scores_and_stay_unchanged():
    rng = np.random.default_rng(0)
    x, y = chain(STICKY, 50, rng), chain(MIXING, 50, rng)
    copies = x.copy(), y.copy()
    x.flags.writeable = y.flags.writeable = False
    expected = score(x, y, order=2)
    assert score(torch.tensor(copies[0]), torch.tensor(copies[1]), order=2) == expected
    assert score(x.tolist(), y.tolist(), order=2) == expected
    assert np.array_equal(x, copies[0])


X = np.arange(20).reshape(10, 2)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: score(X + 0.5, X), "`x` must hold tokens"),
        (lambda: score(X, X * 2.0**60), "`y` must hold tokens"),
        (lambda: score(X, [["a", "b"]] * 5), "`y` must hold numbers only"),
        (lambda: score(X, [[1, 2], [3]]), "`y` must hold rows of one length"),
        (lambda: score(X * np.nan, X), "`x` has NaN or infinite values"),
        (lambda: score(X[:1], X), "`x` has 1 rows, but at least 2"),
        (lambda: score(X, X[:, :1]), "`y` has 1 columns, but `x` has 2"),
        (lambda: score(X[None], X), "`x` must have the shape"),
        (lambda: score(X, X, order=3), "`order` is 3, but"),
        (lambda: score(X, X, order=0), "`order` must be a whole number"),
        (lambda: score(X, X, permutations=0), "`permutations` must be"),
        (lambda: score(X, X, base=1), "`base` must be a number above 1"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, complaint):
    with pytest.raises(MetricError) as caught:
        call()
    assert str(caught.value).startswith(complaint)
    assert str(caught.value).endswith(".")


# ------------------------------------------------------------------------------------- known law

OUTCOMES = np.array([[a, b] for a in range(4) for b in range(4)])
LAW = np.arange(16) / 120


def known(y, support=OUTCOMES, law=LAW, seed=0, **options):
    return jsd_known_law(y, support, law, rng=np.random.default_rng(seed), **options)


def test_frequencies_are_compared_with_the_law():
    y = OUTCOMES[np.random.default_rng(0).choice(16, 300)]
    q = np.bincount(4 * y[:, 0] + y[:, 1], minlength=16) / 300
    expected = divergence(LAW, q)
    assert known(y).value == pytest.approx(expected, rel=1e-12)
    assert known(y[::-1], OUTCOMES[::-1], LAW[::-1]).value == pytest.approx(expected, rel=1e-12)
    assert known(y, base=2).value == pytest.approx(expected / math.log(2))
    assert known(y).p_value == 1 / 500
    assert known(y).details["seen"] == np.count_nonzero(q)
    assert known(y, draws=0).value == known(y).value
    assert known(y, draws=0).p_value is None
    categories = known(4 * y[:, 0] + y[:, 1], np.arange(16))
    assert categories.value == pytest.approx(expected, rel=1e-12)


def test_outcomes_that_the_law_has_not_are_as_far_as_can_be():
    assert known(OUTCOMES[:1]).value == pytest.approx(math.log(2))
    assert known(OUTCOMES[:5] + 100).value == pytest.approx(math.log(2))
    assert known(OUTCOMES[-1:], OUTCOMES[-1:], [1.0]).value == 0


def test_the_mean_of_draws_is_that_of_samples_of_the_law_whose_p_values_are_even():
    rng = np.random.default_rng(1)
    scores = [
        known(OUTCOMES[rng.choice(16, 100, p=LAW)], seed=seed, draws=99) for seed in range(200)
    ]
    values = np.array([score.value for score in scores])
    drawn = np.mean([score.details["drawn"] for score in scores])
    assert abs(values.mean() - drawn) < 4 * values.std() / math.sqrt(200)
    rejected = sum(score.p_value <= 0.1 for score in scores)
    assert binom.cdf(rejected, 200, 0.1) > 1e-3
    assert binom.sf(rejected - 1, 200, 0.1) > 1e-3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((OUTCOMES[:, :1],), "`y` has 1 columns, but `support` has 2 of them"),
        ((OUTCOMES, OUTCOMES, LAW[:3]), "must be 16 numbers from 0 on that sum to one"),
        ((OUTCOMES, OUTCOMES, 2 * LAW), "must be 16 numbers from 0 on that sum to one"),
        ((OUTCOMES, OUTCOMES, LAW * np.nan), "must be 16 numbers from 0 on that sum to one"),
        ((OUTCOMES, OUTCOMES // 2, LAW), "every outcome once"),
    ],
)
def test_what_is_no_law_is_refused(arguments, words):
    with pytest.raises(MetricError, match=words):
        known(*arguments)
