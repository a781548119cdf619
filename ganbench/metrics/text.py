"""Scores of generated sequences of tokens: BLEU, self-BLEU, distinct and novel n-grams."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ganbench.errors import MetricError
from ganbench.metrics._checks import Floats, SampleLike, at_least, check_rng, sameness
from ganbench.metrics._intervals import TWO_SIDED_95, wilson
from ganbench.metrics._ngrams import Codes, as_order, as_tokens, ngram_codes
from ganbench.metrics.score import Score

REFERENCES = 500

_SMOOTH = 0.1
_GROUPS = 20


def bleu(
    real: SampleLike,
    fake: SampleLike,
    *,
    rng: np.random.Generator,
    order: int = 4,
    references: int = REFERENCES,
) -> Score:
    """Return the mean BLEU of generated sentences, with real ones as their references.

    `BLEU = exp(mean over k = 1 ... order of log p_k)`, where p_k is the share of a sentence's
    k-grams that occur in a reference, each one counted at most as often as in the reference that
    has most of it. All sentences have one length, so that the brevity penalty is 1. A p_k of
    zero gets the numerator 0.1 instead (method 1 of Chen & Cherry), but a sentence that shares no
    token with the references has BLEU 0. It grows with the number of references: compare values
    of one number only.

    Args:
        real: real sentences (n, L), whole numbers.
        fake: generated sentences (m, L).
        rng: draws the references from `real`.
        order: the longest n-grams that are counted.
        references: how many real sentences are used, all where there are fewer.

    Returns:
        The mean over `fake`, in [0, 1], with a 95% interval in which both sentences (variance of
        the mean) and references (jackknife over 20 groups) are random; it is a little too wide
        rather than too narrow. BLEU sees quality alone: one good sentence again and again scores
        high. Read it beside `self_bleu` and the value of other real sentences.

    Raises:
        MetricError: if a sample or an option makes no sense.

    References:
        Papineni et al. 2002, ACL, doi:10.3115/1073083.1073135. Chen & Cherry 2014, WMT,
        doi:10.3115/v1/W14-3346. Zhu et al. 2018, arXiv:1802.01886.
    """
    check_rng(rng)
    first, second = as_tokens(real, "real"), as_tokens(fake, "fake")
    if second.shape[1] != first.shape[1]:
        raise MetricError(
            f"`fake` has {second.shape[1]} columns, but `real` has {first.shape[1]} of them."
        )
    size = min(at_least(references, 1, "references"), len(first))
    pool = first[rng.permutation(len(first))[:size]]
    return _mean_bleu(pool, second, order, "bleu", sameness(first, second, ("real", "fake")))


def self_bleu(
    fake: SampleLike,
    *,
    rng: np.random.Generator,
    order: int = 4,
    references: int = REFERENCES,
) -> Score:
    """Return the mean BLEU of generated sentences, with other generated ones as references.

    Near 1 the generator repeats itself. Some random sentences are the references of all others,
    so that each is compared with equally many, never with itself: the value is that of `bleu`
    for two samples of one law, and comparable with it where `references` is the same.

    Args:
        fake: generated sentences (m, L), whole numbers.
        rng: draws the references.
        order: the longest n-grams that are counted.
        references: how many sentences serve as references, at most half of them.

    Returns:
        The mean over the other sentences, with the 95% interval of `bleu`.

    Raises:
        MetricError: if the sample or an option makes no sense.

    References:
        Zhu et al. 2018, Texygen, arXiv:1802.01886.
    """
    check_rng(rng)
    tokens = as_tokens(fake, "fake", 4)
    size = min(at_least(references, 1, "references"), len(tokens) // 2)
    shuffled = tokens[rng.permutation(len(tokens))]
    return _mean_bleu(shuffled[:size], shuffled[size:], order, "self_bleu", [])


def distinct_ngrams(fake: SampleLike, order: int) -> Score:
    """Return the number of distinct n-grams, divided by the number of tokens.

    Low where a generator repeats itself. It falls with the size of every sample: compare only
    samples of one size and length.

    Args:
        fake: generated sentences (m, L), whole numbers.
        order: tokens of an n-gram.

    Returns:
        The score, at most (L - order + 1) / L, with the 95% interval of the jackknife over
        sentences, which is too wide rather than too narrow.

    Raises:
        MetricError: if the sample or `order` makes no sense.

    References:
        Li et al. 2016, arXiv:1510.03055. Efron & Stein 1981, Annals of Statistics 9(3).
    """
    tokens = as_tokens(fake, "fake")
    codes = ngram_codes(tokens, as_order(order, tokens.shape[1]))
    m = len(tokens)
    grams, rows, _ = _counts(codes)
    sentences = np.bincount(grams)
    # Without a sentence, all n-grams are missing that are in no other one.
    own = np.bincount(rows[sentences[grams] == 1], minlength=m)
    left_out = (len(sentences) - own) / ((m - 1) * tokens.shape[1])
    half = TWO_SIDED_95 * math.sqrt((m - 1) * float(left_out.var()))
    value = len(sentences) / tokens.size
    return Score(
        value,
        max(0.0, value - half),
        min(1.0, value + half),
        n_fake=m,
        estimator=f"distinct{order}",
        details={"distinct": len(sentences), "ngrams": codes.size},
    )


def novel_ngrams(train: SampleLike, fake: SampleLike, order: int) -> Score:
    """Return the share of generated n-grams that do not occur in the training sample.

    Zero where a generator copies. Nonsense is novel, too: the value of real rows that were not
    trained on is the one to reach.

    Args:
        train: sentences (n, L) that the generator has seen, whole numbers.
        fake: generated sentences (m, L).
        order: tokens of an n-gram.

    Returns:
        The share, every occurrence counted, with the Wilson interval of as many independent
        n-grams as the variance between sentences allows for.

    Raises:
        MetricError: if a sample or `order` makes no sense.

    References:
        Wilson 1927, JASA 22. Kish 1965, Survey Sampling (the effective sample size).
    """
    first, second = as_tokens(train, "train", 1), as_tokens(fake, "fake")
    if second.shape[1] != first.shape[1]:
        raise MetricError(
            f"`fake` has {second.shape[1]} columns, but `train` has {first.shape[1]} of them."
        )
    order = as_order(order, first.shape[1])
    codes = ngram_codes(np.vstack([first, second]), order)
    known = np.zeros(codes.max() + 1, dtype=bool)
    known[codes[: len(first)]] = True
    shares = (~known[codes[len(first) :]]).mean(axis=1)
    value, m = float(shares.mean()), len(second)
    variance = float(shares.var(ddof=1))
    trials = value * (1 - value) / variance * m if variance > 0 else float(m)
    return Score(
        value,
        *wilson(value, trials),
        n_real=len(first),
        n_fake=m,
        estimator=f"novel{order}",
    )


def _mean_bleu(
    references: Floats, sentences: Floats, order: int, estimator: str, warnings: list[str]
) -> Score:
    """Average over sentences, and over groups of references that are left out in turn."""
    r, h = len(references), len(sentences)
    groups = np.arange(r) % min(_GROUPS, r)
    keeps = [np.ones(r, dtype=bool)]
    if r > 1:
        keeps += [groups != group for group in range(groups.max() + 1)]
    values = _bleus(references, sentences, as_order(order, sentences.shape[1]), keeps)
    value = float(values[0].mean())
    variance = float(values[0].var(ddof=1)) / h
    if r > 1:
        variance += groups.max() * float(values[1:].mean(axis=1).var())
    half = TWO_SIDED_95 * math.sqrt(variance)
    return Score(
        value,
        max(0.0, value - half),
        min(1.0, value + half),
        n_real=r,
        n_fake=h,
        estimator=estimator,
        details={
            "order": order,
            "references": r,
            **({"warnings": warnings} if warnings else {}),
        },
    )


def _bleus(
    references: Floats, sentences: Floats, order: int, keeps: Sequence[NDArray[np.bool_]]
) -> Floats:
    """Return the BLEU (c, h) of `sentences` (h, L) against each choice of `references` (r, L)."""
    r, (h, length) = len(references), sentences.shape
    tokens = np.vstack([references, sentences])
    logs = np.zeros((len(keeps), h))
    shares_token = np.empty((len(keeps), h), dtype=bool)
    for k in range(1, order + 1):
        codes = ngram_codes(tokens, k)
        grams, rows, counts = _counts(codes[r:])
        there, by, seen = _counts(codes[:r])
        for choice, keep in enumerate(keeps):
            most = np.zeros(codes.max() + 1)
            np.maximum.at(most, there[keep[by]], seen[keep[by]])
            matched = np.bincount(rows, np.minimum(counts, most[grams]), minlength=h)
            if k == 1:
                shares_token[choice] = matched > 0
            logs[choice] += np.log(np.where(matched > 0, matched, _SMOOTH) / (length - k + 1))
    values: Floats = np.where(shares_token, np.exp(logs / order), 0.0)
    return values


def _counts(codes: Codes) -> tuple[Codes, Codes, Codes]:
    """Return n-gram, row and number of occurrences of each n-gram in each row."""
    rows = np.arange(len(codes))[:, None]
    keys, counts = np.unique(codes * len(codes) + rows, return_counts=True)
    return keys // len(codes), keys % len(codes), counts
