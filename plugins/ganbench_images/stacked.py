"""Stacked MNIST: three digits of MNIST, one in each colour channel."""

from typing import Annotated

import numpy as np
from pydantic import Field

from ganbench.api import NonNegativeInt, Split
from ganbench_images.mnist import Mnist, Size
from ganbench_images.sets import SPLITS, ImageSet

Samples = Annotated[int, Field(gt=0, le=10**6)]


class StackedMnist(ImageSet):
    """Three digits of MNIST, one in each colour channel.

    Digits are drawn with replacement, those for training from the training images of MNIST, those
    for tests from its test images. The class of an image, its mode, is the number that they show,
    0 to 999, with the hundreds in red, the tens in green and the ones in blue. The classes are as
    even as the digits are.

    Args:
        samples: images of each split, 1 to 1000000; Metz et al. take 25600.
        size: side of the images, 28, 32 with a black border, or 16 or 8 by averaging those.
        seed: of the draw, 0 or more.

    Source: Metz, Poole, Pfau & Sohl-Dickstein 2017, arXiv:1611.02163, after Che et al. 2017,
        arXiv:1612.02136

    Kind: image
    Size: 51200 images of 28 x 28, RGB
    Licence: that of MNIST, not stated
    """

    def __init__(
        self, samples: Samples = 25600, size: Size = 28, seed: NonNegativeInt = 0
    ) -> None:
        images: dict[Split, np.ndarray] = {}
        labels: dict[Split, np.ndarray] = {}
        for place, split in enumerate(SPLITS):
            digits, classes = Mnist.load(split, size)
            picks = np.random.default_rng([seed, place]).integers(len(digits), size=(samples, 3))
            images[split] = digits[picks, 0]
            labels[split] = classes[picks] @ np.array([100, 10, 1])
        super().__init__(images, labels)
