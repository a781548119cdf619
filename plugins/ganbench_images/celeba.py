"""CelebA, from the user's own copy."""

import hashlib
import re
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np

from ganbench.api import SpecError, Split, kept, user_path
from ganbench_images.mending import mended_by_fetching
from ganbench_images.pictures import stacked
from ganbench_images.reasons import reason
from ganbench_images.sets import ImageSet
from ganbench_images.sources import Pictures, pictures_in

_LAST_OF_TRAIN = 162770
_FIRST_OF_TEST = 182638
_NUMBERED = re.compile(r"\d{6}\.(jpg|png)")


class CelebA(ImageSet):
    """Faces of celebrities, aligned and cropped to the square in the middle.

    Get `img_align_celeba.zip` from https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html: its terms
    forbid that others hand it on. `ganbench fetch "celeba(path=...)"` reads the folder or zip file
    once and keeps the scaled images until a file changes in size or date. The split is the
    official one by number: up to 162770 for training, from 182638 for tests, so that no person is
    in both; those between are left out.

    Args:
        path: of the folder `img_align_celeba` or its zip file.
        size: side to which the square of 178 pixels in the middle is scaled (Lanczos).

    Source: Liu et al. 2015, Deep learning face attributes in the wild, arXiv:1411.7766

    Kind: image
    Size: 182732 images of 64 x 64, RGB
    Licence: non-commercial research only, no redistribution
    """

    def __init__(self, path: str, size: Literal[8, 16, 32, 64] = 64) -> None:
        source = user_path(path)
        with pictures_in(source) as pictures:
            parts = _official(source, pictures)
            self.numbers = {split: list(part) for split, part in parts.items()}
            images = {split: _scaled(source, part, size) for split, part in parts.items()}
        super().__init__(images)


def _official(source: Path, pictures: Pictures) -> dict[Split, Pictures]:
    """Divide the numbered pictures as the authors do."""
    numbered = {name: read for name, read in pictures.items() if _NUMBERED.fullmatch(_file(name))}
    parts: dict[Split, Pictures] = {
        "train": {n: r for n, r in numbered.items() if _number(n) <= _LAST_OF_TRAIN},
        "test": {n: r for n, r in numbered.items() if _number(n) >= _FIRST_OF_TEST},
    }
    if not (parts["train"] and parts["test"]):
        raise SpecError(
            f"{source} is not img_align_celeba, whose pictures are named 000001.jpg to "
            "202599.jpg: it lacks those for training (to 162770) or those for tests (from 182638)."
        )
    return parts


def _scaled(source: Path, pictures: Pictures, size: int) -> np.ndarray:
    """Return the images as the cache has them; they are decoded only when they are fetched."""
    files = [f"{name} {read.stamp}" for name, read in pictures.items()]
    listing = hashlib.sha256("\n".join([str(source.resolve()), *files]).encode())
    name = f"celeba/{size}-{listing.hexdigest()[:16]}.npy"
    path = kept(name, partial(_decode, source=source, pictures=pictures, size=size))
    with mended_by_fetching(f"celeba(path={str(source)!r}, size={size})"):
        return _loaded(path, (len(pictures), 3, size, size))


def _loaded(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    try:
        array: np.ndarray = np.load(path, allow_pickle=False)
    except Exception as error:  # a damaged file may raise any
        raise SpecError(f"{path} cannot be read: {reason(error)}.") from None
    if array.dtype != np.uint8 or array.shape != shape:
        raise SpecError(f"{path} does not hold the images that were kept in it.")
    return array


def _decode(path: Path, source: Path, pictures: Pictures, size: int) -> None:
    files = ((f"{source}/{name}", read()) for name, read in pictures.items())
    np.save(path, stacked(files, len(pictures), size, 3))


def _file(name: str) -> str:
    return PurePosixPath(name).name


def _number(name: str) -> int:
    return int(_file(name)[:6])
