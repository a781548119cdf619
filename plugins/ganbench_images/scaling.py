"""Other sides for square images that are in memory."""

import numpy as np


def padded(images: np.ndarray, side: int) -> np.ndarray:
    """Put black borders of one width around images (n, c, s, s), s at most `side`."""
    border = (side - images.shape[-1]) // 2
    return np.pad(images, ((0, 0), (0, 0), (border, border), (border, border)))


def shrunk(images: np.ndarray, side: int) -> np.ndarray:
    """Average squares of pixels of images (n, c, s, s), s a multiple of `side`; halves go up."""
    step = images.shape[-1] // side
    if step == 1:
        return images
    squares = images.reshape(*images.shape[:2], side, step, side, step)
    sums = squares.sum(axis=(3, 5), dtype=np.uint16)
    means: np.ndarray = (sums + step**2 // 2) // step**2
    return means.astype(np.uint8)
