"""The handwritten digits that ship with scikit-learn."""

import numpy as np
import torch
from torch import Tensor

from ganbench.api import Dataset, DataSpec, NonNegativeInt, Split

_TOP = 16
"""The whitest of the grey levels 0, 1, ..., 16."""


class Digits(Dataset):
    """Handwritten digits: 1797 grey images of 8 x 8 pixels, scaled to [-1, 1].

    Args:
        split_seed: which half of the shuffled images is for training, 0 or more.

    Source: Alpaydin & Kaynak 1998, UCI Machine Learning Repository, doi:10.24432/C50P49
    """

    def __init__(self, split_seed: NonNegativeInt = 0) -> None:
        from sklearn.datasets import load_digits  # slow to import

        self.spec = DataSpec("image", (1, 8, 8), low=-1.0, high=1.0)
        bundled = load_digits()
        levels = torch.from_numpy(bundled.images).to(torch.float32)
        images = (levels / (_TOP / 2) - 1)[:, None]
        order = np.random.default_rng(split_seed).permutation(len(images))
        half = len(images) // 2
        self.positions: dict[Split, np.ndarray] = {
            "train": np.sort(order[:half]),
            "test": np.sort(order[half:]),
        }
        digits = torch.from_numpy(bundled.target).long()
        self._rows = {split: images[where] for split, where in self.positions.items()}
        self._labels = {split: digits[where] for split, where in self.positions.items()}

    def rows(self, split: Split) -> Tensor:
        """Return the images (n, 1, 8, 8) of one half."""
        return self._rows[split]

    def labels(self, split: Split) -> Tensor:
        """Return the digit (n,) that each image of one half shows."""
        return self._labels[split]

    def project(self, x: Tensor) -> Tensor:
        """Round to the seventeen grey levels."""
        return ((x + 1) * (_TOP / 2)).round().clamp(0, _TOP) / (_TOP / 2) - 1
