"""The handwritten digits that ship with scikit-learn."""

import numpy as np

from ganbench.api import NonNegativeInt
from ganbench_images.sets import ImageSet, divided, halves


class Digits(ImageSet):
    """Handwritten digits: 1797 grey images of 8 x 8 pixels, scaled to [-1, 1].

    Args:
        split_seed: which half of the shuffled images is for training, 0 or more.

    Source: Alpaydin & Kaynak 1998, UCI Machine Learning Repository, doi:10.24432/C50P49

    Kind: image
    Size: 1797 images of 8 x 8, grey
    Licence: CC BY 4.0
    """

    def __init__(self, split_seed: NonNegativeInt = 0) -> None:
        from sklearn.datasets import load_digits  # slow to import

        bundled = load_digits()
        images = bundled.images.astype(np.uint8)[:, None]
        self.positions = halves(len(images), split_seed)
        labels = divided(bundled.target, self.positions)
        super().__init__(divided(images, self.positions), labels, top=16)
