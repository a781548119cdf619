"""The same training in JAX, compiled as a whole: the strongest alternative to the engine.

One call is one compiled function, draws included: no Python runs between its steps.
"""

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from benchmarks.speed.cases import (
    DECAY,
    EPSILON,
    GP_WEIGHT,
    NOISE,
    R_GAMMA,
    RATE,
    Case,
    Mlp,
    bank,
)

if TYPE_CHECKING:
    from jax import Array

    from benchmarks.speed.jax_players import Players, Weights

State = dict[str, Any]
"""Weights, moments, moving average and random key by name, for one seed or with seeds first."""

# Read when XLA starts: it then computes with one thread, as the others do.
os.environ["NPROC"] = "1"


def available() -> bool:
    """Whether JAX is installed."""
    return find_spec("jax") is not None


def jax_training(case: Case, seeds: int) -> Callable[[int], None]:
    """Build the training of some seeds on one thread.

    Returns:
        What trains for a number of steps, each an update of the critic and one of the generator.
        It compiles whenever that number is new.
    """
    import jax

    state, run = compiled(case, seeds)
    done = 0

    def train(count: int) -> None:
        nonlocal state, done
        state = jax.block_until_ready(run(state, done, count=count))
        done += count

    return train


def compiled(case: Case, seeds: int) -> tuple[State, Callable[..., State]]:
    """Return the state of all seeds, and what trains it: (state, steps done, count=) -> state."""
    import jax
    import jax.numpy as jnp

    new, step = _game(case)
    # One thread gains from seeds side by side only while their arrays fit its cache.
    side_by_side = isinstance(case.players, Mlp) and case.batch <= 64 and seeds > 1

    def run(state: State, done: int, count: int) -> State:
        def train_one(state: State) -> State:
            steps = done + jnp.arange(count)
            return jax.lax.scan(lambda state, at: (step(state, at), None), state, steps)[0]

        return jax.vmap(train_one)(state) if side_by_side else jax.lax.map(train_one, state)

    jitted = jax.jit(run, static_argnames="count", donate_argnames="state")
    return jax.vmap(new)(jnp.arange(seeds)), jitted


def _game(case: Case) -> tuple[Callable[..., State], Callable[..., State]]:
    """Return what makes the state of a seed, and one step of it."""
    import jax
    import jax.numpy as jnp

    from benchmarks.speed.jax_players import build

    numbers, spread = bank(case.data)
    players = build(case.players, numbers.shape[1:])
    rows = jnp.asarray(players.layout(numbers))
    critic_loss, generator_loss = losses(case, players)
    update = adam(case.betas)

    def new(seed: int) -> State:
        key, a, b = jax.random.split(jax.random.key(seed), 3)
        generator, critic = players.new_generator(a), players.new_critic(b)
        moments = {
            role: jax.tree.map(jnp.zeros_like, (weights, weights))
            for role, weights in (("generator", generator), ("critic", critic))
        }
        average = jax.tree.map(jnp.copy, generator)
        return {
            "key": key,
            "generator": generator,
            "critic": critic,
            "moments": moments,
            "average": average,
        }

    def sample(key: "Array") -> "Array":
        a, b = jax.random.split(key)
        picks = jax.random.randint(a, (case.batch,), 0, len(numbers))
        real = jnp.take(rows, picks, axis=players.axis, mode="clip")
        return real + spread * jax.random.normal(b, real.shape) if spread else real

    def step(state: State, at: "Array") -> State:
        keys = jax.random.split(jax.random.fold_in(state["key"], at), 5)
        generator, critic, moments = state["generator"], state["critic"], state["moments"]
        noise = jax.random.normal(keys[0], (2, case.batch, NOISE))
        fake = players.generate(generator, noise[0])
        slope = jax.grad(critic_loss)(critic, sample(keys[1]), fake, keys[2])
        critic, critic_moments = update(critic, moments["critic"], slope, at)
        slope = jax.grad(generator_loss)(generator, critic, sample(keys[3]), noise[1])
        generator, generator_moments = update(generator, moments["generator"], slope, at)
        return {
            "key": state["key"],
            "generator": generator,
            "critic": critic,
            "moments": {"generator": generator_moments, "critic": critic_moments},
            "average": jax.tree.map(
                lambda a, b: a + (1 - DECAY) * (b - a), state["average"], generator
            ),
        }

    return new, step


def losses(
    case: Case, players: "Players"
) -> tuple[Callable[..., "Array"], Callable[..., "Array"]]:
    """Return the losses of critic and generator; the critic sees real and fake in one batch."""
    import jax
    import jax.numpy as jnp
    from jax.nn import softplus

    size, score = case.batch, players.score

    def critic_loss(critic: "Weights", real: "Array", fake: "Array", key: "Array") -> "Array":
        both = jnp.concatenate([real, fake], axis=players.axis)
        if case.loss == "rp+r1+r2":
            scores, pull = jax.vjp(lambda x: score(critic, x), both)
            (slope,) = pull(jnp.ones_like(scores))
            penalty = R_GAMMA / 2 * jnp.square(slope).sum() / size
            return softplus(scores[size:] - scores[:size]).mean() + penalty
        scores = score(critic, both)
        a, b = scores[:size], scores[size:]
        if case.loss == "ns":
            return softplus(-a).mean() + softplus(b).mean()
        mix = jax.random.uniform(key, (size, 1))
        slope = jax.grad(lambda x: score(critic, x).sum())(mix * real + (1 - mix) * fake)
        norms = jnp.sqrt(jnp.square(slope).sum(axis=1) + 1e-12)
        return b.mean() - a.mean() + GP_WEIGHT * jnp.square(norms - 1).mean()

    def generator_loss(
        generator: "Weights", critic: "Weights", real: "Array", noise: "Array"
    ) -> "Array":
        scores = score(critic, players.generate(generator, noise))
        if case.loss == "rp+r1+r2":
            return softplus(score(critic, real) - scores).mean()
        return softplus(-scores).mean() if case.loss == "ns" else -scores.mean()

    return critic_loss, generator_loss


def adam(betas: tuple[float, float]) -> Callable[..., tuple["Weights", Any]]:
    """Return Adam: weights, moments, slope, steps done -> weights, moments."""
    import jax
    import jax.numpy as jnp

    beta1, beta2 = betas

    def update(weights: "Weights", moments: Any, slope: "Weights", at: "Array") -> Any:
        first, second = moments
        first = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, first, slope)
        second = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, second, slope)
        rate = RATE / (1 - beta1 ** (at + 1.0))
        scale = (1 - beta2 ** (at + 1.0)) ** -0.5
        weights = jax.tree.map(
            lambda w, m, v: w - rate * m / (scale * jnp.sqrt(v) + EPSILON), weights, first, second
        )
        return weights, (first, second)

    return update
