"""Losses on the critic's scores, and regularizers that may be added to any of them."""

from collections.abc import Callable, Mapping

from ganbench.api import Loss, Regularizer, hookimpl
from ganbench_losses.augmentations import consistency, diffaug, instance_noise
from ganbench_losses.classic import hinge, ls, mm, ns, wgan
from ganbench_losses.relativistic import rp
from ganbench_losses.scores import label_smoothing, lecam, top_k
from ganbench_losses.settings import ema, grad_cap
from ganbench_losses.slopes import dragan, gp, lp, r1, r2, zero_gp
from ganbench_losses.weights import clip, orthogonal, spectral_norm, weight_decay


@hookimpl
def ganbench_losses() -> Mapping[str, Callable[..., Loss]]:
    """Name the losses."""
    return {"mm": mm, "ns": ns, "ls": ls, "hinge": hinge, "wgan": wgan, "rp": rp}


@hookimpl
def ganbench_regularizers() -> Mapping[str, Callable[..., Regularizer]]:
    """Name the regularizers."""
    return {
        "gp": gp,
        "lp": lp,
        "zero_gp": zero_gp,
        "dragan": dragan,
        "r1": r1,
        "r2": r2,
        "clip": clip,
        "spectral_norm": spectral_norm,
        "orthogonal": orthogonal,
        "weight_decay": weight_decay,
        "label_smoothing": label_smoothing,
        "lecam": lecam,
        "top_k": top_k,
        "grad_cap": grad_cap,
        "ema": ema,
        "consistency": consistency,
        "diffaug": diffaug,
        "instance_noise": instance_noise,
    }
