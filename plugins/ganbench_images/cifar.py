"""CIFAR-10, read from the archive of its Python version."""

from typing import Literal

import numpy as np

from ganbench.api import Remote, Split, kept
from ganbench_images.archives import tar_members
from ganbench_images.batches import read_batch
from ganbench_images.mending import mended_by_fetching
from ganbench_images.scaling import shrunk
from ganbench_images.sets import ImageSet

_ARCHIVE = Remote(
    ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
    "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    170498071,
)
_BATCHES: dict[Split, list[str]] = {
    "train": [f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)],
    "test": ["cifar-10-batches-py/test_batch"],
}


class Cifar10(ImageSet):
    """CIFAR-10: colour photographs of ten kinds of things, 50,000 for training, 10,000 for tests.

    The classes are, from 0: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    Args:
        size: side of the images, 32, or 16 or 8 by averaging squares of pixels.

    Source: Krizhevsky 2009, Learning multiple layers of features from tiny images, technical
        report, University of Toronto

    Kind: image
    Size: 60000 images of 32 x 32, RGB
    Licence: not stated
    """

    def __init__(self, size: Literal[8, 16, 32] = 32) -> None:
        path = kept("cifar10/cifar-10-python.tar.gz", _ARCHIVE.download)
        images: dict[Split, np.ndarray] = {}
        labels: dict[Split, np.ndarray] = {}
        with mended_by_fetching("cifar10"):
            members = tar_members(path, [name for names in _BATCHES.values() for name in names])
            for split, names in _BATCHES.items():
                pairs = [read_batch(members[name], f"{name} in {path}") for name in names]
                images[split] = shrunk(np.concatenate([pictures for pictures, _ in pairs]), size)
                labels[split] = np.concatenate([classes for _, classes in pairs])
        super().__init__(images, labels)
