"""Random changes to what the critic sees, and a critic that should not mind them.

All of it is arithmetic on declared draws: shifts multiply by shifted identity matrices, and a
strength of zero changes nothing, so that no value decides which operations run.
"""

import torch
from torch import Tensor

from ganbench.api import (
    Critic,
    Draw,
    Draws,
    Fraction,
    NonNegativeFloat,
    PositiveFloat,
    Regularizer,
)

_IMAGE_DIMS = 4


def diffaug(
    brightness: NonNegativeFloat = 0.5,
    saturation: NonNegativeFloat = 1.0,
    contrast: NonNegativeFloat = 0.5,
    translation: Fraction = 0.125,
    cutout: Fraction = 0.5,
) -> Regularizer:
    """Differentiable augmentation: the critic sees real and fake images changed at random.

    x <- x + b; x <- x + s (x - m), with m the mean over the channels of each pixel; the same with
    c and the mean over the image; a shift by whole pixels in each direction; zeros in a rectangle.
    b, s, c, shifts and the rectangle's centre are uniform and drawn for each image, in the steps
    of both players. For images only; the defaults are those of the paper, for values in [-1, 1].

    Args:
        brightness: the largest |b|, 0 or more.
        saturation: the largest |s|, 0 or more; no matter for images of one channel.
        contrast: the largest |c|, 0 or more.
        translation: the largest shift as a part of the side, 0 to 1; zeros come in at the border.
        cutout: sides of the rectangle as parts of the image's, 0 to 1; what lies outside the
            image is lost.

    Source: Zhao et al. 2020, arXiv:2006.10738
    """

    def augment(x: Tensor, draws: Draws) -> Tensor:
        x = x + brightness * _signed(draws["brightness"])
        x = _stretched(x, (1,), saturation * _signed(draws["saturation"]))
        x = _stretched(x, (1, 2, 3), contrast * _signed(draws["contrast"]))
        x = _translated(x, translation, draws["down"], draws["across"])
        rows = _covered(x.shape[2], cutout, draws["row"])
        columns = _covered(x.shape[3], cutout, draws["column"])
        return x * (1 - rows.mT * columns)

    names = ("brightness", "saturation", "contrast", "down", "across", "row", "column")
    return Regularizer(
        augment=augment,
        draws=dict.fromkeys(names, Draw("uniform", "sample")),
        needs=frozenset({"image"}),
    )


def instance_noise(std: NonNegativeFloat = 0.1, until: PositiveFloat = 1.0) -> Regularizer:
    """Instance noise: the critic sees real and fake samples under Gaussian noise that fades.

    x <- x + std * max(0, 1 - t / until) * n, with t the part of training that is done and n
    standard normal and drawn for each value, in the steps of both players. It gives laws on thin
    sets a common support.

    Args:
        std: standard deviation of the noise at the start, 0 or more, on the scale of the data.
        until: the part of training after which it is gone, above 0; beyond 1 some is left at the
            end, and with a very large value it stays as it is.

    Source: Sønderby et al. 2017, arXiv:1610.04490
    """

    def augment(x: Tensor, draws: Draws) -> Tensor:
        left = (1 - draws["progress"] / until).clamp(min=0)
        return x + std * left * draws["noise"]

    return Regularizer(augment=augment, draws={"noise": Draw("normal", "element")})


def consistency(
    weight: PositiveFloat = 10.0,
    fake: bool = False,
    translation: Fraction = 0.125,
    flip: bool = True,
    jitter: NonNegativeFloat = 0.05,
) -> Regularizer:
    """Consistency: the critic should score a real sample and a changed copy of it alike.

    weight * E (D(x) - D(T(x)))^2 at x = real, and with `fake` the same at x = fake. T flips and
    shifts images; to all other samples it adds jitter * n, with n standard normal, which for a
    smooth critic comes close to `r1` with gamma = 2 * weight * jitter^2.

    Args:
        weight: strength, above 0; the paper's is 10.
        fake: whether fake samples count too, as in bCR (Zhao et al. 2021, arXiv:2002.04724).
        translation: the largest shift of an image as a part of its side, 0 to 1; zeros come in at
            the border.
        flip: whether every other image, at random, is mirrored left to right.
        jitter: standard deviation of the noise for samples that are no images, 0 or more, on the
            scale of the data.

    Source: Zhang et al. 2020, arXiv:1910.12027 (CR-GAN)
    """
    roles = ("real", "fake") if fake else ("real",)

    def changed(x: Tensor, role: str, draws: Draws) -> Tensor:
        if x.dim() != _IMAGE_DIMS:
            return x + jitter * draws[f"{role}_noise"]
        if flip:
            x = torch.where(draws[f"{role}_flip"] < 0.5, x.flip(3), x)
        return _translated(x, translation, draws[f"{role}_down"], draws[f"{role}_across"])

    def gap(critic: Critic, x: Tensor, role: str, draws: Draws) -> Tensor:
        return (critic(x) - critic(changed(x, role, draws))).square().mean()

    def penalty(critic: Critic, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        samples = {"real": real, "fake": fake}
        gaps = [gap(critic, samples[role], role, draws) for role in roles]
        return weight * torch.stack(gaps).sum()

    laws = {
        "flip": Draw("uniform", "sample"),
        "down": Draw("uniform", "sample"),
        "across": Draw("uniform", "sample"),
        "noise": Draw("normal", "element"),
    }
    return Regularizer(
        penalty=penalty,
        draws={f"{role}_{name}": law for role in roles for name, law in laws.items()},
        needs=frozenset({"weights"}),
    )


def _signed(uniform: Tensor) -> Tensor:
    """Map [0, 1) to [-1, 1)."""
    return 2 * uniform - 1


def _stretched(x: Tensor, dims: tuple[int, ...], strength: Tensor) -> Tensor:
    """Move each value away from the mean over some dimensions, or towards it."""
    return x + strength * (x - x.mean(dim=dims, keepdim=True))


def _translated(x: Tensor, part: float, down: Tensor, across: Tensor) -> Tensor:
    """Shift images (B, C, H, W) by whole pixels, up to a part of each side."""
    return _shift(x.shape[2], part, down) @ x @ _shift(x.shape[3], part, across).mT


def _shift(size: int, part: float, uniform: Tensor) -> Tensor:
    """Return matrices (B, 1, size, size) that move entries onwards and let zeros in."""
    reach = _whole(size, part)
    steps = (uniform * (2 * reach + 1)).floor() - reach
    place = _places(size, uniform)
    return (place[:, None] - steps == place).to(uniform.dtype)


def _covered(size: int, part: float, uniform: Tensor) -> Tensor:
    """Mark a run of entries around a random centre, (B, 1, 1, size) with ones inside."""
    length = _whole(size, part)
    centre = (uniform * (size + 1 - length % 2)).floor()
    place = _places(size, uniform) - (centre - length // 2)
    return ((place >= 0) & (place < length)).to(uniform.dtype)


def _whole(size: int, part: float) -> float:
    """Return a part of a side in whole pixels."""
    return (size * part + 0.5) // 1


def _places(size: int, like: Tensor) -> Tensor:
    return torch.arange(size, dtype=like.dtype, device=like.device)
