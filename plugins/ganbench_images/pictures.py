"""Files of pictures turned into arrays of one shape, by Pillow."""

import io
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ganbench.api import SpecError
from ganbench_images.reasons import reason

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
_MOST_PIXELS = 2**26
_MOST_BYTES = 2**33
_DEEP = ("I", "F")
"""How the names of Pillow's modes of more than eight bits begin."""


def stacked(
    pictures: Iterable[tuple[str, bytes]], count: int, size: int | None, channels: int
) -> np.ndarray:
    """Decode pictures of one size as uint8 (n, channels, h, w).

    With a `size`, the largest square in the middle of each is scaled to it, so that they may be
    of any sizes.

    Args:
        pictures: names and contents.
        count: how many there are.
        size: side of the arrays, None to take the pictures as they are.
        channels: 1 for grey, 3 for RGB; colours are converted, and transparency is left out.

    Raises:
        SpecError: if a picture cannot be read, or if their sizes differ and `size` is None.
    """
    images, first = np.empty(0, np.uint8), ""
    for place, (name, content) in enumerate(pictures):
        image = decoded(name, content, size, channels)
        if not place:
            first, images = name, _room(count, image.shape)
        if image.shape != images.shape[1:]:
            raise SpecError(
                f"The images differ in size: {first} has {_sides(images)}, {name} has "
                f"{_sides(image)}; give `size` to crop and scale them."
            )
        images[place] = image
    return images


def decoded(name: str, content: bytes, size: int | None, channels: int) -> np.ndarray:
    """Decode one picture as uint8 (channels, h, w), see `stacked`.

    Raises:
        SpecError: if it cannot be read, is too large, or has more than eight bits a value.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError  # slow to import

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes, which are checked here
            with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
                _check(name, picture)
                upright = ImageOps.exif_transpose(picture).convert("L" if channels == 1 else "RGB")
    except SpecError:
        raise
    except UnidentifiedImageError:
        raise SpecError(f"{name} cannot be read: it is no image of a known kind.") from None
    except Exception as error:  # a damaged file may raise any
        raise SpecError(f"{name} cannot be read: {reason(error)}.") from None
    if size is not None:
        upright = _middle(upright).resize((size, size), Image.Resampling.LANCZOS)
    array = np.asarray(upright)
    return array[None] if channels == 1 else array.transpose(2, 0, 1)


def _check(name: str, picture: "Image") -> None:
    width, height = picture.size
    if width * height > _MOST_PIXELS:
        raise SpecError(
            f"{name} claims to have {height} x {width} pixels; at most {_MOST_PIXELS} are read."
        )
    if picture.mode.startswith(_DEEP):
        raise SpecError(f"{name} has more than eight bits a value; convert it to eight.")


def _middle(picture: "Image") -> "Image":
    """Crop to the largest square in the middle."""
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def _room(count: int, shape: tuple[int, ...]) -> np.ndarray:
    if count * int(np.prod(shape)) > _MOST_BYTES:
        raise SpecError(
            f"{count} images of {shape[1]} x {shape[2]} pixels do not fit into memory; give a "
            "smaller `size`."
        )
    return np.empty((count, *shape), np.uint8)


def _sides(image: np.ndarray) -> str:
    return f"{image.shape[-2]} x {image.shape[-1]}"
