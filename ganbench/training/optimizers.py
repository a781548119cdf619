"""Optimisers as pure functions of a flat parameter vector, elementwise and so blind to seeds."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench.recipe import Recipe

EPSILON = 1e-8

Update = Callable[[Tensor, Tensor, tuple[Tensor, ...], Tensor, Tensor], tuple[Tensor, ...]]
"""(theta, gradient, slots, rate, step from one) -> (theta, *slots)."""


@dataclass(frozen=True)
class Optimizer:
    """An update rule and the names of the slots that it keeps."""

    slots: tuple[str, ...]
    update: Update


def make_optimizer(name: str, recipe: Recipe) -> Optimizer:
    """Return the optimiser of this name with the recipe's constants."""
    return {"sgd": _sgd, "adam": _adam, "rmsprop": _rmsprop}[name](recipe)


def _sgd(recipe: Recipe) -> Optimizer:
    """Gradient descent with momentum (Polyak 1964), as Goodfellow et al. 2014 suggest."""

    def update(
        theta: Tensor, gradient: Tensor, slots: tuple[Tensor, ...], rate: Tensor, _: Tensor
    ) -> tuple[Tensor, ...]:
        velocity = recipe.momentum * slots[0] + gradient
        return theta - rate * velocity, velocity

    return Optimizer(("velocity",), update)


def _adam(recipe: Recipe) -> Optimizer:
    """Adam (Kingma & Ba 2015, arXiv:1412.6980)."""

    def update(
        theta: Tensor, gradient: Tensor, slots: tuple[Tensor, ...], rate: Tensor, step: Tensor
    ) -> tuple[Tensor, ...]:
        first = torch.lerp(slots[0], gradient, 1 - recipe.beta1)
        second = torch.lerp(slots[1], gradient.square(), 1 - recipe.beta2)
        scale = rate / (1 - recipe.beta1**step)
        spread = second.sqrt() * (1 - recipe.beta2**step).rsqrt() + EPSILON
        return theta - scale * first / spread, first, second

    return Optimizer(("first", "second"), update)


def _rmsprop(recipe: Recipe) -> Optimizer:
    """RMSprop (Tieleman & Hinton 2012)."""

    def update(
        theta: Tensor, gradient: Tensor, slots: tuple[Tensor, ...], rate: Tensor, _: Tensor
    ) -> tuple[Tensor, ...]:
        second = torch.lerp(slots[0], gradient.square(), 1 - recipe.beta2)
        return theta - rate * gradient / (second.sqrt() + EPSILON), second

    return Optimizer(("second",), update)
