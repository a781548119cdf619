"""The players as pure functions of their weights, in JAX."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.nn import leaky_relu, relu

from benchmarks.speed.cases import NOISE, SLOPE, Dcgan, Lstm, Mlp
from benchmarks.speed.jax_layers import double, halve, lstm_cell, narrow, widen

Weights = Any
"""A tree of arrays."""


class Players(NamedTuple):
    """Both players of one seed.

    Attributes:
        new_generator: random key -> weights.
        generate: weights, noise (B, NOISE) -> samples in the players' layout.
        new_critic: random key -> weights.
        score: weights, samples -> scores (B,).
        layout: rows (n, *shape) -> the same in the players' layout.
        axis: of the samples in that layout.
    """

    new_generator: Callable[[Array], Weights]
    generate: Callable[[Weights, Array], Array]
    new_critic: Callable[[Array], Weights]
    score: Callable[[Weights, Array], Array]
    layout: Callable[[np.ndarray], np.ndarray]
    axis: int


def build(players: Mlp | Dcgan | Lstm, shape: Sequence[int]) -> Players:
    """Return the players for samples of a shape."""
    if isinstance(players, Mlp):
        return _mlp(players, shape[0])
    if isinstance(players, Dcgan):
        return _dcgan(players, shape[1])
    return _lstm(players, *shape)


def _mlp(players: Mlp, size: int) -> Players:
    hidden = [players.width] * players.depth

    def new(sizes: list[int]) -> Callable[[Array], Weights]:
        def draw(key: Array) -> Weights:
            keys = jax.random.split(key, (len(sizes) - 1, 2))
            return [
                (_uniform(a, fan_in, (fan_in, fan_out)), _uniform(b, fan_in, (fan_out,)))
                for (a, b), (fan_in, fan_out) in zip(keys, pairwise(sizes), strict=True)
            ]

        return draw

    def apply(weights: Weights, x: Array, activation: Callable[[Array], Array]) -> Array:
        *layers, (last, bias) = weights
        for matrix, shift in layers:
            x = activation(x @ matrix + shift)
        return x @ last + bias

    return Players(
        new([NOISE, *hidden, size]),
        lambda weights, noise: apply(weights, noise, relu),
        new([size, *hidden, 1]),
        lambda weights, x: apply(weights, x, _leaky)[:, 0],
        layout=lambda rows: rows,
        axis=0,
    )


def _dcgan(players: Dcgan, side: int) -> Players:
    """Keep images as (B, side, side): there is one channel."""
    channels, start, width = players.channels(side), players.start, players.width
    deep = channels[-1] * start**2

    def new_generator(key: Array) -> Weights:
        first, last, *keys = jax.random.split(key, len(channels) + 1)
        return [
            (_he(first, NOISE, (NOISE, deep)), jnp.zeros(deep)),
            *(
                (_he(key, 16 * narrow, (4, 4, narrow, wide)), jnp.zeros(narrow))
                for key, (wide, narrow) in zip(keys, pairwise(channels[::-1]), strict=True)
            ),
            (_he(last, 9 * width, (3, 3, width)), jnp.zeros(1)),
        ]

    def generate(weights: Weights, noise: Array) -> Array:
        (first, first_bias), *layers, (last, last_bias) = weights
        x = relu(noise @ first + first_bias).reshape(-1, start, start, channels[-1])
        for kernel, bias in layers:
            x = relu(double(x, kernel) + bias)
        return jnp.tanh(narrow(x, last) + last_bias)

    def new_critic(key: Array) -> Weights:
        first, last, *keys = jax.random.split(key, len(channels) + 1)
        return [
            (_he(first, 9, (3, 3, width)), jnp.zeros(width)),
            *(
                (_he(key, 16 * narrow, (4, 4, narrow, wide)), jnp.zeros(wide))
                for key, (narrow, wide) in zip(keys, pairwise(channels), strict=True)
            ),
            (_he(last, deep, (deep, 1)), jnp.zeros(1)),
        ]

    def score(weights: Weights, x: Array) -> Array:
        (first, first_bias), *layers, (last, last_bias) = weights
        x = _leaky(widen(x, first) + first_bias)
        for kernel, bias in layers:
            x = _leaky(halve(x, kernel) + bias)
        return (x.reshape(-1, deep) @ last + last_bias)[:, 0]

    return Players(new_generator, generate, new_critic, score, lambda rows: rows[:, 0], axis=0)


def _lstm(players: Lstm, length: int, levels: int) -> Players:
    """Keep sequences as (length, B, levels)."""
    hidden = players.hidden

    def new(shapes: dict[str, tuple[int, ...]]) -> Callable[[Array], Weights]:
        def draw(key: Array) -> Weights:
            keys = jax.random.split(key, len(shapes))
            return {
                name: _uniform(key, hidden, shape)
                for key, (name, shape) in zip(keys, shapes.items(), strict=True)
            }

        return draw

    def shapes(outputs: int) -> dict[str, tuple[int, ...]]:
        gates = 4 * hidden
        recurrent = {"input": (levels, gates), "hidden": (hidden, gates), "biases": (2, gates)}
        return {**recurrent, "head": (hidden, outputs), "head_bias": (outputs,)}

    def generate(weights: Weights, noise: Array) -> Array:
        constant = noise @ weights["noise"] + weights["biases"].sum(axis=0)

        def step(state: tuple[Array, ...], _: None) -> tuple[tuple[Array, ...], Array]:
            output, state, memory = state
            gates = constant + output @ weights["input"] + state @ weights["hidden"]
            state, memory = lstm_cell(gates, memory)
            output = jax.nn.softmax(state @ weights["head"] + weights["head_bias"])
            return (output, state, memory), output

        zeros = jnp.zeros((len(noise), hidden))
        start = (jnp.zeros((len(noise), levels)), zeros, zeros)
        return lax.scan(step, start, length=length)[1]

    def score(weights: Weights, x: Array) -> Array:
        bias = weights["biases"].sum(axis=0)

        def step(state: tuple[Array, Array], item: Array) -> tuple[tuple[Array, Array], None]:
            gates = item @ weights["input"] + state[0] @ weights["hidden"] + bias
            return lstm_cell(gates, state[1]), None

        zeros = jnp.zeros((x.shape[1], hidden))
        (state, _), _ = lax.scan(step, (zeros, zeros), x)
        return (state @ weights["head"] + weights["head_bias"])[:, 0]

    return Players(
        new({"noise": (NOISE, 4 * hidden), **shapes(levels)}),
        generate,
        new(shapes(1)),
        score,
        layout=lambda rows: rows.swapaxes(0, 1),
        axis=1,
    )


def _leaky(x: Array) -> Array:
    return leaky_relu(x, SLOPE)


def _uniform(key: Array, fan_in: int, shape: tuple[int, ...]) -> Array:
    return jax.random.uniform(key, shape, minval=-(fan_in**-0.5), maxval=fan_in**-0.5)


def _he(key: Array, fan_in: int, shape: tuple[int, ...]) -> Array:
    return (2 / fan_in) ** 0.5 * jax.random.normal(key, shape)
