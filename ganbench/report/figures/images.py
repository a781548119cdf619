"""Images as sheets."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional

from ganbench.api import Dataset, DataSpec
from ganbench.report.figures.galleries import gallery
from ganbench.report.figures.typical import Cells
from ganbench.report.tables import Section

SIDE = 5


def images(section: Section, cells: Cells, data: Dataset, real: Tensor) -> Figure:
    """Show the first images of each sample."""

    def draw(axis: Axes, x: Tensor, colour: str) -> None:  # noqa: ARG001
        axis.imshow(sheet(x[: SIDE**2], data.spec, SIDE))
        axis.spines[:].set_visible(False)

    return gallery(section, cells, real, draw)


def sheet(x: Tensor, spec: DataSpec, width: int) -> np.ndarray:
    """Lay images (n, c, h, w) out in lines of `width`, as pixels (H, W, 3) from 0 to 1.

    An incomplete last line ends in white; images of other than three channels show the first.
    """
    low, high = spec.low or 0.0, 1.0 if spec.high is None else spec.high
    pixels = ((x.float() - low) / (high - low)).clamp(0, 1)
    pixels = pixels if pixels.shape[1] == 3 else pixels[:, :1].expand(-1, 3, -1, -1)
    tiles = functional.pad(pixels, (1, 1, 1, 1), value=1.0)
    tiles = functional.pad(tiles, (0, 0, 0, 0, 0, 0, 0, -len(tiles) % width), value=1.0)
    _, c, h, w = tiles.shape
    lines = tiles.reshape(-1, width, c, h, w).permute(0, 3, 1, 4, 2)
    return lines.reshape(-1, width * w, c).numpy()
