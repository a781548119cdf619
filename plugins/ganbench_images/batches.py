"""The pickled batches of CIFAR, read without running anything that a pickle may ask for."""

import io
import pickle
import pickletools
from typing import Any

import numpy as np

from ganbench.api import SpecError
from ganbench_images.reasons import reason

_SHAPE = (3, 32, 32)
_CLASSES = 10
_MOST_MEMORIES = 2**20
"""Numbers under which a pickle may remember parts; each makes room for all below it."""


def read_batch(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the images (n, 3, 32, 32) and labels (n,) of a batch.

    Args:
        content: the pickle.
        name: of the batch, for messages.

    Raises:
        SpecError: if it is no such batch, or asks for anything that such batches do not need.
    """
    try:
        _check_memories(content)
        batch = _Unpickler(io.BytesIO(content), name).load()
    except SpecError:
        raise
    except Exception as error:  # a damaged pickle may raise any
        raise SpecError(f"{name} cannot be read as a pickle: {reason(error)}.") from None
    images = _images(_field(batch, b"data", name), name)
    return images, _labels(_field(batch, b"labels", name), len(images), name)


def _check_memories(content: bytes) -> None:
    for operation, argument, _ in pickletools.genops(content):
        if "PUT" in operation.name and int(argument or 0) > _MOST_MEMORIES:
            raise ValueError(f"it remembers more than {_MOST_MEMORIES} parts")


class _Array:
    """What a pickled array says of itself."""

    kind: object = None
    shape: object = None
    content: object = None

    def __setstate__(self, state: Any) -> None:
        _, self.shape, dtype, in_columns, self.content = state
        self.kind = None if in_columns else dtype.kind


class _Dtype:
    """What a pickled type of numbers says of itself."""

    def __init__(self, kind: object, *_: object) -> None:
        self.kind = kind

    def __setstate__(self, state: object) -> None:
        """Take no notice of the order of bytes: each number has one."""


def _array(*_: object) -> _Array:
    return _Array()


def _bytes(text: str, coding: str) -> bytes:
    """Do as `_codecs.encode` does where Python 3 writes bytes for Python 2."""
    return text.encode("latin-1" if coding == "latin1" else "ascii")


_ADMITTED = {
    "numpy.core.multiarray._reconstruct": _array,
    "numpy._core.multiarray._reconstruct": _array,
    "numpy.ndarray": _Array,
    "numpy.dtype": _Dtype,
    "_codecs.encode": _bytes,
}
"""Stand-ins for all that a batch names; what a pickle names otherwise is refused."""


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, name: str) -> None:
        super().__init__(file, encoding="bytes")
        self.name = name

    def find_class(self, module: str, name: str) -> Any:
        """Give a stand-in, never what is asked for."""
        wanted = f"{module}.{name}"
        if wanted not in _ADMITTED:
            raise SpecError(f"{self.name} is refused: its pickle asks for {wanted}.")
        return _ADMITTED[wanted]


def _field(batch: object, key: bytes, name: str) -> Any:
    values = batch if isinstance(batch, dict) else {}
    for known in (key, key.decode()):
        if known in values:
            return values[known]
    raise SpecError(f"{name} has no {key.decode()!r}, so it is no batch of CIFAR-10.")


def _images(array: object, name: str) -> np.ndarray:
    size = int(np.prod(_SHAPE))
    if isinstance(array, _Array) and isinstance(array.content, bytes):
        rows, rest = divmod(len(array.content), size)
        if array.kind in (b"u1", "u1") and array.shape == (rows, size) and not rest:
            return np.frombuffer(array.content, np.uint8).reshape(-1, *_SHAPE)
    raise SpecError(f"The data of {name} are no array of bytes with {size} columns.")


def _labels(labels: object, count: int, name: str) -> np.ndarray:
    if not isinstance(labels, list) or any(
        type(label) is not int or not 0 <= label < _CLASSES for label in labels
    ):
        raise SpecError(f"The labels of {name} are no list of whole numbers from 0 to 9.")
    if len(labels) != count:
        raise SpecError(f"{name} holds {count} images, but {len(labels)} labels.")
    return np.array(labels)
