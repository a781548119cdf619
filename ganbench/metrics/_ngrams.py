"""Sequences of tokens, and their n-grams as whole numbers."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ganbench.errors import MetricError
from ganbench.metrics._checks import Floats, SampleLike, as_sample, at_least

Codes = NDArray[np.int64]

_LARGEST_TOKEN = 2**53


def as_tokens(values: SampleLike, name: str, least: int = 2) -> Floats:
    """Return `values`, (n, L) or (n,), as (n, L) whole numbers with at least `least` rows.

    Raises:
        MetricError: naming the argument and what is wrong with it.
    """
    array = values if isinstance(values, Tensor) else _as_array(values, name)
    tokens = as_sample(array[:, None] if array.ndim == 1 else array, name, least)
    if not np.array_equal(tokens, np.rint(tokens)) or np.abs(tokens).max() > _LARGEST_TOKEN:
        raise MetricError(f"`{name}` must hold tokens: whole numbers, of at most 2**53.")
    return tokens


def _as_array(values: SampleLike, name: str) -> NDArray[np.generic]:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise MetricError(f"`{name}` must hold rows of one length.") from error


def as_order(order: int, length: int) -> int:
    """Return a number of tokens that sequences of `length` tokens have in a row.

    Raises:
        MetricError: naming the argument `order`.
    """
    if at_least(order, 1, "order") > length:
        raise MetricError(f"`order` is {order}, but the shortest sequence has {length} tokens.")
    return int(order)


def ngram_codes(tokens: Floats, order: int) -> Codes:
    """Return a number (n, L - order + 1) for each n-gram: 0, 1, ..., equal for equal ones."""
    symbols = _ranks(tokens)
    codes = symbols
    for position in range(1, order):
        # Below the square of the number of tokens, so that no two pairs collide.
        codes = _ranks(codes[:, :-1] * (symbols.max() + 1) + symbols[:, position:])
    return codes


def ngram_columns(tokens: Codes, order: int, vocabulary: int, columns: int) -> Codes:
    """Return which of `columns` counts each n-gram (n, L - order + 1) belongs to.

    Where there are no more n-grams than columns, it is the number whose digits to the base
    `vocabulary` are its tokens. Else it is a hash, the same on every machine: h = mix(h + token)
    over its tokens, from h = 0, modulo `columns`, where mix is the output function of SplitMix64.

    References:
        Steele, Lea & Flood 2014, OOPSLA, doi:10.1145/2660193.2660195.
    """
    places = np.arange(tokens.shape[1] - order + 1)
    hashed = vocabulary**order > columns
    codes = np.zeros((len(tokens), len(places)), np.uint64)
    for position in range(order):
        token = tokens[:, places + position].astype(np.uint64)
        codes = _mixed(codes + token) if hashed else codes * np.uint64(vocabulary) + token
    return (codes % np.uint64(columns)).astype(np.int64)


def _mixed(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    codes = codes + np.uint64(0x9E3779B97F4A7C15)
    codes = (codes ^ (codes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    codes = (codes ^ (codes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return codes ^ (codes >> np.uint64(31))


def _ranks(values: Floats | Codes) -> Codes:
    ranks: Codes = np.unique(values, return_inverse=True)[1].reshape(values.shape)
    return ranks
