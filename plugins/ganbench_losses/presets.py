"""Combinations under the names that papers gave them, with the settings that go with them.

Learning rates stay those of the recipe: the papers' are for images.
"""

from typing import Annotated

from pydantic import Field

from ganbench.api import Loss, PositiveFloat, PositiveInt, compose
from ganbench_losses import slopes
from ganbench_losses.classic import hinge, ls, ns
from ganbench_losses.relativistic import rp
from ganbench_losses.slopes import gp, lp, r1, r2
from ganbench_losses.wasserstein import wgan
from ganbench_losses.weights import spectral_norm

Packing = Annotated[int, Field(gt=0, le=64)]


def r3gan(gamma: PositiveFloat = 0.05) -> Loss:
    """R3GAN: relativistic pairing with R1 and R2.

    critic: E softplus(-(a - b)) + gamma / 2 * (E |grad D(real)|^2 + E |grad D(fake)|^2);
    generator: E softplus(-(b - a)), where a = D(real) and b = D(fake) are high for real.
    Recommends Adam with betas 0 and 0.99; in the paper the second rises from 0.9 to 0.99, and
    gamma falls tenfold.

    Args:
        gamma: strength of both penalties, above 0; the default is the paper's first for CIFAR-10
            and suits mixtures of narrow modes.

    Source: Huang et al. 2024, arXiv:2501.05441
    """
    return compose(rp(), r1(gamma), r2(gamma), recipe={"beta1": 0.0, "beta2": 0.99})


def wgan_gp(weight: PositiveFloat = 10.0, critic_steps: PositiveInt = 5) -> Loss:
    """WGAN-GP: Wasserstein with the gradient penalty.

    critic: -E a + E b + weight * E (|grad D(x)| - 1)^2 at mixed samples, see `gp`; generator:
    -E b, where a = D(real) and b = D(fake). Recommends Adam with betas 0 and 0.9.

    Args:
        weight: strength of the penalty, above 0; 0.1 suits two-dimensional toys.
        critic_steps: recommended critic steps for each generator step, 1 or more.

    Source: Gulrajani et al. 2017, arXiv:1704.00028
    """
    return compose(wgan(critic_steps), gp(weight))


def wgan_lp(weight: PositiveFloat = 10.0, critic_steps: PositiveInt = 5) -> Loss:
    """WGAN-LP: Wasserstein with the one-sided gradient penalty.

    critic: -E a + E b + weight * E max(0, |grad D(x)| - 1)^2 at mixed samples, see `lp`;
    generator: -E b, where a = D(real) and b = D(fake).

    Args:
        weight: strength of the penalty, above 0; see `wgan-gp`.
        critic_steps: recommended critic steps for each generator step, 1 or more.

    Source: Petzka et al. 2018, arXiv:1709.08894
    """
    return compose(wgan(critic_steps), lp(weight))


def dragan(weight: PositiveFloat = 10.0, spread: PositiveFloat = 0.5) -> Loss:
    """DRAGAN: the non-saturating loss with slopes of one around real samples.

    critic: E softplus(-a) + E softplus(b) + weight * E (|grad D(x)| - 1)^2 at real samples that
    are moved at random, see the regularizer `dragan`; generator: E softplus(-b), where
    a = D(real) and b = D(fake).

    Args:
        weight: strength of the penalty, above 0.
        spread: the largest step from a real sample in each coordinate, in units of the standard
            deviation of all values of the real batch, above 0.

    Source: Kodali et al. 2017, arXiv:1705.07215
    """
    return compose(ns(), slopes.dragan(weight, spread))


def sngan(scale: PositiveFloat = 1.0, critic_steps: PositiveInt = 5) -> Loss:
    """SNGAN: hinge with a spectrally normalised critic.

    critic: E max(0, 1 - a) + E max(0, 1 + b); generator: -E b, where a = D(real) and b = D(fake)
    come from a critic with spectral norm, see `spectral_norm`. Recommends Adam with betas 0 and
    0.9.

    Args:
        scale: what the critic's output is multiplied by, above 0; mixtures of narrow modes need
            about 30.
        critic_steps: recommended critic steps for each generator step, 1 or more.

    Source: Miyato et al. 2018, arXiv:1802.05957
    """
    recipe = {"critic_steps": critic_steps, "beta1": 0.0, "beta2": 0.9}
    return compose(hinge(), spectral_norm(scale), recipe=recipe)


def lsgan(pearson: bool = False) -> Loss:
    """LSGAN: least squares with the targets of the paper.

    critic: E (a - t)^2 / 2 + E (b - s)^2 / 2; generator: E (b - c)^2 / 2, where a = D(real) and
    b = D(fake), with t = c = 1 and s = 0, or for Pearson's divergence t = 1, s = -1 and c = 0.
    Recommends Adam with a first beta of 0.5. See `ls` for other targets.

    Args:
        pearson: whether the generator minimises Pearson's divergence between real + fake and
            twice fake.

    Source: Mao et al. 2017, arXiv:1611.04076
    """
    targets = {"a": -1.0, "b": 1.0, "c": 0.0} if pearson else {"a": 0.0, "b": 1.0, "c": 1.0}
    return compose(ls(**targets), recipe={"beta1": 0.5})


def pacgan(packing: Packing = 2) -> Loss:
    """PacGAN: the non-saturating loss with a critic that judges several samples together.

    critic: E softplus(-a) + E softplus(b); generator: E softplus(-b), where a and b are scores of
    packs of real and of fake samples. Recommends `packing`, which must divide the batch size.

    Args:
        packing: samples in a pack, 1 to 64.

    Source: Lin et al. 2018, arXiv:1712.04086
    """
    return compose(ns(), recipe={"packing": packing})
