"""Counts of n-grams as a feature space: against a dictionary, and what distances mean there."""

from collections import Counter

import numpy as np
import pytest

from ganbench.errors import MetricError
from ganbench.metrics import c2st, feature_space, mmd2
from ganbench.metrics._ngrams import ngram_columns

LENGTH, VOCABULARY = 9, 4
TOKENS = np.random.default_rng(0).integers(VOCABULARY, size=(50, LENGTH))


def one_hot(tokens, vocabulary=VOCABULARY):
    return np.eye(vocabulary)[tokens].reshape(len(tokens), -1)


def space(expression, tokens=TOKENS, vocabulary=VOCABULARY):
    shape = (tokens.shape[1], vocabulary)
    return feature_space(expression, one_hot(tokens, vocabulary), shape=shape)


def grams(row, order):
    return [tuple(row[start : start + order]) for start in range(len(row) - order + 1)]


def by_hand(gram, columns):
    """SplitMix64 in whole numbers of any size."""
    code, mask = 0, 2**64 - 1
    for token in gram:
        code = (code + int(token) + 0x9E3779B97F4A7C15) & mask
        code = (code ^ code >> 30) * 0xBF58476D1CE4E5B9 & mask
        code = (code ^ code >> 27) * 0x94D049BB133111EB & mask
        code = code ^ code >> 31
    return code % columns


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_columns_count_every_ngram_where_there_is_room(order):
    counts = space(f"ngrams(order={order})")(one_hot(TOKENS))
    assert counts.shape == (50, VOCABULARY**order)
    for row, seen in zip(TOKENS, counts, strict=True):
        expected = Counter(grams(row, order))
        assert seen.sum() == LENGTH - order + 1
        for gram, count in expected.items():
            assert seen[int("".join(map(str, gram)), VOCABULARY)] == count


@pytest.mark.parametrize(("order", "columns"), [(1, 3), (2, 7), (4, 100), (9, 64)])
def test_hashed_columns_add_the_ngrams_that_fall_together(order, columns):
    counts = space(f"ngrams(order={order}, columns={columns})")(one_hot(TOKENS))
    assert counts.shape == (50, columns)
    for row, seen in zip(TOKENS, counts, strict=True):
        expected = Counter(by_hand(gram, columns) for gram in grams(row, order))
        assert {place: count for place, count in enumerate(seen) if count} == expected


def test_the_hash_is_the_published_one():
    # The first outputs of SplitMix64 from the seed 0, whose state grows by a constant: as one
    # token each, minus the constant times the number of steps before.
    step, top = 0x9E3779B97F4A7C15, 2**64
    first = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [by_hand([k * step % top], top) for k in range(3)] == first
    assert ngram_columns(np.array([[0]]), 1, 2**17, 2**16)[0, 0] == first[0] % 2**16


def test_many_symbols_fall_evenly_into_columns():
    tokens = np.arange(64_000).reshape(1, -1)
    counts = np.bincount(ngram_columns(tokens, 2, 64_000, 64)[0], minlength=64)
    # About 1000 in each, with the standard deviation of a Poisson law.
    assert abs(counts - 1000).max() < 4.5 * 1000**0.5


def test_inner_products_are_the_spectrum_kernel():
    features = space("ngrams(order=3)")(one_hot(TOKENS))
    counts = [Counter(grams(row, 3)) for row in TOKENS[:5]]
    expected = [[sum(a[gram] * b[gram] for gram in a) for b in counts] for a in counts]
    np.testing.assert_array_equal((features @ features.T)[:5, :5], expected)


def test_large_vocabularies_and_orders_do_not_overflow():
    tokens = np.array([[1023] * 12, [1023] * 11 + [1022], [0] + [1023] * 11])
    counts = space("ngrams(order=12)", tokens, 1024)(one_hot(tokens, 1024))
    assert counts.sum(axis=1).tolist() == [1, 1, 1]
    assert len(set(counts.argmax(axis=1))) == 3, "the first and the last token count"


def test_it_is_named_and_hashed_by_what_decides_it():
    digests = {
        space("ngrams").digest,
        space("ngrams(order=3)").digest,
        space("ngrams(columns=9)").digest,
        space("ngrams", TOKENS[:, :8]).digest,
    }
    assert len(digests) == 4
    assert space("ngrams(columns=1024, order=2)").name == "ngrams"
    assert space("ngrams", TOKENS[:20]).digest in digests, "nothing is learned"


def test_rows_that_are_no_sequences_have_no_ngrams():
    with pytest.raises(MetricError, match="need sequences of symbols"):
        feature_space("ngrams", one_hot(TOKENS))
    with pytest.raises(MetricError, match="Runs of 10 symbols do not fit into 9 of them"):
        space("ngrams(order=10)")


def test_scores_see_order_in_pairs_alone():
    rng = np.random.default_rng(1)

    def chain(n):
        steps = rng.choice([0, 1, 1, 1, 2], size=(n, LENGTH)).cumsum(axis=1)
        return (steps + rng.integers(VOCABULARY, size=(n, 1))) % VOCABULARY

    real, same = chain(300), chain(300)
    turned = rng.permuted(chain(300), axis=1)
    for order, sees in ((1, False), (2, True)):
        counts = space(f"ngrams(order={order})")
        x, good, bad = (counts(one_hot(tokens)) for tokens in (real, same, turned))
        near, far = (mmd2(x, y, "linear").value for y in (good, bad))
        told = [c2st(x, y, rng=np.random.default_rng(0))[-1].value for y in (good, bad)]
        assert (far > 10 * abs(near) + 0.05) == sees
        assert (told[1] > 0.7) == sees
        assert told[0] < 0.6
