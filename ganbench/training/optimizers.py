"""Optimisers as pure functions of a flat parameter vector, elementwise and so blind to seeds.

Their constants, and what varies from step to step, arrive as tensors on the clock: one trace
serves all rates and decays.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ganbench.recipe import Recipe

EPSILON = 1e-8

Slots = tuple[Tensor, ...]
Direction = Callable[[Tensor, Slots, Mapping[str, Tensor]], tuple[Tensor, Slots]]
"""(gradient, slots, clock) -> (what to subtract from theta, new slots)."""


@dataclass(frozen=True)
class Optimizer:
    """An update rule.

    Attributes:
        slots: names of the vectors that it keeps, zero at first.
        direction: the rule.
        constants: the numbers that the rule reads at every step, by name.
        clock: (rate, step from one) -> the numbers that vary.
    """

    slots: tuple[str, ...]
    direction: Direction
    constants: Mapping[str, float]
    clock: Callable[[float, int], dict[str, float]]


def make_optimizer(name: str, recipe: Recipe, differentiable: bool = False) -> Optimizer:
    """Return the optimiser of this name with the recipe's constants.

    Args:
        name: "adam", "rmsprop" or "sgd".
        recipe: where the constants come from.
        differentiable: whether gradients are to pass through updates, even where a second moment
            is zero and its root has no derivative.
    """
    root = _smooth_root if differentiable else torch.sqrt
    rules: dict[str, Callable[[Recipe], Optimizer]] = {
        "sgd": _sgd,
        "adam": partial(_adam, root),
        "rmsprop": partial(_rmsprop, root),
    }
    optimizer = rules[name](recipe)
    return _optimistic(optimizer) if recipe.optimistic else optimizer


def _smooth_root(x: Tensor) -> Tensor:
    """Take the square root of x + 1e-24, which is far below EPSILON squared."""
    return (x + 1e-24).sqrt()


def _sgd(recipe: Recipe) -> Optimizer:
    """Gradient descent with momentum (Polyak 1964), as Goodfellow et al. 2014 suggest."""

    def direction(
        gradient: Tensor, slots: Slots, clock: Mapping[str, Tensor]
    ) -> tuple[Tensor, Slots]:
        velocity = clock["momentum"] * slots[0] + gradient
        return clock["rate"] * velocity, (velocity,)

    constants = {"momentum": recipe.momentum}
    return Optimizer(("velocity",), direction, constants, lambda rate, _: {"rate": rate})


def _adam(root: Callable[[Tensor], Tensor], recipe: Recipe) -> Optimizer:
    """Adam in its efficient order (Kingma & Ba 2015, arXiv:1412.6980, end of section 2)."""
    beta1, beta2 = recipe.beta1, recipe.beta2

    def direction(
        gradient: Tensor, slots: Slots, clock: Mapping[str, Tensor]
    ) -> tuple[Tensor, Slots]:
        first = torch.lerp(slots[0], gradient, clock["fresh1"])
        second = torch.lerp(slots[1], gradient * gradient, clock["fresh2"])
        spread = root(second) + clock["epsilon"]
        return clock["scale"] * first / spread, (first, second)

    def clock(rate: float, step: int) -> dict[str, float]:
        grown = math.sqrt(1 - beta2**step)
        return {"scale": rate * grown / (1 - beta1**step), "epsilon": EPSILON * grown}

    constants = {"fresh1": 1 - beta1, "fresh2": 1 - beta2}
    return Optimizer(("first", "second"), direction, constants, clock)


def _rmsprop(root: Callable[[Tensor], Tensor], recipe: Recipe) -> Optimizer:
    """RMSprop (Tieleman & Hinton 2012)."""

    def direction(
        gradient: Tensor, slots: Slots, clock: Mapping[str, Tensor]
    ) -> tuple[Tensor, Slots]:
        second = torch.lerp(slots[0], gradient * gradient, clock["fresh2"])
        return clock["rate"] * gradient / (root(second) + clock["epsilon"]), (second,)

    constants = {"fresh2": 1 - recipe.beta2, "epsilon": EPSILON}
    return Optimizer(("second",), direction, constants, lambda rate, _: {"rate": rate})


def _optimistic(optimizer: Optimizer) -> Optimizer:
    """Subtract twice the direction and add the one before (Daskalakis et al. 2018).

    With Adam it is their optimistic Adam, Algorithm 1 of arXiv:1711.00141.
    """

    def direction(
        gradient: Tensor, slots: Slots, clock: Mapping[str, Tensor]
    ) -> tuple[Tensor, Slots]:
        *inner, before = slots
        now, after = optimizer.direction(gradient, tuple(inner), clock)
        return 2 * now - before, (*after, now)

    return Optimizer((*optimizer.slots, "before"), direction, optimizer.constants, optimizer.clock)
