"""A loss in six lines.

Two functions of the critic's scores make a loss: `critic_fn(real, fake)` and
`generator_fn(real, fake)`, each from scores (B,) to a number that its player minimises. Parameters
are checked by their types.

    ganbench run --plugin docs/plugins/six_lines.py -a mlp -l "cauchy(scale=2.0)+r1(gamma=0.1)" -d ring8
"""

import torch
from torch import Tensor

from ganbench.api import Loss, PositiveFloat, from_scores, hookimpl


def cauchy(scale: PositiveFloat = 1.0) -> Loss:
    """Cauchy: scores of real and fake are drawn to plus and minus one, outliers weigh little.

    critic: E log(1 + ((a - 1) / scale)^2) + E log(1 + ((b + 1) / scale)^2); generator: the first
    term, of b.

    Args:
        scale: distance from the target at which outliers begin, above 0.

    Source: an example; the loss of Black & Anandan 1996, CVIU 63(1), in the place of squares
    """

    def pull(scores: Tensor, target: float) -> Tensor:
        return torch.log1p(((scores - target) / scale).square()).mean()

    return from_scores(
        lambda real, fake: pull(real, 1) + pull(fake, -1), lambda _, fake: pull(fake, 1)
    )


@hookimpl
def ganbench_losses() -> dict[str, object]:
    return {"cauchy": cauchy}
