"""Several samples judged as one, as in PacGAN (Lin et al. 2018, arXiv:1712.04086)."""

from dataclasses import replace

from torch import Tensor

from ganbench.api import DataSpec


def packed_spec(spec: DataSpec, count: int) -> DataSpec:
    """Describe `count` samples side by side: vectors end to end, images by channel.

    Tokens of sequences are joined position by position.
    """
    if spec.kind == "sequence":
        length, vocabulary = spec.shape
        shape: tuple[int, ...] = (length, count * vocabulary)
    else:
        shape = (count * spec.shape[0], *spec.shape[1:])
    return replace(spec, shape=shape, columns=spec.columns * count)


def pack(x: Tensor, spec: DataSpec, count: int) -> Tensor:
    """Join every `count` neighbours of a batch (B, *shape) into one: (B / count, *packed)."""
    if count == 1:
        return x
    packs = x.reshape(-1, count, *spec.shape)
    if spec.kind == "sequence":
        packs = packs.transpose(1, 2)
    return packs.reshape(-1, *packed_spec(spec, count).shape)
