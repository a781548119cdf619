"""Losses on the critic's scores, and regularizers that may be added to any of them."""

from collections.abc import Callable, Mapping

from ganbench.api import Loss, Regularizer, hookimpl
from ganbench_losses.augmentations import consistency, diffaug, instance_noise
from ganbench_losses.classic import hinge, ls, mm, ns, wgan
from ganbench_losses.regularizers import clip, gp, r1, r2
from ganbench_losses.relativistic import rp


@hookimpl
def ganbench_losses() -> Mapping[str, Callable[..., Loss]]:
    """Name the losses."""
    return {"mm": mm, "ns": ns, "ls": ls, "hinge": hinge, "wgan": wgan, "rp": rp}


@hookimpl
def ganbench_regularizers() -> Mapping[str, Callable[..., Regularizer]]:
    """Name the regularizers."""
    return {
        "gp": gp,
        "r1": r1,
        "r2": r2,
        "clip": clip,
        "consistency": consistency,
        "diffaug": diffaug,
        "instance_noise": instance_noise,
    }
