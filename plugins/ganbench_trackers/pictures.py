"""The picture of a run's samples that trackers keep."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_POINTS = 2000
_SIDE = 8
"""Images in a row and in a column."""


def picture(files: Path) -> "Figure | None":
    """Draw samples that are points of the plane or images; None where they are neither.

    Args:
        files: the folder of a run.
    """
    from safetensors.numpy import load_file

    path = files / "samples.safetensors"
    if not path.is_file():
        return None
    samples = load_file(path)["samples"]
    if samples.ndim == 2 and samples.shape[1] == 2:
        return _scatter(samples[:_POINTS])
    if samples.ndim == 4 and samples.shape[1] in (1, 3):
        return _mosaic(samples[: _SIDE**2])
    return None


def _figure() -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(4, 4), layout="constrained")


def _scatter(points: np.ndarray) -> "Figure":
    figure = _figure()
    axes = figure.subplots()
    axes.scatter(points[:, 0], points[:, 1], s=4, linewidths=0)
    axes.set_aspect("equal", "datalim")
    axes.set_title(f"{len(points)} samples")
    return figure


def _mosaic(images: np.ndarray) -> "Figure":
    low, high = images.min(), images.max()
    shown = (images - low) / (high - low if high > low else 1)
    figure = _figure()
    places = figure.subplots(_SIDE, _SIDE)
    for axes in places.flat:
        axes.set_axis_off()
    for axes, image in zip(places.flat, shown, strict=False):
        axes.imshow(image.transpose(1, 2, 0).squeeze(), cmap="gray", vmin=0, vmax=1)
    return figure
