"""A penalty that needs the critic elsewhere.

A penalty is given the critic as a function, and may ask it about any point. Random numbers are
declared as `Draw`s and found in `draws`, never drawn: so every seed has its own, and a run can be
repeated to the bit. `ganbench.api.input_gradient` gives slopes where differences are not enough.

    ganbench run --plugin docs/plugins/secant_penalty.py -a mlp -l "wgan+secant(weight=1.0)" -d ring8
"""

from torch import Tensor
from torch.nn.functional import normalize, relu

from ganbench.api import Critic, Draw, Draws, PositiveFloat, Regularizer, hookimpl


def secant(weight: PositiveFloat = 10.0, reach: PositiveFloat = 0.1) -> Regularizer:
    """Secant penalty: the critic may not rise faster than one, measured by differences.

    weight * E max(0, |D(x + reach * v) - D(x)| / reach - 1)^2 at x = u * real + (1 - u) * fake,
    with u uniform on [0, 1), drawn for each sample, and v a direction, uniform on the sphere.

    Args:
        weight: strength, above 0.
        reach: the distance over which it is measured, in units of the data, above 0.

    Source: after Terjék 2020, arXiv:1907.05681 (which looks for the steepest direction)
    """

    def penalty(critic: Critic, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        x = draws["mix"] * real + (1 - draws["mix"]) * fake
        step = reach * normalize(draws["direction"].flatten(1), dim=1).reshape(x.shape)
        slope = (critic(x + step) - critic(x)).abs() / reach
        return weight * relu(slope - 1).square().mean()

    return Regularizer(
        penalty=penalty,
        draws={"mix": Draw("uniform", "sample"), "direction": Draw("normal", "element")},
        needs=frozenset({"scalar", "weights"}),
    )


@hookimpl
def ganbench_regularizers() -> dict[str, object]:
    return {"secant": secant}
