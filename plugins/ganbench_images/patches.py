"""Patches of the photographs and textures that ship inside Python packages."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from ganbench.api import NonNegativeInt, SpecError, Split
from ganbench_images.sets import SPLITS, ImageSet, divided, halves

_BLOCK = 32
"""Side of the squares of pixels that are divided between train and test."""
_PHOTOS = ("china", "flower")
_GROUPS: Mapping[str, Sequence[str]] = {
    "photos": _PHOTOS,
    "textures": ("brick", "grass", "gravel"),
}

Source = Literal[
    "photos", "textures", "china", "flower", "brick", "grass", "gravel", "camera", "moon",
    "astronaut", "chelsea", "coffee",
]  # fmt: skip


class Patches(ImageSet):
    """Square patches, side by side, of photographs or textures; the label is the picture.

    Neighbours are alike, so it is not patches but blocks of 32 x 32 pixels that are divided at
    random, in each picture apart: train and test share no pixel, but a shade of sky may be in
    both. What is left over at the right and the bottom of a picture is not used.

    Args:
        source: "photos" (china and flower, RGB, of scikit-learn), "textures" (brick, grass and
            gravel, grey, of scikit-image), or one picture: "china", "flower", "astronaut",
            "chelsea", "coffee" in RGB, "brick", "grass", "gravel", "camera", "moon" in grey.
        size: side of the patches.
        split_seed: which half of the blocks is for training, 0 or more.

    Source: scikit-learn and scikit-image (van der Walt et al. 2014, PeerJ 2:e453,
        doi:10.7717/peerj.453)

    Kind: image
    Size: 8320 images of 8 x 8, RGB
    Licence: CC BY 2.0 (china, flower); CC0 (brick, grass, gravel, camera, chelsea, coffee);
        public domain (astronaut); not stated (moon)
    """

    def __init__(
        self,
        source: Source = "photos",
        size: Literal[8, 16, 32] = 8,
        split_seed: NonNegativeInt = 0,
    ) -> None:
        names = _GROUPS.get(source, (source,))
        parts = [_patches(_picture(name), size, split_seed) for name in names]
        images, labels = {}, {}
        for split in SPLITS:
            images[split] = np.concatenate([part[split] for part in parts])
            labels[split] = np.repeat(np.arange(len(parts)), [len(part[split]) for part in parts])
        super().__init__(images, labels if len(parts) > 1 else None)


def _patches(picture: np.ndarray, size: int, split_seed: int) -> dict[Split, np.ndarray]:
    """Cut a picture (c, h, w) into blocks, divide these, and cut each into patches."""
    blocks = _cut(picture[None], _BLOCK)
    parts = divided(blocks, halves(len(blocks), split_seed))
    return {split: _cut(part, size) for split, part in parts.items()}


def _picture(name: str) -> np.ndarray:
    """Return a picture as uint8 (c, h, w)."""
    levels = _photo(name) if name in _PHOTOS else _texture(name)
    return levels[None] if levels.ndim == 2 else levels.transpose(2, 0, 1)


def _photo(name: str) -> np.ndarray:
    from sklearn.datasets import load_sample_image  # slow to import

    photo: np.ndarray = load_sample_image(f"{name}.jpg")
    return photo


def _texture(name: str) -> np.ndarray:
    try:
        from skimage import data  # optional

        texture: np.ndarray = getattr(data, name)()
    except ImportError:
        raise SpecError(
            f"The picture '{name}' is in scikit-image, which is not installed: "
            'pip install "ganbench[images]".'
        ) from None
    return texture


def _cut(images: np.ndarray, side: int) -> np.ndarray:
    """Cut images (n, c, h, w) into squares side by side, (n * squares, c, side, side)."""
    count, channels, height, width = images.shape
    rows, columns = height // side, width // side
    kept = images[..., : rows * side, : columns * side]
    squares = kept.reshape(count, channels, rows, side, columns, side)
    return squares.transpose(0, 2, 4, 1, 3, 5).reshape(-1, channels, side, side)
