"""Regularizers that are settings of training."""

from typing import Annotated

from pydantic import Field

from ganbench.api import PositiveFloat, Regularizer

Decay = Annotated[float, Field(ge=0, lt=1)]


def grad_cap(norm: PositiveFloat = 1.0) -> Regularizer:
    """Gradient-norm cap: a step's gradient is shortened to a largest norm.

    g <- g * min(1, norm / |g|), with |g| over all parameters of a player, for both players; the
    same as the setting clip_norm = norm of the recipe.

    Args:
        norm: the largest norm, above 0.

    Source: Pascanu et al. 2013, arXiv:1211.5063
    """
    return Regularizer(recipe={"clip_norm": norm})


def ema(decay: Decay = 0.999) -> Regularizer:
    """Moving average: samples come from an average of the generator's weights over training.

    average <- d * average + (1 - d) * w after each generator step n, counted from 0, where
    d = min(decay, (2 + n) / (11 + n)), so that the start is soon forgotten; the same as the
    setting ema = decay of the recipe, and here by name.

    Args:
        decay: at least 0 and below 1; 0 keeps the last weights.

    Source: Yazici et al. 2019, arXiv:1806.04498
    """
    return Regularizer(recipe={"ema": decay})
