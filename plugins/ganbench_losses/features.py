"""What is added to the generator's objective on the critic's hidden features."""

from typing import Literal

from torch import Tensor

from ganbench.api import Critic, Draws, PositiveFloat, Regularizer


def feature_matching(weight: PositiveFloat = 1.0, norm: Literal["l2", "l1"] = "l2") -> Regularizer:
    """Feature matching: fake samples should have the mean hidden features of real ones.

    weight * |E h(real) - E h(fake)|^2, or with "l1" the sum of the absolute differences, is added
    to the generator's objective; h are the critic's hidden features.

    Args:
        weight: strength, above 0.
        norm: "l2", squared, as in the paper, or "l1".

    Source: Salimans et al. 2016, arXiv:1606.03498
    """

    def penalty(critic: Critic, real: Tensor, fake: Tensor, _draws: Draws) -> Tensor:
        gap = critic.features(real).mean(dim=0) - critic.features(fake).mean(dim=0)
        return weight * (gap.abs() if norm == "l1" else gap.square()).sum()

    return Regularizer(generator_penalty=penalty, needs=frozenset({"features"}))
