"""Losses, and regularizers that may be added to any that fits."""

from collections.abc import Callable, Mapping

from ganbench.api import Loss, Regularizer, hookimpl
from ganbench_losses.augmentations import consistency, diffaug, instance_noise
from ganbench_losses.classic import bgan, hinge, ls, mm, ns, softmax
from ganbench_losses.divergences import fgan
from ganbench_losses.energies import began, ebgan
from ganbench_losses.features import feature_matching
from ganbench_losses.kernels import cramer, energy, gmmn, mmd
from ganbench_losses.presets import dragan as dragan_preset
from ganbench_losses.presets import lsgan, pacgan, r3gan, sngan, wgan_gp, wgan_lp
from ganbench_losses.relativistic import ra, rp
from ganbench_losses.scores import label_smoothing, lecam, top_k
from ganbench_losses.settings import ema, grad_cap
from ganbench_losses.slopes import dragan, gp, lp, r1, r2, zero_gp
from ganbench_losses.transport import sinkhorn, sliced
from ganbench_losses.wasserstein import kl_wgan, qp_wgan, wgan, wgan_div
from ganbench_losses.weights import clip, orthogonal, spectral_norm, weight_decay


@hookimpl
def ganbench_losses() -> Mapping[str, Callable[..., Loss]]:
    """Name the losses."""
    return {
        "mm": mm,
        "ns": ns,
        "ls": ls,
        "hinge": hinge,
        "bgan": bgan,
        "softmax": softmax,
        "wgan": wgan,
        "wgan-div": wgan_div,
        "kl-wgan": kl_wgan,
        "qp-wgan": qp_wgan,
        "rp": rp,
        "ra": ra,
        "fgan": fgan,
        "ebgan": ebgan,
        "began": began,
        "gmmn": gmmn,
        "mmd": mmd,
        "energy": energy,
        "cramer": cramer,
        "sinkhorn": sinkhorn,
        "sliced": sliced,
        "r3gan": r3gan,
        "wgan-gp": wgan_gp,
        "wgan-lp": wgan_lp,
        "dragan": dragan_preset,
        "sngan": sngan,
        "lsgan": lsgan,
        "pacgan": pacgan,
    }


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
        "feature_matching": feature_matching,
        "consistency": consistency,
        "diffaug": diffaug,
        "instance_noise": instance_noise,
    }
