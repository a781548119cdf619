"""Finite sets of images in memory: levels as bytes, players see them scaled to [-1, 1]."""

import hashlib
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ganbench.api import Dataset, DataSpec, SpecError, Split

SPLITS: tuple[Split, Split] = ("train", "test")

_CHUNK = 1024
"""Images that are scaled at a time while their content is hashed."""
_MOST_VALUES = 2**28


class ImageSet(Dataset):
    """Images (n, c, h, w) of whole levels 0, 1, ..., `top`, which players see in [-1, 1].

    They are kept as bytes; only what is drawn or asked for is scaled. Rows are finite, unless
    those of a split would fill more than 2^28 numbers (1 GiB): then images are only drawn.

    Args:
        images: the levels of each split as uint8 (n, c, h, w), of one shape c, h, w.
        labels: the class (n,) of each image of each split, None where there are none.
        top: the largest level.
    """

    def __init__(
        self,
        images: Mapping[Split, np.ndarray],
        labels: Mapping[Split, np.ndarray] | None = None,
        top: int = 255,
    ) -> None:
        for split, levels in images.items():
            if not len(levels):
                raise SpecError(f"{type(self).__name__} has no image for the split '{split}'.")
        channels, height, width = images["train"].shape[1:]
        self.spec = DataSpec("image", (channels, height, width), low=-1.0, high=1.0)
        self.top = top
        self._images = {
            split: torch.from_numpy(np.require(levels, requirements=["C", "W"]))
            for split, levels in images.items()
        }
        self._labels = {
            split: torch.from_numpy(np.array(classes, np.int64))
            for split, classes in (labels or {}).items()
        }

    def rows(self, split: Split) -> Tensor | None:
        """Return the images (n, c, h, w) of one split, None if they are too many."""
        return None if self._too_many(split) else self._scaled(self._images[split])

    def labels(self, split: Split) -> Tensor | None:
        """Return the class (n,) of each row of one split, None where there are none."""
        return None if self._too_many(split) else self._labels.get(split)

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:
        """Draw `n` images (n, c, h, w) with replacement on `rng.device`."""
        images = self._images[split]
        picks = torch.randint(len(images), (n,), generator=rng, device=rng.device)
        return self._scaled(images[picks.cpu()].to(rng.device))

    def project(self, x: Tensor) -> Tensor:
        """Round to the levels."""
        return self._scaled(((x + 1) * (self.top / 2)).round().clamp(0, self.top))

    def fingerprint(self) -> str:
        """Return a text that changes with any image, with any label or with the split."""
        digest = hashlib.sha256()
        for split in SPLITS:
            images = self._images[split]
            for start in range(0, len(images), _CHUNK):
                digest.update(self._scaled(images[start : start + _CHUNK]).numpy().tobytes())
            if split in self._labels:
                digest.update(self._labels[split].numpy().tobytes())
        return digest.hexdigest()[:16]

    def _too_many(self, split: Split) -> bool:
        return self._images[split].numel() > _MOST_VALUES

    def _scaled(self, levels: Tensor) -> Tensor:
        # A product, not a quotient: that has the same bits on every device.
        return levels.to(torch.float32) * (2 / self.top) - 1


def halves(count: int, split_seed: int) -> dict[Split, np.ndarray]:
    """Divide the positions 0, ..., count - 1 at random into a train and a test half."""
    order = np.random.default_rng(split_seed).permutation(count)
    middle = count // 2
    return {"train": np.sort(order[:middle]), "test": np.sort(order[middle:])}


def divided(values: np.ndarray, positions: Mapping[Split, np.ndarray]) -> dict[Split, np.ndarray]:
    """Return the values at the positions of each split."""
    return {split: values[where] for split, where in positions.items()}
