"""Figures as files."""

import io
import warnings
from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure
from PIL import Image

from ganbench.report.figures.style import STYLE

_DPI = 150


def encode(figure: Figure, format: str) -> bytes:
    """Return the file of a figure as "png", "svg" or "pdf": the same bytes for the same figure."""
    buffer = io.BytesIO()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format, {})
    dpi = 2 * _DPI if format == "pdf" else _DPI
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        # A letter that no font has becomes a box, which the reader sees.
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        figure.savefig(buffer, format=format, dpi=dpi, metadata=metadata)
    return buffer.getvalue()


def film(figures: Sequence[Figure], seconds: float = 6.0) -> bytes:
    """Return a GIF that shows figures one after the other, the last for two seconds more."""
    pictures = [Image.open(io.BytesIO(encode(figure, "png"))).convert("RGB") for figure in figures]
    size = tuple(max(picture.size[side] for picture in pictures) for side in (0, 1))
    frames = [Image.new("RGB", (size[0], size[1]), "white") for _ in pictures]
    for frame, picture in zip(frames, pictures, strict=True):
        frame.paste(picture)
    each = round(1000 * seconds / len(frames))
    buffer = io.BytesIO()
    durations = [*[each] * (len(frames) - 1), each + 2000]
    frames[0].save(
        buffer, "gif", save_all=True, append_images=frames[1:], duration=durations, loop=0
    )
    return buffer.getvalue()
