"""Arrays of bytes in IDX files, as MNIST and its successors come."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from ganbench.api import SpecError
from ganbench_images.reasons import reason

_BYTES = 8
"""The code of unsigned bytes among the types that the format knows."""
_MOST_VALUES = 2**28


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Read an array of bytes with so many dimensions from a gzipped IDX file.

    The file begins with two zeros, the code of its type and the number of dimensions, one byte
    each, and goes on with the dimensions as big-endian numbers of four bytes.

    Raises:
        SpecError: if the file cannot be read or holds anything else.
    """
    try:
        with gzip.open(path) as file:
            shape = _shape(path, file.read(4 + 4 * dimensions), dimensions)
            count = math.prod(shape)
            values = file.read(count)
            rest = file.read(1)
    except (OSError, EOFError, zlib.error) as error:
        raise SpecError(f"{path} cannot be read as a gzipped IDX file: {reason(error)}.") from None
    if len(values) < count or rest:
        found = f"only {len(values)} follow" if len(values) < count else "more follow"
        wanted = " x ".join(map(str, shape))
        raise SpecError(
            f"{path} should hold {wanted} = {count} bytes after its head, but {found}."
        )
    return np.frombuffer(values, np.uint8).reshape(shape)


def read_pair(images: Path, labels: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read images (n, h, w) and their labels (n,) from two gzipped IDX files.

    Raises:
        SpecError: if one of them cannot be read, or if their numbers differ.
    """
    pictures, classes = read_idx(images, 3), read_idx(labels, 1)
    if len(pictures) != len(classes):
        raise SpecError(
            f"{images} holds {len(pictures)} images, but {labels} holds {len(classes)} labels."
        )
    return pictures, classes


def _shape(path: Path, head: bytes, dimensions: int) -> tuple[int, ...]:
    magic = bytes([0, 0, _BYTES, dimensions])
    if head[:4] != magic:
        raise SpecError(
            f"{path} begins with {head[:4].hex(' ') or 'nothing'}, but an IDX file of bytes with "
            f"{dimensions} dimensions begins with {magic.hex(' ')}."
        )
    if len(head) < 4 + 4 * dimensions:
        raise SpecError(f"{path} ends within its head of {4 + 4 * dimensions} bytes.")
    shape = struct.unpack(f">{dimensions}I", head[4:])
    if math.prod(shape) > _MOST_VALUES:
        raise SpecError(
            f"{path} claims to hold {' x '.join(map(str, shape))} bytes; at most {_MOST_VALUES} "
            "are read."
        )
    return shape
