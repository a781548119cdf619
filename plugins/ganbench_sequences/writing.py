"""What generators of sequences share: how a law of the next symbol becomes a symbol."""

from typing import Literal

from torch import Tensor

from ganbench.api import Architecture, PositiveFloat, Relaxation

Relaxed = Literal["softmax", "gumbel", "straight_through", "st_gumbel", "reinforce"]


class Writers(Architecture):
    """Players whose generator writes symbols and knows how likely a sequence is.

    - "softmax": symbols are their probabilities, which have a gradient (Gulrajani et al. 2017,
      arXiv:1704.00028).
    - "gumbel": the same under Gumbel noise (Kusner & Hernandez-Lobato 2016, arXiv:1611.04051).
    - "straight_through": the likeliest symbol, with the gradient of "softmax".
    - "st_gumbel": a draw from the law, with the gradient of "gumbel".
    - "reinforce": the same draw; the generator learns by the score function (Williams 1992,
      Machine Learning 8; Yu et al. 2017, arXiv:1609.05473).

    Args:
        relaxation: one of these.
        temperature: the probabilities that players see are softmax(logits / temperature).
        final_temperature: the temperature at the end of training; None for a constant one.
    """

    kinds = frozenset({"sequence"})

    def __init__(
        self, relaxation: Relaxed, temperature: float, final_temperature: PositiveFloat | None
    ) -> None:
        self._settings = temperature, final_temperature
        self._relaxation = relaxation
        self.generator_gives = frozenset({"likelihood"})
        if relaxation == "reinforce":
            self.generator_needs = frozenset({"samplewise", "separate"})
        else:
            self.generator_gives |= {"pathwise"}

    def relaxation(self) -> Relaxation:
        """Make what turns logits into symbols."""
        kind = "sample" if self._relaxation == "reinforce" else self._relaxation
        return Relaxation(kind, *self._settings)


def log_likelihood(logits: Tensor, symbols: Tensor) -> Tensor:
    """Return the log-probability (B,) of one-hots (B, ..., V) under the laws of logits."""
    return (logits.log_softmax(dim=-1) * symbols).flatten(1).sum(dim=1)
